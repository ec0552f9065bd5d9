"""The upgrade drill: stores of every earlier form come to the present one with all they hold, and can go back."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from tests.ops.backup.drill import Story, chosen, opened, silent

from recollect.app.former import formers
from recollect.app.store_key import driver_of
from recollect.app.stores import place_of as backing_of
from recollect.app.tables import OpenTables, tables_of
from recollect.errors import StoreDamaged
from recollect.exchange import Layout, Piece
from recollect.models import Reach, Where
from recollect.ops.backup.pieces import Pieces, written
from recollect.ops.backup.repository import Repository, open_repository
from recollect.ops.backup.restore import bring_back
from recollect.ops.backup.snapshot import Part, Snapshot
from recollect.ops.encrypt import encrypt
from recollect.settings import Settings
from recollect.stores.objects.named import place_of
from recollect.stores.sql import migrate
from recollect.stores.sql.database import Database
from recollect.stores.sql.head import Form, form_of
from recollect.stores.sql.migrate import HEAD, upgrade, version
from recollect.stores.sql.tables import SqlTables

FORMS = [
    script.revision
    for script in ScriptDirectory(str(Path(migrate.__file__).parent / "migrations")).walk_revisions()
    if script.revision != HEAD
][::-1]
SAID = "The lighthouse keeper drinks oolong 茶 at the third harbour"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return open_repository(place_of(str(tmp_path / "backups")), "correct horse", create=True)


async def _present(settings: Settings) -> tuple[list[Piece], Layout, dict[str, str]]:
    """Return what a store of the present form holds, and its texts by id."""
    pieces: list[Piece] = []
    async with opened(settings) as memory:
        await Story(memory, 11).go_on(12)
        await memory.add(SAID, user_id="keeper")
        await memory.drain()
        layout = await tables_of(memory.app).copy(pieces.append)
    texts = {
        row[piece.columns.index("id")]: row[piece.columns.index("text")]
        for piece in pieces
        if piece.table == "memory"
        for row in piece.rows
    }
    return pieces, layout, texts


def _as_then(pieces: list[Piece], database: Database) -> list[Piece]:
    """Return the pieces as the earlier form has them: its tables, and of these its columns."""

    def columns(connection: sa.Connection) -> dict[str, set[str]]:
        looked = sa.inspect(connection)
        return {name: {column["name"] for column in looked.get_columns(name)} for name in looked.get_table_names()}

    known = database.read_now(columns)
    found = []
    for piece in pieces:
        kept = [place for place, name in enumerate(piece.columns) if name in known.get(piece.table, set())]
        if kept:
            names = tuple(piece.columns[place] for place in kept)
            found.append(Piece(piece.table, names, [[row[place] for place in kept] for row in piece.rows]))
    return found


async def _earlier(settings: Settings, form: str, pieces: list[Piece], layout: Layout) -> list[Piece]:
    """Make a store of an earlier form that holds these pieces; return them as they are in it."""
    settings.home.mkdir(exist_ok=True)
    database = Database(backing_of(settings))
    upgrade(database, analysis=layout.analysis, to=form)
    then = _as_then(pieces, database)
    heads = {name: head for name, head in layout.heads.items() if name in {piece.table for piece in then}}
    await SqlTables(database).fill(then, Layout(form, layout.analysis, heads))
    assert database.read_now(version) == form
    await database.close()
    return then


async def _holds(settings: Settings, texts: dict[str, str]) -> None:
    async with opened(settings) as memory:
        assert memory.app.database.read_now(version) == HEAD
        records = memory.app.engine.stores.records
        found = await records.ids(Where(Reach.of(user_id="alice"), stale=True))
        assert {item.id: item.text for item in await records.get(list(texts))} == texts
        assert set(found) <= texts.keys()
        by_word = await memory.search("oolong", user_id="keeper")
        by_meaning = await memory.search("who drinks tea at a harbour", user_id="keeper")
        assert [hit.memory.text for hit in by_word] == [hit.memory.text for hit in by_meaning] == [SAID]
        new = await memory.add("written by the new release", user_id="keeper")
        await memory.drain()
        assert (await memory.get(new.id)).text == "written by the new release"


def _rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(path)) as door:
        names = [name for (name,) in door.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        names = [name for name in names if not name.startswith("words_")]
        return {name: sorted(door.execute(f'SELECT * FROM "{name}"'), key=repr) for name in names}


@pytest.mark.parametrize("form", FORMS)
async def test_a_file_of_an_earlier_form_is_kept_upgraded_and_can_go_back(tmp_path: Path, form: str) -> None:
    pieces, layout, texts = await _present(chosen(tmp_path / "new"))
    settings = chosen(tmp_path / "old")
    await _earlier(settings, form, pieces, layout)
    before = _rows(settings.database)
    await _holds(settings, texts)
    (kept,) = formers(settings)
    assert kept.name == f"recollect.db.before-{HEAD}"
    assert kept.stat().st_mode & 0o077 == 0
    assert _rows(kept) == before
    for end in ("", "-wal", "-shm"):
        settings.database.with_name(settings.database.name + end).unlink(missing_ok=True)
    kept.rename(settings.database)
    database = Database(settings.database)
    assert database.read_now(version) == form, "the release of that form opens it as its own"
    await database.close()
    assert _rows(settings.database) == before


async def _backed_up(repository: Repository, then: list[Piece], form: str, layout: Layout) -> Snapshot:
    """Put a backup into a repository as the release of that form would have."""
    parts: dict[str, Part] = {}
    known: set[str] = set()
    for piece in then:
        old = parts.get(piece.table, Part(0, ()))
        name = repository.put(written(piece), known)
        parts[piece.table] = Part(old.rows + len(piece.rows), (*old.pieces, name))
    heads = {name: head for name, head in layout.heads.items() if name in parts}
    snapshot = Snapshot(f"backup-{form}", datetime.now(UTC), "0.0.1", Layout(form, layout.analysis, heads), parts)
    repository.add(snapshot)
    return snapshot


def _targets(tmp_path: Path, request: pytest.FixtureRequest, kind: str) -> Iterator[Settings]:
    for name in ("then", "again"):
        url = None if kind == "file" else request.getfixturevalue("postgres_server").database()
        yield chosen(tmp_path / name, url)


async def _there_and_back(tmp_path: Path, repository: Repository, form: str, targets: Iterator[Settings]) -> None:
    pieces, layout, texts = await _present(chosen(tmp_path / "new"))
    store = next(targets)
    then = await _earlier(store, form, pieces, layout)
    await _holds(store, texts)
    snapshot = await _backed_up(repository, then, form, layout)
    restored = next(targets)
    await bring_back(repository, snapshot, restored, silent)
    await _holds(restored, texts)
    back = chosen(tmp_path / "back")
    back.home.mkdir()
    database = Database(back.database)
    upgrade(database, to=form)
    await OpenTables(database).fill(Pieces(repository, snapshot, silent), snapshot.layout)
    assert database.read_now(version) == form, "and the older release has its rows again"
    await database.close()
    held = _rows(back.database)
    assert {name: len(held[name]) for name in snapshot.tables} == {n: part.rows for n, part in snapshot.tables.items()}


@pytest.mark.parametrize("kind", ["file", "server"])
async def test_a_backup_of_the_first_form_is_restored_by_this_release_and_by_that_one(
    tmp_path: Path, repository: Repository, kind: str, request: pytest.FixtureRequest
) -> None:
    await _there_and_back(tmp_path, repository, FORMS[0], _targets(tmp_path, request, kind))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["file", "server"])
@pytest.mark.parametrize("form", FORMS[1:])
async def test_a_backup_of_every_form_is_restored_by_this_release_and_by_that_one(
    tmp_path: Path, repository: Repository, form: str, kind: str, request: pytest.FixtureRequest
) -> None:
    await _there_and_back(tmp_path, repository, form, _targets(tmp_path, request, kind))


async def _old(tmp_path: Path, **store: Any) -> Settings:
    settings = chosen(tmp_path / "old", store=store)
    settings.home.mkdir()
    database = Database(settings.database)
    upgrade(database, to=FORMS[-1])
    await database.close()
    return settings


async def test_no_copy_is_kept_where_none_is_wanted_or_needed(tmp_path: Path) -> None:
    settings = await _old(tmp_path, keep_before_upgrade=0)
    for _ in range(2):
        async with opened(settings):
            assert formers(settings) == []


async def test_a_copy_goes_when_its_time_is_over(tmp_path: Path) -> None:
    settings = await _old(tmp_path)
    async with opened(settings):
        (kept,) = formers(settings)
    async with opened(settings):
        assert formers(settings) == [kept]
    os.utime(kept, (0, 0))
    async with opened(settings):
        assert formers(settings) == []


async def test_the_store_of_a_later_release_is_left_untouched(tmp_path: Path) -> None:
    settings = await _old(tmp_path)
    with closing(sqlite3.connect(settings.database)) as door, door:
        door.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreDamaged, match="later release"):
        opened(settings)
    assert formers(settings) == []


@pytest.mark.parametrize("key", ["5a" * 32, "a passphrase that is long enough"])
async def test_the_copy_of_an_encrypted_store_is_encrypted_too_and_opens_with_its_key(tmp_path: Path, key: str) -> None:
    settings = await _old(tmp_path)
    text = "The heron keeps the lighthouse."
    with closing(sqlite3.connect(settings.database)) as door, door:
        door.execute("CREATE TABLE said (text TEXT)")
        door.execute("INSERT INTO said VALUES (?)", (text,))
    sealed = chosen(tmp_path / "old", store={"key": key})
    assert encrypt(sealed, silent).what == "encrypted"
    async with opened(sealed) as memory:
        assert memory.app.database.read_now(version) == HEAD
    (kept,) = formers(sealed)
    assert kept.stat().st_mode & 0o077 == 0
    assert form_of(kept) is Form.CLOSED
    assert text.encode() not in kept.read_bytes()
    for end in ("", "-wal", "-shm"):
        sealed.database.with_name(sealed.database.name + end).unlink(missing_ok=True)
    kept.rename(sealed.database)
    database = Database(sealed.database, driver=driver_of(sealed))
    assert database.read_now(version) == FORMS[-1], "the release of that form opens it with the same key"
    assert database.read_now(lambda found: found.execute(sa.text("SELECT text FROM said")).scalar()) == text
    await database.close()
