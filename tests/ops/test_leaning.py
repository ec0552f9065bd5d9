"""Doctor, health and metrics tell of what a store leans on: workers, backups, policies, walls, a replica, a graph."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as plain
from tests.servers import Postgres
from tests.stores.walls import bound_database, bound_emptied

from recollect import AsyncMemory, Memory
from recollect.api.app import create_app
from recollect.app.stores import place_of
from recollect.app.tables import tables_of
from recollect.errors import StoreBusy
from recollect.models import Task
from recollect.ops import leaning as asked
from recollect.ops.around import Followed
from recollect.ops.backup.chosen import repository_of
from recollect.ops.backup.write import back_up
from recollect.ops.check import Check, Status
from recollect.ops.doctor import examine
from recollect.ops.health import parts
from recollect.ops.leaning import leaning
from recollect.ops.retention.schedule import Schedule
from recollect.ops.verify.run import verify
from recollect.settings import Settings, load
from recollect.stores.sql.database import Database
from recollect.stores.sql.migrate import HEAD, upgrade
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder

DAY = 86_400.0
GONE = {"name": "gone", "action": "delete", "older_than": 30}


def opened(home: Path, clock: FakeClock, **settings: Any) -> AsyncMemory:
    chosen = load(home, {"worker": {"poll": 0.05}, **settings}, {}).settings
    return AsyncMemory(settings=chosen, embed=FakeEmbedder(), clock=clock, worker=False)


async def told(memory: AsyncMemory) -> dict[str, Check]:
    return {check.name: check for check in await leaning(memory.app)}


def shown(checks: Sequence[Check], name: str) -> list[Check]:
    return [check for check in checks if check.name == name]


async def figures(memory: AsyncMemory) -> dict[str, float]:
    """Return the gauges a scrape tells, by name and labels."""
    transport = httpx.ASGITransport(app=create_app(memory, memory.app.settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:37777") as client:
        text = (await client.get("/metrics", headers={"Accept": "text/plain"})).text
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in plain(text)
        for sample in family.samples
    }


async def test_a_small_store_leans_on_nothing(home: Path) -> None:
    async with opened(home, FakeClock()) as memory:
        found = await told(memory)
        assert {name: check.status for name, check in found.items()} == {"workers": Status.OK, "backups": Status.OK}
        gauges = await figures(memory)
        assert not [name for name in gauges if name.startswith(("recollect_b", "recollect_re"))]


async def test_jobs_that_nobody_takes_are_told(home: Path) -> None:
    clock = FakeClock()
    async with opened(home, clock, server={"jobs": False}) as memory:
        await memory.app.engine.stores.queue.push([Task("embed", {"ids": []})])
        assert (await told(memory))["workers"].status is Status.OK
        clock.forward(3600)
        check = (await told(memory))["workers"]
        assert (check.status, "60 minutes" in check.detail) == (Status.WARN, True)
        assert check.remedy.startswith("recollect worker")
        assert (await figures(memory))["recollect_jobs_oldest_seconds"] == 3600


async def test_old_and_missing_backups_are_told(home: Path, tmp_path: Path) -> None:
    clock = FakeClock()
    async with opened(home, clock, backup={"to": str(tmp_path / "backups"), "every": 24}) as memory:
        (tmp_path / "backups").write_text("no folder")
        away = (await told(memory))["backups"]
        assert (away.status, away.remedy) == (Status.WARN, "recollect backup list")
        assert (await figures(memory))["recollect_backup_readable"] == 0
        (tmp_path / "backups").unlink()
        repository_of(memory.app.settings.backup, create=True)
        none = (await told(memory))["backups"]
        assert (none.status, none.detail, none.remedy) == (Status.WARN, "there is none yet", "recollect backup")
        assert (await figures(memory))["recollect_backup_last_timestamp_seconds"] == 0
        await back_up_now(memory)
        made = memory.app.engine.now()
        assert (await told(memory))["backups"].status is Status.OK
        assert (await figures(memory))["recollect_backup_last_timestamp_seconds"] == pytest.approx(
            made.timestamp(), abs=1
        )
        clock.forward(3 * DAY)
        old = (await told(memory))["backups"]
        assert (old.status, "3 days ago" in old.detail) == (Status.WARN, True)


async def back_up_now(memory: AsyncMemory) -> None:
    await back_up(memory.app, tables_of(memory.app), repository_of(memory.app.settings.backup), silent)


def silent(done: int, total: int | None, note: str = "") -> None:
    """Take no notice of progress."""


async def test_policies_that_fail_or_are_late_are_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()
    async with opened(home, clock, retention={"policies": [GONE], "every": 24}) as memory:
        assert (await told(memory))["retention"].detail == "policies last ran never"
        await Schedule(memory.app).turn()
        assert "0 seconds ago" in (await told(memory))["retention"].detail
        assert (await figures(memory))["recollect_retention_late_seconds"] == 0
        clock.forward(3 * DAY)
        late = (await told(memory))["retention"]
        assert (late.status, "have been due for 2 days" in late.detail) == (Status.WARN, True)
        assert (await figures(memory))["recollect_retention_late_seconds"] == 2 * DAY
        assert (await parts(memory))["retention"]["status"] == "healthy"

        async def full(*_: object) -> None:
            raise StoreBusy("The disk is full")

        monkeypatch.setattr(type(memory.app.retention), "step", full)
        await Schedule(memory.app).turn()
        failed = (await told(memory))["retention"]
        assert (failed.status, "'gone' failed" in failed.detail) == (Status.WARN, True)
        assert "recollect retention report" in failed.remedy
        assert (await figures(memory))["recollect_retention_failed"] == 1
        health = (await parts(memory))["retention"]
        assert (health["status"], health["failed"]) == ("degraded", 1)


@pytest.mark.parametrize(
    ("found", "status", "said"),
    [
        (Followed(read=True, behind=0.2), Status.OK, "searches read it"),
        (Followed(read=False, behind=90.0), Status.WARN, "lacked something for 90 s"),
        (Followed(read=False, behind=None), Status.WARN, "does not answer"),
    ],
)
async def test_a_replica_that_is_away_or_lags_is_told(
    home: Path, found: Followed, status: Status, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "followed", lambda _: found)
    monkeypatch.setattr(Database, "behind", property(lambda _: (found.read, found.behind)))
    async with opened(home, FakeClock()) as memory:
        check = (await told(memory))["replica"]
        assert (check.status, said in check.detail, bool(check.remedy)) == (status, True, status is Status.WARN)
        gauges = await figures(memory)
        assert gauges["recollect_replica_read"] == found.read
        assert gauges.get("recollect_replica_lag_seconds") == found.behind
        health = (await parts(memory))["replica"]
        assert health["status"] == ("healthy" if found.read else "degraded")


async def test_a_graph_that_is_away_is_told_with_what_to_do(home: Path) -> None:
    async with opened(home, FakeClock(), graph={"url": "bolt://127.0.0.1:9", "timeout": 1}) as memory:
        gauges = await figures(memory)
        assert (gauges["recollect_beside_answers graph"], "recollect_beside_waiting graph" in gauges) == (0, True)
        found = await parts(memory)
        assert found["graph"]["status"] == "degraded"


def test_verify_says_what_to_do_about_a_part_that_is_degraded(home: Path) -> None:
    graph = {"status": "degraded", "components": {"graph": {"status": "degraded"}, "disk": {"status": "healthy"}}}
    with Memory(home, settings={"embedder": {"provider": "none"}}) as memory:
        steps = verify(memory, lambda: graph)
        health = next(steps)
        steps.close()
    assert (health.check.status, health.check.detail) == (Status.WARN, "degraded: graph")
    assert health.check.remedy.startswith("Start Neo4j")


@pytest.fixture(scope="module")
def bound(pgvector_server: Postgres) -> tuple[str, str]:
    return bound_database(pgvector_server)


def server_store(home: Path, url: str, **more: Any) -> Settings:
    return load(home, {"store": {"url": url, **more}, "embedder": {"provider": "none"}}, {}).settings


async def test_an_upgrade_of_a_database_on_a_server_is_told_to_have_no_copy(
    home: Path, postgres_server: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    settings = server_store(home, postgres_server.database())
    database = Database(place_of(settings))
    upgrade(database, to="0007")
    database.close_now()
    with caplog.at_level(logging.WARNING):
        found = await examine(settings)
    (check,) = shown(found, "upgrade")
    assert (check.status, "form 0007" in check.detail, HEAD in check.detail) == (Status.WARN, True, True)
    assert "recollect backup" in check.remedy
    assert any("No copy was made of the database of form 0007" in line for line in caplog.messages)
    caplog.clear()
    again = await examine(settings)
    assert shown(again, "upgrade") == []
    assert not [line for line in caplog.messages if "No copy" in line]
    (backups,) = shown(again, "backups")
    assert (backups.status, "before each upgrade" in backups.remedy) == (Status.WARN, True)


async def test_walls_are_told(home: Path, bound: tuple[str, str]) -> None:
    url = bound_emptied(bound)
    for wanted, said in ((None, "does not ask for it"), (True, "on for"), (False, "off"), (True, "on for")):
        more = {} if wanted is None else {"row_security": wanted}
        (check,) = shown(await examine(server_store(home, url, **more)), "row security")
        assert (check.status, said in check.detail) == (Status.OK, True), check
    settings = server_store(home, url)
    database = Database(place_of(settings))
    database.write_now(lambda found: found.exec_driver_sql("ALTER TABLE waste DISABLE ROW LEVEL SECURITY"))
    database.close_now()
    (check,) = shown(await examine(settings), "row security")
    assert (check.status, "not for waste" in check.detail, bool(check.remedy)) == (Status.WARN, True, True)
    (taken,) = shown(await examine(server_store(home, url, row_security=False)), "row security")
    assert "off" in taken.detail


def test_times_are_told_in_the_unit_that_says_most() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    assert asked._told(now - now) == "0 seconds"
    assert asked._told(timedelta(hours=47)) == "47 hours"
