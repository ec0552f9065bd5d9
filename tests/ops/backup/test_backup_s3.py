"""Backups in object storage, over a real S3 server on loopback; half an upload is no backup."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ops.backup.test_backup import made, silent
from tests.s3_server import bucket

from recollect import AsyncMemory
from recollect.errors import BackupDamaged, Conflict, NotFound, RecollectError
from recollect.ops.backup.chosen import repository_of
from recollect.ops.backup.repository import Repository
from recollect.ops.backup.restore import bring_back
from recollect.settings import BackupSettings


@pytest.fixture
def chosen(s3_endpoint: str, request: pytest.FixtureRequest) -> BackupSettings:
    name = f"bucket-{abs(hash(request.node.name))}"
    opened = bucket(s3_endpoint, name)
    return BackupSettings.model_validate({"to": f"s3://{name}/team/memory", "passphrase": "correct horse", **opened})


@pytest.fixture
def repository(chosen: BackupSettings) -> Repository:
    return repository_of(chosen, create=True)


async def test_a_backup_goes_to_object_storage_and_comes_back(
    memory: AsyncMemory, repository: Repository, chosen: BackupSettings, tmp_path: Path
) -> None:
    done = await made(memory, repository)
    assert (await made(memory, repository)).new_objects == 0
    again = repository_of(chosen)
    settings = memory.app.settings.model_copy(update={"home": tmp_path / "again"})
    restored = await bring_back(again, again.snapshot(), settings, silent)
    assert (restored.memories, restored.erased) == (done.memories, 0)


async def test_half_an_upload_is_no_backup(memory: AsyncMemory, repository: Repository) -> None:
    put, left = repository.place.put, 5

    def failing(name: str, value: bytes) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise RecollectError("The network is gone")
        put(name, value)

    repository.place.put = failing  # type: ignore[method-assign]
    with pytest.raises(RecollectError, match="network"):
        await made(memory, repository)
    repository.place.put = put  # type: ignore[method-assign]
    with pytest.raises(NotFound):
        repository.snapshot()
    assert (await made(memory, repository)).memories > 40


async def test_an_object_that_is_gone_is_told(memory: AsyncMemory, repository: Repository, tmp_path: Path) -> None:
    await made(memory, repository)
    repository.sweep([repository.snapshot().tables["chunk"].pieces[0]])
    settings = memory.app.settings.model_copy(update={"home": tmp_path / "again"})
    with pytest.raises(BackupDamaged, match="missing"):
        await bring_back(repository, repository.snapshot(), settings, silent)


def test_one_backup_at_a_time_there_too(repository: Repository) -> None:
    with repository.locked(), pytest.raises(Conflict), repository.locked():
        pass
    with repository.locked():
        pass


def test_a_bucket_that_is_not_there_is_told(chosen: BackupSettings) -> None:
    with pytest.raises(RecollectError):
        repository_of(chosen.model_copy(update={"to": "s3://no-such-bucket/x"}), create=True)


async def test_half_an_upload_leaves_the_backup_before_it_good_and_the_store_as_it_is(
    memory: AsyncMemory, repository: Repository, chosen: BackupSettings, tmp_path: Path
) -> None:
    first = await made(memory, repository)
    await memory.add("written after the first backup", user_id="zoe")
    await memory.drain()
    put = repository.place.put

    def failing(name: str, value: bytes) -> None:
        if name.startswith("snapshots/"):
            raise RecollectError("The network is gone")
        put(name, value)

    repository.place.put = failing  # type: ignore[method-assign]
    with pytest.raises(RecollectError, match="network"):
        await made(memory, repository)
    again = repository_of(chosen)
    assert [one.id for one in again.snapshots()] == [first.snapshot]
    settings = memory.app.settings.model_copy(update={"home": tmp_path / "again"})
    assert (await bring_back(again, again.snapshot(), settings, silent)).memories == first.memories
    assert (await memory.search("written after the first backup", user_id="zoe"))[0].memory.scope.user_id == "zoe"
    with pytest.raises(Conflict, match="There is a store"):
        await bring_back(again, again.snapshot(), memory.app.settings, silent)
