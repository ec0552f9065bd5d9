"""What is handed straight to the driver does what SQLAlchemy itself would do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from recollect.errors import StoreError
from recollect.stores.sql.database import Database
from recollect.stores.sql.json_text import json_text
from recollect.stores.sql.straight import ask, insert_keyed, insert_many, run

ODD = "猫 'quoted' ? %s :name"
VALUES: list[dict[str, Any]] = [
    {"said": ODD, "tags": ["a", "é"], "about": {"n": 1}, "dense": True, "weight": 0.1, "code": b"\0x"},
    {"said": "", "tags": [], "about": {}, "dense": False, "weight": 1, "code": b""},
    {"said": "x", "tags": [[], {}, None], "about": None, "dense": True, "weight": -0.0, "code": b"\xff"},
]
TABLE = sa.Table(
    "kept",
    sa.MetaData(),
    sa.Column("key", sa.Integer, primary_key=True),
    sa.Column("said", sa.Text),
    sa.Column("tags", sa.JSON),
    sa.Column("about", sa.JSON),
    sa.Column("dense", sa.Boolean),
    sa.Column("weight", sa.Float),
    sa.Column("code", sa.LargeBinary),
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "many.db")
    made.write_now(TABLE.create)
    yield made
    made.close_now()


def rows(connection: sa.Connection) -> list[Any]:
    raw = connection.exec_driver_sql("SELECT said, tags, about, dense, weight, code, typeof(about) FROM kept").all()
    return [*map(tuple, raw), *connection.execute(sa.select(TABLE.c.tags, TABLE.c.about, TABLE.c.dense)).all()]


def test_what_is_written_is_what_sqlalchemy_would_write(database: Database) -> None:
    def work(connection: sa.Connection) -> tuple[list[Any], list[Any]]:
        connection.execute(sa.insert(TABLE), VALUES)
        theirs = rows(connection)
        connection.execute(sa.delete(TABLE))
        insert_many(connection, TABLE, [dict(reversed(row.items())) for row in VALUES])
        return theirs, rows(connection)

    theirs, ours = database.write_now(work)
    assert ours == theirs
    assert len(ours) == 2 * len(VALUES)


def test_nothing_is_no_work(database: Database) -> None:
    database.write_now(lambda connection: insert_many(connection, TABLE, []))
    assert database.read_now(rows) == []


@pytest.mark.parametrize("value", [[], {}, None, 0, False, "", [0], {"a": []}, ["猫"], 1.5])
def test_json_is_compact_and_keeps_what_it_is_of(value: object) -> None:
    assert json_text(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


SAID = sa.select(TABLE.c.said).where(TABLE.c.said.in_(sa.bindparam("some", expanding=True))).order_by(TABLE.c.key)
UNSAID = sa.select(TABLE.c.said).where(TABLE.c.said.not_in(sa.bindparam("some", expanding=True))).order_by(TABLE.c.key)
CALLED = TABLE.c.said == sa.bindparam("called")
FIXED = sa.select(TABLE.c.said).where(CALLED, TABLE.c.dense.is_(True), TABLE.c.weight > 0)
GONE = sa.delete(TABLE).where(CALLED)


@pytest.mark.parametrize(
    "some", [[], ["x"], ["x", ""], [ODD, "x", ""], ["x"] * 5, [f"{n}" for n in range(499)] + ["x"]]
)
def test_lists_of_any_length_are_asked_for_as_sqlalchemy_would(database: Database, some: list[str]) -> None:
    def work(connection: sa.Connection) -> None:
        insert_many(connection, TABLE, VALUES)
        for statement in (SAID, UNSAID):
            theirs = [tuple(row) for row in connection.execute(statement, {"some": some})]
            assert ask(connection, statement, {"some": some}) == theirs

    database.write_now(work)


def test_what_the_statement_fixes_itself_stays(database: Database) -> None:
    def work(connection: sa.Connection) -> list[Any]:
        insert_many(connection, TABLE, VALUES)
        return [ask(connection, FIXED, {"called": name}) for name in (ODD, "", "x")]

    assert database.write_now(work) == [[(ODD,)], [], []]


def test_keys_come_in_the_order_of_the_rows(database: Database) -> None:
    rows = [{"said": f"{n}", "tags": [n], "dense": False} for n in range(30)]

    def work(connection: sa.Connection) -> list[tuple[int, str]]:
        keys = insert_keyed(connection, TABLE, rows)
        known = dict(map(tuple, connection.execute(sa.select(TABLE.c.key, TABLE.c.said))))
        return [(key, known[key]) for key in keys]

    found = database.write_now(work)
    assert [said for _, said in found] == [row["said"] for row in rows]
    assert database.write_now(lambda connection: insert_keyed(connection, TABLE, [])) == []


def test_what_returns_nothing_is_run_for_every_row(database: Database) -> None:
    def work(connection: sa.Connection) -> list[Any]:
        insert_many(connection, TABLE, VALUES)
        run(connection, GONE, [{"called": ODD}, {"called": "x"}])
        return list(ask(connection, UNSAID, {"some": []}))

    assert database.write_now(work) == [("",)]


def test_an_error_of_the_driver_is_ours_and_nothing_stays(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        insert_many(connection, TABLE, VALUES)
        insert_many(connection, TABLE, [{"key": 1, "said": "again"}])

    with pytest.raises(StoreError, match="UNIQUE"):
        database.write_now(work)
    assert database.read_now(lambda connection: ask(connection, UNSAID, {"some": []})) == []
