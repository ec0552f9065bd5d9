"""What every Vectors must do: exact search, one model at a time, never beyond its reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recollect.errors import InvalidInput
from recollect.exchange import Batch
from recollect.models import And, Compare, Kind, Op, Reach, Scope, Where
from recollect.testing.backend import Backend
from recollect.testing.clock import START
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.sample import HERE, memory, put, rewrite, texts, turn
from recollect.text.words import terms

FAKE = FakeEmbedder()


async def embed_all(backend: Backend, embedder: FakeEmbedder) -> int:
    """Give every chunk that ought to have one a vector; return how many got one."""
    missing = await backend.vectors.unembedded(embedder.model, limit=10_000)
    rows = {item.chunk: embedder.one(item.text).vector for item in missing}
    await backend.vectors.put(embedder.model, rows)
    return len(rows)


async def put_embedded(backend: Backend, *items: object, embedder: FakeEmbedder = FAKE) -> list[int]:
    """Add memories and embed them; return their keys."""
    keys = await put(backend, *items)  # type: ignore[arg-type]
    await embed_all(backend, embedder)
    return keys


class VectorsContract:
    """Search by meaning."""

    async def test_the_nearest_come_first_with_their_cosines(self, backend: Backend) -> None:
        said = ["the cat sat on the mat", "a cat sat here", "build fails on arm64", "cats"]
        keys = await put_embedded(backend, *(memory(text) for text in said))
        asked = FAKE.one("the cat sat on the mat")
        found = await backend.vectors.search("fake", asked.vector, HERE, 10)
        exact = np.array([np.frombuffer(FAKE.one(text).vector, "<f4") for text in said])
        exact = exact @ np.frombuffer(asked.vector, "<f4")
        order = np.lexsort((keys, -exact))
        assert found.keys.tolist() == [keys[place] for place in order]
        assert np.allclose(found.scores, exact[order], atol=1e-4)
        assert found.mean == pytest.approx(exact.mean(), abs=1e-3)
        assert found.deviation == pytest.approx(exact.std(), abs=1e-3)
        assert (await backend.vectors.search("fake", asked.vector, HERE, 2)).keys.tolist() == found.keys.tolist()[:2]

    async def test_scores_are_given_for_the_memories_asked_for(self, backend: Backend) -> None:
        keys = await put_embedded(backend, memory("one cat"), memory("two dogs"))
        bare = await put(backend, memory("no vector"))
        asked = FAKE.one("one cat").vector
        scores = await backend.vectors.score("fake", asked, HERE, np.array([keys[1], bare[0], 10**9, keys[0]]))
        assert np.isnan(scores).tolist() == [False, True, True, False]
        assert scores[3] == pytest.approx(1, abs=1e-4)
        assert len(await backend.vectors.score("fake", asked, HERE, np.empty(0, np.int64))) == 0

    async def test_a_vector_put_again_replaces_the_first(self, backend: Backend) -> None:
        (key,) = await put_embedded(backend, memory("one cat"))
        found = await backend.vectors.search("fake", FAKE.one("one cat").vector, HERE, 1)
        await backend.vectors.put("fake", {int(found.chunks[0]): FAKE.one("two dogs").vector})
        scores = await backend.vectors.score("fake", FAKE.one("two dogs").vector, HERE, np.array([key]))
        assert scores[0] == pytest.approx(1, abs=1e-4)
        stats = await backend.records.stats(Reach(), "fake")
        assert stats.embedded == 1

    async def test_vectors_of_unknown_chunks_are_passed_over(self, backend: Backend) -> None:
        await backend.vectors.put("fake", {10**9: FAKE.one("x").vector})
        await backend.vectors.put("fake", {})
        assert (await backend.vectors.search("fake", FAKE.one("x").vector, HERE, 5)).keys.tolist() == []
        assert await backend.vectors.models() == []

    async def test_another_dimension_is_refused(self, backend: Backend) -> None:
        await put_embedded(backend, memory("one cat"))
        await put(backend, memory("two dogs"))
        (item,) = await backend.vectors.unembedded("fake", limit=5)
        narrow = FakeEmbedder(dimension=8)
        with pytest.raises(InvalidInput):
            await backend.vectors.put("fake", {item.chunk: narrow.one("two dogs").vector})
        assert len(await backend.vectors.unembedded("fake", limit=5)) == 1
        with pytest.raises(InvalidInput):
            await backend.vectors.search("fake", narrow.one("two dogs").vector, HERE, 5)

    async def test_vectors_of_different_models_never_meet(self, backend: Backend) -> None:
        other = FakeEmbedder("other", 64)
        keys = await put_embedded(backend, memory("one cat"), memory("two dogs"))
        assert (await backend.vectors.search("other", other.one("cat").vector, HERE, 5)).keys.tolist() == []
        assert await backend.vectors.models() == ["fake"]
        assert await embed_all(backend, other) == 2
        third = await put_embedded(backend, memory("three cats"))
        assert (await backend.vectors.search("other", other.one("one cat").vector, HERE, 5)).keys.tolist() == keys
        assert third[0] in (await backend.vectors.search("fake", FAKE.one("cats").vector, HERE, 5)).keys
        assert await backend.vectors.models() == ["fake", "other"]
        assert (await backend.vectors.search("none", FAKE.one("cat").vector, HERE, 5)).keys.tolist() == []

    async def test_dropped_vectors_are_made_again_even_with_another_dimension(self, backend: Backend) -> None:
        other = FakeEmbedder("other", 64)
        await put_embedded(backend, memory("one cat"), memory("two dogs"))
        await embed_all(backend, other)
        asked = FAKE.one("one cat").vector
        assert len((await backend.vectors.search("fake", asked, HERE, 5)).keys) == 2
        assert await backend.vectors.drop("fake") == 2
        assert await backend.vectors.drop("unknown") == 0
        assert (await backend.vectors.search("fake", asked, HERE, 5)).keys.tolist() == []
        assert await backend.vectors.models() == ["other"]
        wide = FakeEmbedder(dimension=512)
        assert await embed_all(backend, wide) == 2
        assert len((await backend.vectors.search("fake", wide.one("one cat").vector, HERE, 5)).keys) == 2
        assert await backend.vectors.drop() == 4
        assert await backend.vectors.models() == []

    async def test_chunks_without_a_vector_are_told_in_order(self, backend: Backend) -> None:
        items = [
            turn("Where do you live?", speaker="Bo"),
            turn("Lisbon", speaker="Al"),
            memory("ok", dense=False),
            memory("a note"),
        ]
        await put(backend, *items)
        missing = await backend.vectors.unembedded("fake", limit=9)
        assert [item.text for item in missing] == ["Where do you live?", "Lisbon", "a note"]
        assert await backend.vectors.unembedded("fake", limit=1) == missing[:1]
        named = await backend.vectors.unembedded("fake", limit=9, memory_ids=[items[3].id, items[2].id, "unknown"])
        assert named == missing[2:]
        assert await backend.vectors.unembedded("fake", limit=9, memory_ids=[]) == []
        await backend.vectors.put("fake", {missing[0].chunk: FAKE.one("x").vector})
        assert await backend.vectors.unembedded("fake", limit=9) == missing[1:]

    async def test_a_text_rewritten_needs_a_new_vector(self, backend: Backend) -> None:
        item = memory("one cat")
        (key,) = await put_embedded(backend, item)
        await rewrite(backend, replace(item, text="two dogs", version=2))
        assert np.isnan(await backend.vectors.score("fake", FAKE.one("one cat").vector, HERE, np.array([key]))).all()
        assert await embed_all(backend, FAKE) == 1
        scores = await backend.vectors.score("fake", FAKE.one("two dogs").vector, HERE, np.array([key]))
        assert scores[0] == pytest.approx(1, abs=1e-4)

    async def test_a_memory_scores_by_its_best_chunk(self, backend: Backend) -> None:
        text = "alpha bravo gamma delta hotel india "
        (key,) = await put(backend, memory(text), size=12)
        await put_embedded(backend, memory("alpha"))
        found = await backend.words.search(terms("gamma"), HERE, 1)
        chunk = int(found.chunks[0])
        await backend.vectors.put("fake", {chunk: FAKE.one("gamma delta").vector})
        best = await backend.vectors.search("fake", FAKE.one("gamma delta").vector, HERE, 9)
        assert (int(best.keys[0]), int(best.chunks[0])) == (key, chunk)
        assert best.scores[0] == pytest.approx(1, abs=1e-4)
        assert len(best.keys) == 2

    async def test_no_search_looks_beyond_its_reach(self, backend: Backend) -> None:
        places = [Scope(user, project, "c", "a") for user in ("u1", "u2") for project in ("p1", "p2")]
        keys = await put_embedded(backend, *(turn("one cat", scope=place) for place in places))
        asked = FAKE.one("one cat").vector
        for reach, seen in (
            (Reach("u1", "p1"), keys[:1]),
            (Reach("u1", None), keys[:2]),
            (Reach(None, "p2"), keys[1::2]),
            (Reach("u2", "p2", "c", "a"), keys[3:]),
            (Reach("u2", "p2", "other"), []),
            (Reach("u2", "p2", None, "other"), []),
            (Reach("u3", "p1"), []),
            (Reach(None, None), []),
        ):
            found = await backend.vectors.search("fake", asked, Where(reach), 9)
            assert sorted(found.keys.tolist()) == seen
            scores = await backend.vectors.score("fake", asked, Where(reach), np.array(keys))
            assert [key for key, score in zip(keys, scores, strict=True) if not np.isnan(score)] == seen

    async def test_conditions_narrow_the_search(self, backend: Backend) -> None:
        keys = await put_embedded(
            backend,
            memory("one cat", metadata={"n": 1}),
            memory("one cat", metadata={"n": 2}, kind=Kind.FACT),
            memory("one cat", metadata={"n": 3}, superseded_by="x"),
            memory("one cat", metadata={"n": 4}, expires_at=START),
        )
        asked = FAKE.one("cat").vector
        some = And((Compare("metadata.n", Op.GTE, 2), Compare("metadata.n", Op.LTE, 4)))
        for where, seen in (
            (Where(Reach()), [0, 1, 3]),
            (Where(Reach(), valid_at=START), [0, 1]),
            (Where(Reach(), valid_at=START, stale=True), [0, 1, 2, 3]),
            (Where(Reach(), (Kind.FACT,)), [1]),
            (Where(Reach(), filter=some), [1, 3]),
            (Where(Reach(), (Kind.NOTE,), some, START, stale=True), [2, 3]),
        ):
            found = await backend.vectors.search("fake", asked, where, 9)
            assert sorted(found.keys.tolist()) == [keys[place] for place in seen]

    async def test_what_is_written_between_two_searches_is_found(self, backend: Backend) -> None:
        asked = FAKE.one("one cat").vector
        for round_ in range(6):
            item = memory(f"one cat {round_}")
            await put_embedded(backend, item, memory(f"two dogs {round_}"))
            if round_ % 2:
                await backend.records.commit(Batch(deletes=[item.id]))
            found = await backend.vectors.search("fake", asked, HERE, 99)
            expected = {f"one cat {n}" for n in range(round_ + 1) if not n % 2}
            expected |= {f"two dogs {n}" for n in range(round_ + 1)}
            assert set(await texts(backend, found.keys)) == expected
