"""The audit log over SQLite keeps its promise, and tells whoever goes round it."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from recollect.clock import SystemClock
from recollect.errors import StoreError
from recollect.models import AuditFilter, AuditProof, Deed
from recollect.ports import Audit
from recollect.stores.sql.audit import SqlAudit
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import upgrade
from recollect.testing.audit import AuditContract, deed
from recollect.testing.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(tmp_path / "r.db")
    upgrade(database)
    yield database
    await database.close()


@pytest.fixture
def audit(database: Database, clock: FakeClock, tmp_path: Path) -> Audit:
    return SqlAudit(database, clock, tmp_path / "audit.head")


class TestAudit(AuditContract):
    """The audit log over SQLite."""


class Door:
    """A way into the file behind the program's back, as somebody has who may read and write it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, *statements: str) -> None:
        with closing(sqlite3.connect(self._path, isolation_level=None)) as door:
            for name in ("audit_unchanged", "audit_undeleted"):
                door.execute(f"DROP TRIGGER IF EXISTS {name}")
            for statement in statements:
                door.execute(statement)


@pytest.fixture
def door(database: Database) -> Door:
    return Door(database.path)


async def filled(audit: Audit, count: int = 6) -> None:
    for number in range(count):
        await audit.note(deed(number))


def faults(proof: AuditProof) -> list[tuple[int, str]]:
    return [(fault.seq, fault.sort) for fault in proof.faults]


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit WHERE seq = 2"])
async def test_the_database_itself_refuses_to_change_or_delete_entries(
    audit: Audit, database: Database, statement: str
) -> None:
    await filled(audit)
    with pytest.raises(StoreError, match="append-only"):
        await database.write(lambda connection: connection.exec_driver_sql(statement))
    assert (await audit.verify()).entries == 6


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["UPDATE audit SET actor = 'somebody else' WHERE seq = 3"], [(3, "changed")]),
        (["UPDATE audit SET decision = 'allowed', times = 1 WHERE seq = 4"], [(4, "changed")]),
        (["UPDATE audit SET at = at + 1 WHERE seq = 1"], [(1, "changed")]),
        (["UPDATE audit SET detail = '[' WHERE seq = 2"], [(2, "changed")]),
        (
            ["UPDATE audit SET projects = NULL WHERE seq = 0", "UPDATE audit SET at = 'x' WHERE seq = 2"],
            [(2, "changed")],
        ),
        (["DELETE FROM audit WHERE seq = 3"], [(4, "missing")]),
        (["DELETE FROM audit WHERE seq <= 2"], [(3, "missing")]),
        (["DELETE FROM audit WHERE seq > 4"], [(5, "cut")]),
        (["DELETE FROM audit"], [(1, "cut")]),
        (
            ["DELETE FROM audit WHERE seq = 3", "UPDATE audit SET seq = seq - 1 WHERE seq > 3"],
            [(3, "unlinked"), (3, "changed"), (4, "changed"), (5, "changed"), (6, "cut")],
        ),
        (
            [
                "UPDATE audit SET seq = 99 WHERE seq = 2",
                "UPDATE audit SET seq = 2 WHERE seq = 3",
                "UPDATE audit SET seq = 3 WHERE seq = 99",
            ],
            [(2, "unlinked"), (2, "changed"), (3, "unlinked"), (3, "changed"), (4, "unlinked")],
        ),
        (
            [
                "UPDATE audit SET seq = seq + 100 WHERE seq > 3",
                "UPDATE audit SET seq = seq - 99 WHERE seq > 100",
                "INSERT INTO audit SELECT 4, at, 'me', action, decision, origin, token, projects, target, detail, "
                "times, previous, digest FROM audit WHERE seq = 3",
            ],
            [(4, "unlinked"), (4, "changed"), (5, "changed"), (6, "changed"), (7, "changed")],
        ),
    ],
    ids=[
        "actor",
        "decision",
        "time",
        "detail",
        "type",
        "middle",
        "front",
        "tail",
        "all",
        "closed up",
        "swapped",
        "put in",
    ],
)
async def test_what_was_done_behind_its_back_is_told_and_where(
    audit: Audit, door: Door, statements: list[str], told: list[tuple[int, str]]
) -> None:
    await filled(audit)
    assert (await audit.verify()).whole
    door(*statements)
    assert faults(await audit.verify()) == told


async def test_a_log_made_anew_from_some_place_on_does_not_hold_the_end_that_was_seen(
    audit: Audit, door: Door, database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    await filled(audit)
    door("DELETE FROM audit WHERE seq > 3")
    forger = SqlAudit(database, clock, tmp_path / "another.head")
    for number in (7, 8, 9, 10):
        await forger.note(deed(number))
    assert faults(await audit.verify()) == [(6, "replaced")]


async def test_going_on_after_a_cut_does_not_cover_it_up(audit: Audit, door: Door) -> None:
    await filled(audit)
    door("DELETE FROM audit WHERE seq > 3")
    for number in range(20):
        await audit.note(deed(number))
    assert faults(await audit.verify()) == [(6, "replaced")]


async def test_the_witness_is_vouched_for_only_what_is_flushed_and_never_far_behind(
    audit: Audit, tmp_path: Path
) -> None:
    for number in range(100):
        await audit.note(deed(number), durable=False)
    assert '"seq": 1,' in (tmp_path / "audit.head").read_text()
    for number in range(3):
        await audit.note(deed(number), durable=False)
    assert '"seq": 102,' in (tmp_path / "audit.head").read_text()


@pytest.mark.parametrize("held", ["", "{}", '{"seq": "x"}', "\x00", '[1, "a"]', '{"seq": 2}'])
async def test_a_witness_that_cannot_be_read_stops_nothing(audit: Audit, tmp_path: Path, held: str) -> None:
    (tmp_path / "audit.head").write_text(held)
    await filled(audit)
    assert (await audit.verify()).whole
    assert '"seq": 6' in (tmp_path / "audit.head").read_text()


async def test_a_witness_that_cannot_be_written_stops_nothing(database: Database, tmp_path: Path) -> None:
    audit = SqlAudit(database, FakeClock(), tmp_path / "nowhere" / "audit.head")
    await filled(audit)
    assert (await audit.verify()).whole


async def test_no_more_faults_are_told_than_anybody_reads(audit: Audit, door: Door) -> None:
    for number in range(120):
        await audit.note(deed(number), durable=False)
    door("UPDATE audit SET actor = 'x'")
    assert len((await audit.verify()).faults) == 100


async def test_a_filter_by_project_looks_through_more_rows_than_it_reads_at_once(
    audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recollect.stores.sql.audit._RUN", 3)
    await filled(audit, 10)
    assert (await audit.verify()).entries == 10
    found = await audit.entries(AuditFilter(project_id="web"), limit=8)
    assert [entry.seq for entry in found] == [10, 9, 8, 7, 6, 5, 4, 3]


def _append(home: Path, name: str, start: Any, said: Any) -> None:
    start.wait()

    async def run() -> None:
        database = Database(home / "r.db")
        audit = SqlAudit(database, SystemClock(), home / "audit.head")
        for number in range(25):
            await audit.note(Deed("search_across", name, detail={"number": number}), durable=number % 5 == 0)
        await database.close()

    try:
        asyncio.run(run())
        said.put("")
    except BaseException as error:  # noqa: BLE001 - the test asserts that there is none
        said.put(repr(error))


async def test_processes_append_to_one_chain(audit: Audit, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    start, said = context.Barrier(3), context.Queue()
    processes = [context.Process(target=_append, args=(tmp_path, f"u{n}", start, said)) for n in range(3)]
    for process in processes:
        process.start()
    told = [await asyncio.to_thread(said.get, timeout=60) for _ in processes]
    for process in processes:
        process.join()
    said.close()
    said.join_thread()
    assert told == [""] * 3
    proof = await audit.verify()
    assert faults(proof) == []
    assert proof.entries == 75
