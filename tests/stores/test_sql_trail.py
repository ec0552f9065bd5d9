"""Trails over SQLite keep their promise, and tenancies in memory are told anew after every change."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.stores.conftest import Opener

from recollect.exchange import Batch
from recollect.models import Reach, Scope
from recollect.stores.resident.tenancies import ResidentTenancies
from recollect.stores.sql.audit import SqlAudit
from recollect.stores.sql.search_history import SqlSearchHistory
from recollect.stores.sql.tenancies import SqlTenancies
from recollect.stores.sql.trail import SqlTrail
from recollect.testing.backend import Backend
from recollect.testing.sample import memory, put
from recollect.testing.trail import Left, TrailContract
from recollect.testing.vectors import FAKE, embed_all


@pytest.fixture
def left(sql: Backend, tmp_path: Path) -> Left:
    database = sql.words._database  # type: ignore[attr-defined]
    log = SqlAudit(database, sql.clock, tmp_path / "audit.head")
    return Left(SqlTrail(log), log, SqlSearchHistory(database))


class TestTrail(TrailContract):
    """Trails over SQLite."""


async def test_tenancies_in_memory_are_those_of_the_file_after_every_change(opener: Opener, tmp_path: Path) -> None:
    file = await opener.sql(tmp_path / "r.db")  # another process, as it were
    _, held = await opener.resident(tmp_path / "r.db")
    behind = SqlTenancies(file.words._database)  # type: ignore[attr-defined]
    known = ResidentTenancies(held, behind)
    reach = Reach("u", None)

    async def same() -> None:
        assert await known.tenancies(reach, "fake") == await behind.tenancies(reach, "fake")

    await same()
    item = memory("one", Scope("u", "p"))
    for change in (
        lambda: put(file, item),
        lambda: put(file, memory("two", Scope("u", "q"))),
        lambda: embed_all(file, FAKE),
        lambda: put(file, memory("three", Scope("other", "p"))),
        lambda: file.records.commit(Batch(deletes=[item.id])),
    ):
        await change()
        await same()
    assert await known.tenancies(Reach("nobody", None), "fake") == []


async def test_tenancies_are_read_once_while_nothing_changes(opener: Opener, tmp_path: Path) -> None:
    backend, held = await opener.resident(tmp_path / "r.db")
    await put(backend, memory("one", Scope("u", "p")))
    asked = []

    class Counting(SqlTenancies):
        async def tenancies(self, reach: Reach, model: str) -> list[object]:  # type: ignore[override]
            asked.append(reach)
            return list(await super().tenancies(reach, model))

    known = ResidentTenancies(held, Counting(backend.words._behind._database))  # type: ignore[attr-defined, arg-type]
    for _ in range(3):
        found = await known.tenancies(Reach("u", None), "fake")
        found.clear()  # what is given away is the caller's
    assert len(asked) == 1
    assert len(await known.tenancies(Reach("u", None), "fake")) == 1
