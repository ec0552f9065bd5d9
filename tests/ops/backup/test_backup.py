"""A backup holds everything, writes only what is new, and gives it all back; what is damaged is refused whole."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from recollect import AsyncMemory
from recollect.app.tables import tables_of
from recollect.errors import BackupDamaged, Conflict, InvalidInput, NotFound
from recollect.ops.backup.keep import Policy, kept, prune
from recollect.ops.backup.repository import Repository, open_repository
from recollect.ops.backup.restore import bring_back
from recollect.ops.backup.trial import try_out
from recollect.ops.backup.write import Made, back_up
from recollect.stores.objects.named import place_of
from recollect.stores.objects.place import Folder
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder


def silent(done: int, total: int | None, note: str = "") -> None:
    """Take no notice of progress."""


async def made(memory: AsyncMemory, repository: Repository) -> Made:
    """Back a store up."""
    return await back_up(memory.app, tables_of(memory.app), repository, silent)


def rows(home: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table, by a back door; how the word index lies on the disk is its own affair."""
    with closing(sqlite3.connect(home / "recollect.db")) as door:
        names = [name for (name,) in door.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        names = [name for name in names if not name.startswith("words_")]
        return {name: sorted(door.execute(f'SELECT * FROM "{name}"'), key=repr) for name in names}


@pytest.fixture(params=[None, "correct horse 电池"], ids=["plain", "sealed"])
def repository(tmp_path: Path, request: pytest.FixtureRequest) -> Repository:
    return open_repository(Folder(tmp_path / "backups"), request.param, create=True)


async def test_a_restored_store_is_the_same_row_for_row(
    memory: AsyncMemory, repository: Repository, tmp_path: Path
) -> None:
    done = await made(memory, repository)
    assert done.memories > 40
    before = rows(tmp_path / "home")
    settings = memory.app.settings.model_copy(update={"home": tmp_path / "again"})
    restored = await bring_back(repository, repository.snapshot(), settings, silent)
    assert (restored.memories, restored.erased) == (done.memories, 0)
    assert rows(tmp_path / "again") == before
    async with AsyncMemory(tmp_path / "again", embed=FakeEmbedder()) as again:
        assert [hit.memory.text for hit in await again.search("spaces or tabs", user_id="alice", limit=1)] == [
            "Alice prefers spaces"
        ]
        assert len(await again.search("第7座灯塔", project_id="coast")) > 0
        new = await again.add("A new one")
        assert new.id


async def test_only_what_is_new_is_written(memory: AsyncMemory, repository: Repository) -> None:
    first = await made(memory, repository)
    again = await made(memory, repository)
    assert (again.rows, again.new_objects) == (first.rows, 0)
    await memory.add("One more thing", user_id="zoe")
    await memory.drain()
    third = await made(memory, repository)
    assert third.rows > first.rows
    assert 0 < third.new_bytes < third.bytes


async def test_nothing_of_a_sealed_backup_can_be_read(memory: AsyncMemory, tmp_path: Path) -> None:
    sealed = open_repository(Folder(tmp_path / "sealed"), "a passphrase", create=True)
    (tmp_path / "home" / "recollect.toml").write_text("[log]\nlevel = 'INFO'\n")
    await made(memory, sealed)
    content = b"".join(path.read_bytes() for path in (tmp_path / "sealed").rglob("*") if path.is_file())
    assert b"lighthouse" not in content
    assert b"tenant" not in content
    for wrong in ("another passphrase", "", None):
        with pytest.raises(InvalidInput, match="passphrase"):
            open_repository(Folder(tmp_path / "sealed"), wrong)
    assert set(sealed.snapshot().files) == {"recollect.toml"}


async def test_settings_stay_out_of_a_backup_that_anyone_can_read(memory: AsyncMemory, tmp_path: Path) -> None:
    (tmp_path / "home" / "recollect.toml").write_text("[chat]\napi_key = 'sk-1'\n")
    plain = open_repository(Folder(tmp_path / "plain"), None, create=True)
    assert (await made(memory, plain)).left_out == ["recollect.toml"]
    assert plain.snapshot().files == {}


async def test_what_was_deleted_since_stays_deleted(
    memory: AsyncMemory, repository: Repository, tmp_path: Path
) -> None:
    await made(memory, repository)
    first = repository.snapshot()
    await memory.forget(user_id="alice")
    await memory.drain()
    await made(memory, repository)
    settings = memory.app.settings.model_copy(update={"home": tmp_path / "again"})
    restored = await bring_back(repository, first, settings, silent)
    assert restored.erased == 1
    content = b"".join(path.read_bytes() for path in (tmp_path / "again").rglob("*") if path.is_file())
    assert b"prefers spaces" not in content
    everything = memory.app.settings.model_copy(update={"home": tmp_path / "everything"})
    assert (await bring_back(repository, first, everything, silent, erase=False)).erased == 0


async def test_nothing_is_overwritten(memory: AsyncMemory, repository: Repository, tmp_path: Path) -> None:
    await made(memory, repository)
    before = rows(tmp_path / "home")
    with pytest.raises(Conflict, match="There is a store"):
        await bring_back(repository, repository.snapshot(), memory.app.settings, silent)
    assert rows(tmp_path / "home") == before


@pytest.mark.parametrize("harm", ["flipped", "cut", "missing", "swapped"])
async def test_a_damaged_backup_is_refused_whole(
    memory: AsyncMemory, repository: Repository, tmp_path: Path, harm: str
) -> None:
    await made(memory, repository)
    (name, *_) = repository.snapshot().tables["memory"].pieces
    (other, *_) = repository.snapshot().tables["change"].pieces
    path, another = (tmp_path / "backups" / "objects" / one[:2] / one for one in (name, other))
    content = path.read_bytes()
    if harm == "missing":
        path.unlink()
    else:
        middle = len(content) // 2
        path.write_bytes(
            {
                "flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
                "cut": content[:middle],
                "swapped": another.read_bytes(),
            }[harm]
        )
    settings = memory.app.settings.model_copy(update={"home": tmp_path / "again"})
    with pytest.raises(BackupDamaged):
        await bring_back(repository, repository.snapshot(), settings, silent)
    assert not list((tmp_path / "again").iterdir())
    with pytest.raises(BackupDamaged):
        await try_out(repository, repository.snapshot(), memory.app.settings, silent)


async def test_a_backup_that_broke_off_is_none(memory: AsyncMemory, repository: Repository) -> None:
    class Broken(Exception):
        pass

    def breaking(done: int, total: int | None, note: str = "") -> None:
        if done > 50:
            raise Broken

    with pytest.raises(Broken):
        await back_up(memory.app, tables_of(memory.app), repository, breaking)
    with pytest.raises(NotFound):
        repository.snapshot()
    assert (await made(memory, repository)).memories > 40


async def test_a_trial_compares_everything(memory: AsyncMemory, repository: Repository) -> None:
    done = await made(memory, repository)
    tried = await try_out(repository, repository.snapshot(), memory.app.settings, silent)
    assert (tried.rows, tried.differing) == (done.rows, ())


async def test_a_store_is_backed_up_while_it_is_written(
    memory: AsyncMemory, repository: Repository, tmp_path: Path
) -> None:
    async def writing() -> None:
        for number in range(60):
            await memory.capture(
                [{"role": "user", "content": f"Sentence {number} of a busy day."}], conversation_id=f"c{number % 7}"
            )

    work = asyncio.create_task(writing())
    await made(memory, repository)
    await work
    await memory.drain()
    settings = memory.app.settings.model_copy(update={"home": tmp_path / "again"})
    restored = await bring_back(repository, repository.snapshot(), settings, silent)
    assert restored.memories <= len((await memory.list(user_id=None, project_id="default", limit=1000)).memories) + 100
    assert (await try_out(repository, repository.snapshot(), memory.app.settings, silent)).differing == ()


async def test_two_backups_at_once_do_not_mix(memory: AsyncMemory, repository: Repository) -> None:
    with repository.locked(), pytest.raises(Conflict, match="Another backup"):
        await made(memory, repository)
    assert (await made(memory, repository)).memories > 40


async def test_old_backups_go_and_what_the_others_need_stays(
    memory: AsyncMemory, repository: Repository, clock: FakeClock, tmp_path: Path
) -> None:
    for number in range(6):
        await memory.add(f"Note of day {number}")
        await memory.drain()
        await made(memory, repository)
        clock.forward(24 * 3600)
    policy = Policy(last=1, daily=2, weekly=0, monthly=0)
    preview = await prune(repository, policy, clock.now(), preview=True)
    assert (len(preview.kept), len(preview.dropped), len(repository.snapshots())) == (2, 4, 6)
    done = await prune(repository, policy, clock.now())
    assert done == preview
    assert [one.id for one in repository.snapshots()] == list(done.kept)
    assert set(repository.has()) == {name for one in repository.snapshots() for name in one.objects()}
    assert (await try_out(repository, repository.snapshot(), memory.app.settings, silent)).differing == ()


async def test_the_state_at_a_time_can_be_asked_for(
    memory: AsyncMemory, repository: Repository, clock: FakeClock
) -> None:
    first = await made(memory, repository)
    clock.forward(3600)
    second = await made(memory, repository)
    assert repository.snapshot(at=clock.now() - timedelta(minutes=1)).id == first.snapshot
    assert repository.snapshot().id == second.snapshot
    assert repository.snapshot(second.snapshot[:30]).id in {first.snapshot, second.snapshot}
    with pytest.raises(NotFound):
        repository.snapshot("none")
    with pytest.raises(NotFound):
        repository.snapshot(at=clock.now() - timedelta(days=2))


def test_a_place_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no place"):
        place_of("ftp://somewhere/else")
    with pytest.raises(NotFound, match="no backups"):
        open_repository(Folder(tmp_path / "nothing"), None)


def test_the_latest_always_stays() -> None:
    assert kept([], Policy(1, 0, 0, 0)) == []
