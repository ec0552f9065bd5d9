"""A store is moved with an index of vectors beside it, to a PostgreSQL that has pgvector, and behind walls."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from tests.cli.conftest import Outcome
from tests.servers import Postgres
from tests.stores.walls import BOUND

from recollect import AsyncMemory
from recollect.app.moving import elsewhere, moving, store_of
from recollect.cli.main import cli
from recollect.ops.migrate.move import finish, move
from recollect.settings import Settings, load
from recollect.stores.postgres.walls import up
from recollect.testing.embedder import FakeEmbedder

NOTES = [f"note {number} of the lighthouse keeper, 第{number % 7}座灯塔" for number in range(60)]
QUESTIONS = ("lighthouse keeper 7", "note 31", "灯塔", "keeper of notes")


def silent(*_: object, **__: object) -> None:
    """Hear nothing."""


async def fill_store(settings: Settings, texts: Sequence[str]) -> None:
    async with AsyncMemory(settings=settings, embed=FakeEmbedder()) as memory:
        await memory.add_all([{"text": text} for text in texts], user_id="mei")
        await memory.drain()


async def held(settings: Settings) -> int:
    """Return how many vectors the settings' index has, once it was told everything."""
    async with AsyncMemory(settings=settings, embed=FakeEmbedder()) as memory:
        await memory.drain()
        assert memory.app.indexed is not None
        await memory.app.indexed.follow()
        return await memory.app.indexed.index.count("fake")


async def answers(settings: Settings) -> list[list[str]]:
    async with AsyncMemory(settings=settings, embed=FakeEmbedder(), worker=False) as memory:
        return [[hit.memory.id for hit in await memory.search(text, user_id="mei")] for text in QUESTIONS]


def settings_of(home: Path, **more: Any) -> Settings:
    return load(home, {"embedder": {"provider": "none"}, **more}).settings


def run(home: Path, *arguments: str) -> Outcome:
    done = CliRunner().invoke(cli, ["migrate", "--home", str(home), *arguments])
    assert done.exit_code == 0, (done.stdout, done.stderr, done.exception)
    return Outcome(done.exit_code, done.stdout, done.stderr)


@pytest.fixture(params=["qdrant", "chroma"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an index: Qdrant in a folder, and a Chroma server."""
    return f"qdrant://{tmp_path / 'qdrant'}" if request.param == "qdrant" else request.getfixturevalue("chroma_url")


def test_the_index_goes_along_and_back(home: Path, index: str, tmp_path: Path) -> None:
    """One for the new store is filled before the switch; on the way back the old store's own comes back."""
    home.mkdir()
    (home / "recollect.toml").write_text('[embedder]\nprovider = "none"\n', encoding="utf-8")
    asyncio.run(fill_store(settings_of(home), NOTES))
    run(home, "--to", f"sqlite:///{tmp_path / 'new.db'}", "--vectors", index, "--switch")
    moved = load(home).settings
    assert moved.vectors.url is not None
    assert moved.vectors.url.get_secret_value() == index
    assert asyncio.run(held(moved)) == len(NOTES)
    asyncio.run(fill_store(moved, ["written in the new store"]))
    run(home, "--back")
    assert load(home).settings.vectors.url is None, "as it was before"
    assert "written in the new store" in str(asyncio.run(texts(load(home).settings)))
    run(home, "--end")


async def texts(settings: Settings) -> list[str]:
    async with AsyncMemory(settings=settings, worker=False, embed=FakeEmbedder()) as memory:
        return [item.text for item in (await memory.list(user_id="mei")).memories]


def test_the_index_alone_is_changed_and_given_up(home: Path, index: str) -> None:
    home.mkdir()
    (home / "recollect.toml").write_text('[embedder]\nprovider = "none"\n', encoding="utf-8")
    asyncio.run(fill_store(settings_of(home), NOTES))
    run(home, "--vectors", index)
    assert asyncio.run(held(load(home).settings)) == len(NOTES)
    asyncio.run(fill_store(load(home).settings, ["told at once"]))
    assert asyncio.run(held(load(home).settings)) == len(NOTES) + 1
    run(home, "--vectors", "none")
    assert load(home).settings.vectors.url is None
    assert "told no more" in run(home, "--end").out


def test_an_index_at_the_old_store_is_had_again_on_the_way_back(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    old = f"qdrant://{tmp_path / 'qdrant'}"
    lines = f'[embedder]\nprovider = "none"\n\n[vectors]\nurl = "{old}"\n'
    (home / "recollect.toml").write_text(lines, encoding="utf-8")
    asyncio.run(fill_store(load(home).settings, NOTES))
    run(home, "--to", f"sqlite:///{tmp_path / 'new.db'}", "--vectors", "none", "--switch")
    assert load(home).settings.vectors.url is None
    asyncio.run(fill_store(load(home).settings, ["written meanwhile"]))
    run(home, "--back")
    back = load(home).settings
    assert back.vectors.url is not None
    assert back.vectors.url.get_secret_value() == old
    assert asyncio.run(held(back)) == len(NOTES) + 1


def test_pgvector_has_its_index_before_the_change_over(home: Path, pgvector_server: Postgres) -> None:
    here = settings_of(home)
    asyncio.run(fill_store(here, NOTES))
    url = pgvector_server.database()
    there = elsewhere(here, url, None)
    with moving(here, there, 20) as both:
        told = move(both, silent, switch=False, embed=FakeEmbedder())
        assert (told.good, told.asked, told.held) == (True, 50, None)
    with psycopg.connect(url) as door:
        found = door.execute("SELECT indexdef FROM pg_indexes WHERE indexdef LIKE '%hnsw%'").fetchall()
        assert len(found) == 1, "before anybody waits for it"
    with moving(here, there, 20) as both:
        before = asyncio.run(answers(here))
        assert move(both, silent, switch=True, embed=FakeEmbedder()).held is not None
        finish(both)
    assert asyncio.run(answers(there)) == before
    with psycopg.connect(url) as door:
        table = door.execute(
            "SELECT relname FROM pg_class WHERE relname LIKE 'embedding_%' AND relkind = 'r'"
        ).fetchone()
        assert table is not None
        row = door.execute(f"SELECT count(*) FROM {table[0]}").fetchone()
        assert row == (len(NOTES),)


def test_a_store_goes_behind_walls_and_back(home: Path, postgres_server: Postgres) -> None:
    """The user owns the tables and is no superuser: policies bind him."""
    url = postgres_server.database()
    name = str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
    with psycopg.connect(url, autocommit=True) as door:
        if not door.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (BOUND,)).fetchone():
            door.execute(f"CREATE ROLE {BOUND} LOGIN NOSUPERUSER NOBYPASSRLS")
        door.execute(f'ALTER DATABASE "{name}" OWNER TO {BOUND}')
        door.execute(f"ALTER SCHEMA public OWNER TO {BOUND}")
    here = settings_of(home, store={"row_security": True})
    asyncio.run(fill_store(here, NOTES))
    there = elsewhere(here, postgres_server.url(name, user=BOUND), None)
    with moving(here, there, 20) as both:
        told = move(both, silent, switch=True, embed=FakeEmbedder())
        assert told.good
        assert told.held is not None
        finish(both)
    with store_of(there) as database:
        assert database.read_now(up)
    asyncio.run(fill_store(there, ["written behind walls"]))
    with moving(there, here, 20) as both:
        assert move(both, silent, switch=True, embed=FakeEmbedder()).held is not None
        finish(both)
    assert "written behind walls" in asyncio.run(texts(here))
