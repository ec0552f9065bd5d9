"""Cold texts are in a backup: read where they lie, kept once, and warm in what is restored."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.ops.retention.kept import LONG, filled, opened, ran, silent, whole

from recollect import AsyncMemory
from recollect.app.tables import tables_of
from recollect.errors import BackupDamaged, StoreError
from recollect.ops.backup.repository import Repository, open_repository
from recollect.ops.backup.restore import bring_back
from recollect.ops.backup.trial import try_out
from recollect.ops.backup.write import Made, back_up
from recollect.ops.retention.run import undo
from recollect.stores.objects.named import place_of

COLD = {"name": "cold", "action": "cold", "older_than": 30}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return open_repository(place_of(str(tmp_path / "backups")), "correct horse", create=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"url": request.getfixturevalue("postgres_url")} if request.param == "postgresql" else {}


async def backed_up(memory: AsyncMemory, repository: Repository) -> Made:
    return await back_up(memory.app, tables_of(memory.app), repository, silent)


async def test_a_restored_store_has_its_cold_texts_without_the_place_they_lay_at(
    home: Path, tmp_path: Path, repository: Repository, store: dict[str, Any]
) -> None:
    async with opened(home, [COLD], store=store) as memory:
        await filled(memory)
        before = await whole(memory)
        (run,) = await ran(memory)
        assert run.memories
        await backed_up(memory, repository)
        settings = memory.app.settings
    snapshot = repository.snapshot()
    assert snapshot.boxes
    tried = await try_out(repository, snapshot, settings, silent)
    assert tried.differing == ()
    shutil.rmtree(tmp_path / "cold")
    await bring_back(repository, snapshot, settings, silent, replace=True)
    async with opened(home, [COLD], store=store) as memory:
        assert await whole(memory) == before
        hits = await memory.search("harbour wall granite quarry", user_id="bo")
        assert LONG in hits[0].memory.text
        _, undone = await undo(memory.app, memory.actor, run.id)
        assert undone.restored == run.memories
        assert await whole(memory) == before
        await memory.forget(user_id="bo")
        assert not await memory.search("harbour wall granite quarry", user_id="bo")


async def test_cold_texts_are_read_once(home: Path, tmp_path: Path, repository: Repository) -> None:
    async with opened(home, [COLD]) as memory:
        await filled(memory)
        await ran(memory)
        first = await backed_up(memory, repository)
        (tmp_path / "cold").rename(tmp_path / "away")
        second = await backed_up(memory, repository)
        assert second.new_bytes < first.new_bytes / 4
        one, two = repository.snapshots()
        assert one.boxes == two.boxes


async def test_a_place_that_does_not_have_them_ends_the_backup(
    home: Path, tmp_path: Path, repository: Repository
) -> None:
    async with opened(home, [COLD]) as memory:
        await filled(memory)
        await ran(memory)
        (tmp_path / "cold").rename(tmp_path / "away")
        with pytest.raises(StoreError, match="gone from"):
            await backed_up(memory, repository)
        assert repository.snapshots() == []
    async with opened(home, [COLD], backup={"cold": False}) as memory:
        await backed_up(memory, repository)
        assert not repository.snapshot().boxes


async def test_what_was_forgotten_while_a_backup_ran_is_not_in_it(
    home: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(home, [COLD]) as memory:
        await filled(memory, talks=3)
        await ran(memory)
        boxes, body = memory.app.retention.boxes, memory.app.retention.boxes.body
        forgotten = asyncio.Event()

        async def late(key: int) -> bytes:
            if not forgotten.is_set():
                forgotten.set()
                gone = [
                    item.id for item in (await memory.list(conversation_id="talk-1", user_id="bo", limit=99)).memories
                ]
                for name in gone:
                    await memory.delete(name)
                await memory.drain()
            return await body(key)

        monkeypatch.setattr(boxes, "body", late)
        await backed_up(memory, repository)
        settings = memory.app.settings
    snapshot = repository.snapshot()
    kept = b"".join(repository.get(name) for name in snapshot.boxes.values())
    assert kept
    async with opened(home, [COLD]) as memory:
        await backed_up(memory, repository)
    await bring_back(repository, snapshot, settings, silent, replace=True)
    async with opened(home, [COLD]) as memory:
        lines = await whole(memory)
        assert not any("of talk 1." in line for line in lines)
        assert any("of talk 2." in line for line in lines)


async def test_a_damaged_box_is_found_by_a_trial(home: Path, tmp_path: Path, repository: Repository) -> None:
    async with opened(home, [COLD]) as memory:
        await filled(memory)
        await ran(memory)
        await backed_up(memory, repository)
        settings = memory.app.settings
    snapshot = repository.snapshot()
    name = next(iter(snapshot.boxes.values()))
    path = tmp_path / "backups" / "objects" / name[:2] / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(BackupDamaged):
        await try_out(repository, snapshot, settings, silent)
    with pytest.raises(BackupDamaged):
        await bring_back(repository, snapshot, settings, silent, replace=True)
