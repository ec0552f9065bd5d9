"""The index of vectors is changed under load: the new one is filled while the old one answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.stores.beside import database_of, qdrant
from tests.stores.conftest import Opener

from recollect.stores.beside.compare import Sides
from recollect.stores.beside.places import drop_others, outbox_at
from recollect.stores.beside.vectors import IndexedVectors
from recollect.testing.sample import memory
from recollect.testing.vectors import FAKE, put_embedded


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    if request.param == "sqlite":
        return tmp_path / "r.db"
    url: str = request.getfixturevalue("postgres_server").database()
    return url


@pytest.mark.parametrize("way", ["local", "edge"])
@pytest.mark.parametrize("place", ["sqlite", "postgresql"], indirect=True)
async def test_both_indexes_are_told_until_the_former_one_is_let_go(
    opener: Opener, place: Path | str, way: str, tmp_path: Path
) -> None:
    backend = await opener.sql(place)
    database = database_of(backend)

    def at(name: str) -> IndexedVectors:
        outbox = database.write_now(lambda connection: outbox_at(connection, name))
        store = database.write_now(outbox.ensure)
        return IndexedVectors(database, qdrant(way, store, tmp_path / name), outbox)

    old = at("old")
    await put_embedded(backend, *(memory(f"cat {number}") for number in range(30)))
    await old.follow()
    new = at("new")
    assert await new.follow() >= 30
    await put_embedded(backend, *(memory(f"later {number}") for number in range(5)))
    await backend.vectors.drop(FAKE.model)
    await put_embedded(backend, memory("last"))
    for one in (old, new):
        await one.follow()
        compared = await Sides(database, one).compare()
        assert (compared.differing, compared.waiting) == (0, 0)
    assert at("old").outbox.table.name == "outbox", "the place it had is remembered"
    assert database.write_now(lambda connection: drop_others(connection, "new")) == ["old"]
    await put_embedded(backend, memory("after"))
    await new.follow()
    assert (await Sides(database, new).compare()).differing == 0
    for one in (old, new):
        await one.close()
