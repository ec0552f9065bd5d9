"""What stands beside the records is no part of a backup: a restored store makes it anew, and behind walls too."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ops.backup.drill import Story, chosen, opened, rows_of, silent
from tests.servers import Postgres
from tests.stores.walls import bound_database

from recollect import AsyncMemory
from recollect.app.tables import tables_of
from recollect.errors import Conflict
from recollect.ops.backup.repository import Repository, open_repository
from recollect.ops.backup.restore import bring_back
from recollect.ops.backup.write import back_up
from recollect.ops.check import Status
from recollect.ops.sides import sides
from recollect.settings import Settings
from recollect.stores.objects.named import place_of
from recollect.stores.postgres.embedding import there


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return open_repository(place_of(str(tmp_path / "backups")), None, create=True)


async def _made(settings: Settings, repository: Repository) -> None:
    async with opened(settings) as memory:
        await Story(memory, 5).go_on(25)
        await memory.drain()
        await back_up(memory.app, tables_of(memory.app), repository, silent)


async def _refilled(memory: AsyncMemory) -> None:
    assert memory.app.indexed is not None
    await memory.drain()
    (found,) = await sides(memory.app)
    assert (found.status, "0 of" in found.detail) == (Status.OK, False), found
    assert await memory.search("lighthouse", user_id="alice", project_id="web")


@pytest.mark.parametrize("kind", ["qdrant", "chroma"])
async def test_an_index_of_vectors_is_filled_again_by_the_restored_store(
    repository: Repository, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("chroma_url") if kind == "chroma" else f"qdrant://{tmp_path}/index"
    await _made(chosen(tmp_path / "home", vectors={"url": url}), repository)
    assert "outbox" not in repository.snapshot().tables
    again = chosen(tmp_path / "again", vectors={"url": url})
    await bring_back(repository, repository.snapshot(), again, silent)
    async with opened(again) as memory:
        await _refilled(memory)


async def test_vectors_are_indexed_by_pgvector_before_the_restored_store_is_used(
    repository: Repository, tmp_path: Path, pgvector_server: Postgres
) -> None:
    await _made(chosen(tmp_path / "home"), repository)
    there_too = chosen(tmp_path / "again", pgvector_server.database())
    await bring_back(repository, repository.snapshot(), there_too, silent)
    async with opened(there_too) as memory:
        assert await memory.app.database.read(lambda connection: there(connection, 1))
        assert await memory.search("lighthouse", user_id="alice", project_id="web")


async def test_a_store_behind_walls_is_backed_up_whole_and_never_taken_for_empty(
    repository: Repository, tmp_path: Path, postgres_server: Postgres
) -> None:
    _, url = bound_database(postgres_server)
    settings = chosen(tmp_path / "home", url)
    settings = settings.model_copy(update={"store": settings.store.model_copy(update={"row_security": True})})
    await _made(settings, repository)
    rows = await rows_of(settings)
    assert repository.snapshot().memories == len(rows["memory"]) > 0
    with pytest.raises(Conflict, match="There is a store"):
        await bring_back(repository, repository.snapshot(), settings, silent)
    restored = await bring_back(repository, repository.snapshot(), settings, silent, replace=True)
    assert restored.aside is not None
    assert len((await rows_of(settings))["memory"]) == len(rows["memory"])
