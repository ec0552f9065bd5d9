"""The migrations make the tables that the schema describes, whoever opens first."""

from __future__ import annotations

import multiprocessing
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from recollect.stores.sql import migrate
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import HEAD, upgrade, version
from recollect.stores.sql.records import _SAME
from recollect.stores.sql.schema import NOTED, metadata


def _include(_object: Any, name: str | None, sort: str, *_rest: Any) -> bool:
    return not (sort == "table" and (name or "").startswith(("words", "alembic")))


def test_an_empty_file_is_brought_to_what_the_schema_describes(tmp_path: Path) -> None:
    database = Database(tmp_path / "r.db")
    upgrade(database, analysis=7)

    def differences(connection: sa.Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"include_object": _include, "compare_type": True})
        return list(compare_metadata(context, metadata))

    assert database.read_now(differences) == []
    assert database.read_now(version) == HEAD
    assert database.read_now(lambda c: c.exec_driver_sql("PRAGMA user_version").scalar()) == 7
    database.close_now()


def test_the_last_migration_is_the_one_this_release_knows() -> None:
    folder = Path(migrate.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == HEAD


def test_upgrading_again_does_nothing(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    for _ in range(2):
        database = Database(path)
        upgrade(database)
        database.close_now()
    with closing(sqlite3.connect(path)) as back_door:
        assert back_door.execute("SELECT count(*) FROM alembic_version").fetchall() == [(1,)]


def test_what_is_said_again_is_looked_up_in_an_index_of_what_is_noted(tmp_path: Path) -> None:
    database = Database(tmp_path / "r.db")
    upgrade(database)
    asked = str(_SAME.compile(dialect=database.dialect))

    def plan(connection: sa.Connection) -> str:
        return str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", (None,) * asked.count("?")).all())

    assert "ix_memory_tenant_content_hash (tenant=? AND content_hash=?)" in database.read_now(plan)
    of_index = "SELECT sql FROM sqlite_master WHERE name = 'ix_memory_tenant_content_hash'"
    assert NOTED in str(database.read_now(lambda connection: connection.exec_driver_sql(of_index).scalar()))
    database.close_now()


def _open(path: Path, start: Any, said: Any) -> None:
    start.wait()
    try:
        database = Database(path)
        upgrade(database)
        database.close_now()
        said.put("")
    except BaseException as error:  # noqa: BLE001 - the test asserts that there is none
        said.put(repr(error))


def test_four_processes_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    for number in range(1):
        start, said = context.Barrier(4), context.Queue()
        processes = [context.Process(target=_open, args=(tmp_path / f"{number}.db", start, said)) for _ in range(4)]
        for process in processes:
            process.start()
        told = [said.get(timeout=60) for _ in processes]
        for process in processes:
            process.join()
        said.close()
        said.join_thread()
        assert told == [""] * 4
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as back_door:
            assert back_door.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD,)]
            assert back_door.execute("PRAGMA auto_vacuum").fetchone() == (2,)
            assert back_door.execute("PRAGMA journal_mode").fetchone() == ("wal",)
