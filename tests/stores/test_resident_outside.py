"""Vectors that are asked beside words in memory keep their promises, and are asked for nothing but numbers."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.stores.beside import chroma, database_of, indexed, qdrant
from tests.stores.conftest import Opener
from tests.stores.test_resident import FAKE, every_key, fill, said

from recollect.errors import IndexAway
from recollect.models import Kind, Reach, Where
from recollect.stores.beside import vectors as beside_vectors
from recollect.stores.postgres import vectors as postgres_vectors
from recollect.stores.resident.index import ResidentLore, ResidentVectors, ResidentWords, Threads
from recollect.stores.resident.tenants import Opened, Tenants
from recollect.testing.backend import Backend
from recollect.testing.delete import DeleteContract
from recollect.testing.sample import HERE, memory, put, rewrite
from recollect.testing.vectors import VectorsContract, embed_all, put_embedded
from recollect.testing.within import WithinContract
from recollect.text.words import question

WAYS = ["pgvector", "local", "edge", "chroma"]


class WordsAlone(Tenants):
    """Tenants whose vectors never fit."""

    def open(self, where: Where, model: str | None = None) -> Opened | None:
        return None if model is not None else super().open(where)

    def at_hand(self, where: Where, model: str | None = None) -> Opened | None:
        return None if model is not None else super().at_hand(where)


@pytest.fixture(params=WAYS)
async def behind(
    request: pytest.FixtureRequest, opener: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Backend:
    """What answers alone."""
    monkeypatch.setattr(beside_vectors, "EXACT", 0)  # few are many
    monkeypatch.setattr(postgres_vectors, "EXACT", 0)
    if request.param == "pgvector":
        return await opener.sql(request.getfixturevalue("pgvector_url"))
    if request.param == "chroma":
        address = request.getfixturevalue("chroma_url")
        return (await indexed(opener, tmp_path / "recollect.db", lambda store: chroma(address, store)))[0]
    return (await indexed(opener, tmp_path / "recollect.db", lambda store: qdrant(request.param, store, tmp_path)))[0]


@pytest.fixture
async def backend(behind: Backend, opener: Opener) -> Backend:
    """The same with words in memory in front."""
    tenants = WordsAlone(database_of(behind).searched, limit=1 << 30)
    threads = Threads(tenants)
    opener.stack.callback(tenants.close)
    opener.stack.callback(threads.close)
    return replace(
        behind,
        words=ResidentWords(threads, behind.words),
        vectors=ResidentVectors(threads, behind.vectors),
        lore=ResidentLore(threads, behind.lore),
    )


class TestVectors(VectorsContract):
    """Vectors outside."""


class TestDelete(DeleteContract):
    """Deleting, with words in memory and vectors outside."""


class TestWithin(WithinContract):
    """Nothing is widened."""


WHERES = (HERE, Where(Reach(), stale=True), Where(Reach(), (Kind.FACT, Kind.NOTE)), Where(Reach("default", None)))


class Noted:
    """What is in front of vectors that must not be asked for memories."""

    def __init__(self, vectors: Any) -> None:
        self._vectors = vectors
        self.asked = 0

    def __getattr__(self, name: str) -> Any:
        self.asked += name in {"search", "score"}
        return getattr(self._vectors, name)


async def test_they_find_what_the_records_would_whatever_has_happened(behind: Backend, backend: Backend) -> None:
    seed = random.Random(7)
    held: Any = backend.vectors
    noted = held._behind = Noted(behind.vectors)
    for rounds in range(2):
        await fill(behind, seed, 8)
        if not rounds:
            long = " ".join(said(seed) for _ in range(3000))
            await put(behind, memory(long, content_hash="long"), memory("apple"), size=120)
            await embed_all(behind, FAKE)
        keys = np.array(await every_key(behind), np.int64)
        for where in WHERES:
            vector = FAKE.one(said(seed)).vector
            noted.asked = 0
            near = await backend.vectors.search("fake", vector, where, 9)
            scores = await backend.vectors.score("fake", vector, where, keys)
            assert noted.asked == 0
            expected = await behind.vectors.search("fake", vector, where, 9)
            assert near.scores.tolist() == pytest.approx(expected.scores.tolist(), abs=5e-3)
            assert len(set(near.keys.tolist())) == 9
            assert (near.mean, near.deviation) == pytest.approx((expected.mean, expected.deviation), abs=5e-2)
            known = await behind.vectors.score("fake", vector, where, keys)
            assert np.allclose(scores, known, atol=5e-3, equal_nan=True)


async def test_where_few_may_answer_all_that_may_are_compared(backend: Backend) -> None:
    keys = await put_embedded(backend, *(memory(f"apple number{n}") for n in range(60)))
    (fact,) = await put_embedded(backend, memory("a pear", kind=Kind.FACT))
    vector = FAKE.one("apple number7").vector
    assert (await backend.vectors.search("fake", vector, Where(Reach(), (Kind.FACT,)), 5)).keys.tolist() == [fact]
    assert (await backend.vectors.search("fake", vector, HERE, 1)).keys.tolist() == [keys[7]]


async def test_what_has_just_been_written_anew_is_found_by_its_new_text(backend: Backend) -> None:
    items = [memory(f"apple number{n}") for n in range(20)]
    keys = await put_embedded(backend, *items)
    await backend.words.search(question("apple"), HERE, 5)
    await rewrite(backend, replace(items[3], text="kiwi", version=2))
    await embed_all(backend, FAKE)
    found = await backend.vectors.search("fake", FAKE.one("kiwi").vector, HERE, 3)
    assert found.keys[0] == keys[3]
    assert found.scores[0] == pytest.approx(1, abs=5e-3)
    scores = await backend.vectors.score("fake", FAKE.one("kiwi").vector, HERE, np.array(keys))
    assert scores[3] == pytest.approx(1, abs=5e-3)


@pytest.mark.parametrize("behind", ["edge"], indirect=True)
async def test_while_the_index_is_away_words_answer_alone(
    behind: Backend, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_embedded(backend, *(memory(f"apple number{n}") for n in range(20)))
    held: Any = behind.vectors

    async def away(*_asked: Any) -> list[int]:
        raise IndexAway("It is not there", hint="Start it.")

    monkeypatch.setattr(held.index, "nearest", away)
    found = await backend.vectors.search("fake", FAKE.one("apple number7").vector, HERE, 3)
    assert not len(found.keys)
    assert len((await backend.words.search(question("apple"), HERE, 3)).keys) == 3


async def test_tenants_that_are_not_there_have_nothing(backend: Backend) -> None:
    await put_embedded(backend, memory("apple"))
    nobody = Where(Reach("nobody", "nothing"))
    asked = FAKE.one("apple").vector
    assert not len((await backend.vectors.search("fake", asked, nobody, 3)).keys)
    assert np.isnan(await backend.vectors.score("fake", asked, nobody, np.array([1, 2]))).all()
    assert np.isnan(await backend.vectors.score("fake", asked, HERE, np.array([999]))).all()
