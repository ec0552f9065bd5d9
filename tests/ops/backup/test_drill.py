"""The restore drill: random data, a backup under writes, everything destroyed, restored, and all of it compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.ops.backup.drill import Story, chosen, destroy, opened, rows_of, schemas, silent, written_to

from recollect.app.tables import tables_of
from recollect.errors import BackupDamaged, Conflict
from recollect.models import Reach, Where
from recollect.ops.backup.repository import Repository, open_repository
from recollect.ops.backup.restore import bring_back
from recollect.ops.backup.trial import try_out
from recollect.ops.backup.write import back_up
from recollect.settings import Settings
from recollect.stores.objects.named import place_of

KINDS = ["file", "server"]


@pytest.fixture
def settings_of(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[..., Settings]:
    """Return what gives the settings of a store of a kind, in a place of its own."""
    asked: dict[str, str] = {}

    def made(kind: str, name: str = "recollect") -> Settings:
        if kind == "file":
            return chosen(tmp_path / name)
        if "url" not in asked:
            asked["url"] = request.getfixturevalue("postgres_server").database()
        return chosen(tmp_path / name, asked["url"], name)

    return made


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return open_repository(place_of(str(tmp_path / "backups")), "correct horse 电池", create=True)


async def _drilled(settings: Settings, repository: Repository, seed: int, steps: int) -> tuple[Story, Any]:
    """Write, back up, write on, back up under writes; return what was written up to then and the rows afterwards."""
    async with opened(settings) as memory:
        story = Story(memory, seed)
        await story.go_on(steps)
        await memory.drain()
        first = await back_up(memory.app, tables_of(memory.app), repository, silent)
        await story.go_on(steps // 4)
        before, gone = list(story.batches), set(story.gone)
        async with written_to(story):
            second = await back_up(memory.app, tables_of(memory.app), repository, silent)
        assert 0 < second.new_bytes < second.bytes
        assert first.snapshot != second.snapshot
        await memory.drain()
    return story, (before, gone)


async def _checked(settings: Settings, story: Story, known: Any) -> None:
    """Whatever was acknowledged before the backup is there; what came during it is there as a whole or not at all."""
    before, gone = known
    async with opened(settings) as memory:
        records = memory.app.engine.stores.records
        everything = Where(Reach.of(project_id="web"), stale=True), Where(Reach.of(project_id="app"), stale=True)
        there = {name for where in everything for name in await records.ids(where)}
        for batch in story.batches:
            assert there.issuperset(batch) or there.isdisjoint(batch), "half a transaction was restored"
        assert all(there.issuperset(batch) for batch in before), "an acknowledged write is not in the backup"
        assert await records.get(sorted(gone)) == []
        assert await memory.search("lighthouse 灯塔", user_id="alice", project_id="web")
        await memory.add("it goes on")
        await memory.drain()


async def _drill(source: Settings, target: Settings, repository: Repository, *, seed: int, steps: int) -> None:
    story, known = await _drilled(source, repository, seed, steps)
    latest = repository.snapshot()
    assert (await try_out(repository, latest, source, silent)).differing == ()
    destroy(source)
    restored = await bring_back(repository, latest, target, silent, replace=source == target)
    assert restored.erased == 0
    once = await rows_of(target)
    assert {name: len(rows) for name, rows in once.items()} == {n: part.rows for n, part in latest.tables.items()}
    await _checked(target, story, known)


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
async def test_what_is_destroyed_comes_back_from_a_backup_that_was_made_under_writes(
    settings_of: Callable[..., Settings], repository: Repository, source: str, target: str
) -> None:
    one = settings_of(source)
    other = one if source == target else settings_of(target, "again")
    await _drill(one, other, repository, seed=7, steps=40)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
async def test_what_is_destroyed_comes_back_whatever_was_written(
    settings_of: Callable[..., Settings], repository: Repository, source: str, target: str, seed: int
) -> None:
    one = settings_of(source)
    other = one if source == target else settings_of(target, "again")
    await _drill(one, other, repository, seed=seed, steps=800)


async def test_rows_are_the_same_in_a_file_and_on_a_server_and_in_a_file_again(
    settings_of: Callable[..., Settings], repository: Repository
) -> None:
    places = [settings_of("file"), settings_of("server", "there"), settings_of("file", "back")]
    async with opened(places[0]) as memory:
        await Story(memory, 3).go_on(60)
        await memory.drain()
        await back_up(memory.app, tables_of(memory.app), repository, silent)
    rows = await rows_of(places[0])
    layouts = [repository.snapshot().layout]
    for place in places[1:]:
        await bring_back(repository, repository.snapshot(), place, silent)
        assert await rows_of(place) == rows
        async with opened(place) as memory:
            await memory.drain()
        snapshot = repository.snapshot()
        async with opened(place) as memory:
            made = await back_up(memory.app, tables_of(memory.app), repository, silent)
        assert repository.snapshot().tables == snapshot.tables
        assert made.new_objects == 0
        layouts.append(repository.snapshot().layout)
    numbered = {name: head for name, head in layouts[0].heads.items() if head}
    assert {name: layouts[1].heads[name] for name in numbered} == numbered
    assert {name: layouts[2].heads[name] for name in numbered} == numbered


@pytest.mark.parametrize("kind", KINDS)
async def test_an_earlier_state_can_be_asked_for_and_what_was_deleted_stays_so(
    settings_of: Callable[..., Settings], repository: Repository, kind: str
) -> None:
    source, target = settings_of(kind), settings_of(kind, "again")
    async with opened(source) as memory:
        first = await memory.add("Alice keeps a quokka", user_id="alice")
        await memory.add("Bo keeps bees", user_id="bo")
        await back_up(memory.app, tables_of(memory.app), repository, silent)
        early = repository.snapshot()
        await memory.add("Bo keeps wasps", user_id="bo")
        await memory.forget(user_id="alice")
        await memory.drain()
        await back_up(memory.app, tables_of(memory.app), repository, silent)
    restored = await bring_back(repository, repository.snapshot(at=early.made_at), target, silent)
    assert (restored.memories, restored.erased) == (1, 1)
    async with opened(target) as memory:
        assert [item.text for item in (await memory.list(user_id="bo")).memories] == ["Bo keeps bees"]
        assert await memory.app.engine.stores.records.get([first.id]) == []
        assert [order.user_id for order in await memory.app.sync.forgotten()] == ["alice"], "and it stands"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_store_that_is_there_is_replaced_only_when_that_is_said(
    settings_of: Callable[..., Settings], repository: Repository, kind: str
) -> None:
    settings = settings_of(kind)
    async with opened(settings) as memory:
        kept = await memory.add("in the backup", user_id="alice")
        gone = await memory.add("deleted after the backup", user_id="alice")
        await back_up(memory.app, tables_of(memory.app), repository, silent)
        await memory.delete(gone.id)
        await memory.add("only in the store", user_id="alice")
        await memory.drain()
    rows = await rows_of(settings)
    with pytest.raises(Conflict, match="There is a store"):
        await bring_back(repository, repository.snapshot(), settings, silent)
    assert await rows_of(settings) == rows
    restored = await bring_back(repository, repository.snapshot(), settings, silent, replace=True)
    assert (restored.memories, restored.erased) == (1, 1), "what was deleted in the store that was there stays deleted"
    async with opened(settings) as memory:
        assert [item.id for item in (await memory.list(user_id="alice")).memories] == [kept.id]
    assert restored.aside is not None
    name = restored.aside.removeprefix("the schema ")
    store = {"file": Path(name).name} if kind == "file" else {"schema_name": name}
    aside = settings.model_copy(update={"store": settings.store.model_copy(update=store)})
    assert await rows_of(aside) == rows, "and it is all there, aside"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("harm", ["flipped", "missing"])
async def test_a_damaged_backup_changes_nothing(
    settings_of: Callable[..., Settings], repository: Repository, tmp_path: Path, kind: str, harm: str
) -> None:
    settings = settings_of(kind)
    async with opened(settings) as memory:
        await Story(memory, 1).go_on(15)
        await memory.drain()
        await back_up(memory.app, tables_of(memory.app), repository, silent)
    rows = await rows_of(settings)
    (name, *_) = repository.snapshot().tables["chunk"].pieces
    path = tmp_path / "backups" / "objects" / name[:2] / name
    content = path.read_bytes()
    path.unlink() if harm == "missing" else path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(BackupDamaged):
        await bring_back(repository, repository.snapshot(), settings, silent, replace=True)
    assert await rows_of(settings) == rows
    assert not [path for path in settings.home.iterdir() if path.name.startswith(".restore-")]
    if settings.store.url is not None:
        assert schemas(settings.store.url.get_secret_value()) == {settings.store.schema_name}


async def test_a_schema_that_holds_something_else_is_left_alone(
    settings_of: Callable[..., Settings], repository: Repository
) -> None:
    async with opened(settings_of("file")) as memory:
        await memory.add("one")
        await back_up(memory.app, tables_of(memory.app), repository, silent)
    settings = settings_of("server", "other")
    assert settings.store.url is not None
    with psycopg.connect(settings.store.url.get_secret_value(), autocommit=True) as connection:
        connection.execute("CREATE SCHEMA other CREATE TABLE invoice (id int)")
    for replace in (False, True):
        with pytest.raises(Conflict, match="something else"):
            await bring_back(repository, repository.snapshot(), settings, silent, replace=replace)
    assert schemas(settings.store.url.get_secret_value()) == {"other"}


async def test_a_schema_that_nothing_was_kept_in_is_an_empty_place(
    settings_of: Callable[..., Settings], repository: Repository
) -> None:
    async with opened(settings_of("file")) as memory:
        await memory.add("one", user_id="alice")
        await back_up(memory.app, tables_of(memory.app), repository, silent)
    settings = settings_of("server")
    async with opened(settings) as memory:
        assert (await memory.list(user_id="alice")).memories == ()
    restored = await bring_back(repository, repository.snapshot(), settings, silent)
    assert (restored.memories, restored.aside) == (1, None)
