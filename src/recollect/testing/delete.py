"""What deleting must do in every store: a memory goes with all that repeats its text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from recollect.exchange import Batch
from recollect.models import EntityType, Kind, Mention, Reach, Where
from recollect.testing.backend import Backend
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.sample import HERE, entry, memory, put, rewrite, turn
from recollect.testing.vectors import embed_all

FAKE = FakeEmbedder()


class DeleteContract:
    """After a delete nothing finds the memory, whichever way is asked."""

    async def test_what_a_job_derives_from_what_was_deleted_meanwhile_is_not_written(self, backend: Backend) -> None:
        gone, there = turn("I prefer zebra stripes"), turn("We meet on Mondays")
        await put(backend, gone, there)
        await backend.records.commit(Batch(deletes=[gone.id]))
        late = [
            memory("prefers zebra stripes", kind=Kind.FACT, sources=(gone.id,)),
            memory("zebra stripes on Mondays", kind=Kind.SUMMARY, sources=(gone.id, there.id)),
        ]
        half = memory("meets on Mondays", kind=Kind.FACT, sources=(gone.id, there.id))
        done = await backend.records.commit(Batch(adds=[entry(item) for item in (*late, half)]))
        assert done.new == (False, False, True)
        assert [item.id for item in await backend.records.get([item.id for item in (*late, half)])] == [half.id]
        kept = memory("meetings", kind=Kind.SUMMARY, sources=(there.id,))
        await put(backend, kept)
        stale = replace(kept, text="zebra meetings", sources=(gone.id, there.id), version=2)
        await rewrite(backend, stale)
        assert [item.text for item in await backend.records.get([kept.id])] == ["meetings"]

    async def test_a_deleted_memory_is_found_in_no_way(self, backend: Backend) -> None:
        item = memory("the zebra password")
        other = memory("an ordinary note")
        await put(backend, item, other)
        await rewrite(backend, replace(item, text="the zebra password again", version=2))
        mentions = {item.id: [Mention("Zebra", EntityType.NAME)], other.id: [Mention("Note", EntityType.NAME)]}
        relations = {item.id: [("Zebra", "eats", "Grass")]}
        links = [(item.id, other.id, "near"), (other.id, item.id, "near")]
        await backend.records.commit(Batch(mentions=mentions, relations=relations, links=links))
        await embed_all(backend, FAKE)
        (key,) = (await backend.records.keys([item.id])).values()
        assert len((await backend.words.search(["zebra"], HERE, 5)).keys) == 1

        done = await backend.records.commit(Batch(deletes=[item.id]))
        assert done.deleted == 1
        assert await backend.records.get([item.id]) == []
        assert await backend.records.fetch([key]) == []
        assert await backend.records.keys([item.id]) == {}
        assert await backend.records.ids(Where(Reach(), stale=True)) == [other.id]
        assert (await backend.words.search(["zebra"], HERE, 5)).keys.tolist() == []
        assert (await backend.words.score(["zebra"], HERE, np.array([key]))).tolist() == [0]
        asked = FAKE.one("the zebra password").vector
        assert key not in (await backend.vectors.search("fake", asked, HERE, 5)).keys.tolist()
        assert np.isnan(await backend.vectors.score("fake", asked, HERE, np.array([key]))).all()
        assert key not in (await backend.lore.recent(HERE, 5)).tolist()
        assert len((await backend.lore.traits(HERE, np.array([key]))).keys) == 0
        assert [thing.name for thing in await backend.graph.list(Reach())] == ["Note"]
        assert await backend.graph.neighbours(Reach(), "Zebra") == []

    async def test_what_was_derived_from_it_alone_goes_too(self, backend: Backend) -> None:
        one, other = turn("I prefer tabs"), turn("I prefer tabs indeed")
        await put(backend, one, other)
        alone = memory("fact of one", kind=Kind.FACT, sources=(one.id,))
        both = memory("fact of both", kind=Kind.FACT, sources=(one.id, other.id), repeats=2)
        summary = memory("summary", kind=Kind.SUMMARY, sources=(one.id, other.id))
        nested = memory("fact of the fact", kind=Kind.FACT, sources=(alone.id,))
        await put(backend, alone, both, summary, nested)
        assert (await backend.records.commit(Batch(deletes=[one.id]))).deleted == 4
        left = (await backend.records.page(Where(Reach(), stale=True), limit=9, newest=False)).memories
        assert [item.text for item in left] == ["I prefer tabs indeed", "fact of both"]
        assert left[1].sources == (other.id,)
        assert (await backend.records.commit(Batch(deletes=[other.id]))).deleted == 2

    async def test_a_fact_that_somebody_wrote_stays_without_the_turns_that_said_it_too(self, backend: Backend) -> None:
        one, other = turn("I prefer tabs"), turn("I prefer tabs indeed")
        await put(backend, one, other)
        written = memory("written", kind=Kind.FACT, sources=(one.id, other.id), repeats=3)
        await put(backend, written)
        for item, left, repeats in ((one, (other.id,), 2), (other, (), 1)):
            assert (await backend.records.commit(Batch(deletes=[item.id]))).deleted == 1
            (fact,) = await backend.records.get([written.id])
            assert (fact.sources, fact.repeats) == (left, repeats)

    async def test_a_fact_of_two_turns_goes_with_the_second(self, backend: Backend) -> None:
        one, other = turn("I prefer tabs"), turn("I prefer tabs indeed")
        await put(backend, one, other, memory("fact", kind=Kind.FACT, sources=(one.id, other.id), repeats=2))
        assert (await backend.records.commit(Batch(deletes=[other.id]))).deleted == 1
        assert (await backend.records.commit(Batch(deletes=[one.id]))).deleted == 2

    async def test_a_new_text_takes_what_the_old_one_named_with_it(self, backend: Backend) -> None:
        item = memory("Zebra eats Grass")
        await put(backend, item)
        mentions = {item.id: [Mention("Zebra", EntityType.NAME)]}
        await backend.records.commit(Batch(mentions=mentions, relations={item.id: [("Zebra", "eats", "Grass")]}))
        await rewrite(backend, replace(item, text="nothing of that", version=2))
        assert await backend.graph.list(Reach()) == []
        assert await backend.graph.neighbours(Reach(), "Zebra") == []

    async def test_a_conversation_goes_with_its_last_memory(self, backend: Backend) -> None:
        item = turn("only one", "short")
        await put(backend, item, turn("stays", "long"))
        await backend.records.commit(Batch(deletes=[item.id]))
        assert [talk.id for talk in await backend.records.conversations(Reach())] == ["long"]
        assert (await backend.records.stats(Reach(), "fake")).conversations == 1

    async def test_what_was_deleted_may_be_written_again(self, backend: Backend) -> None:
        item = memory("said once")
        await put(backend, item)
        await backend.records.commit(Batch(deletes=[item.id]))
        (key,) = await put(backend, item)
        assert await backend.records.get([item.id]) == [item]
        assert (await backend.words.search(["said"], HERE, 5)).keys.tolist() == [key]

    async def test_neighbours_of_what_is_gone_become_each_others(self, backend: Backend) -> None:
        turns = [turn(f"turn {number}") for number in range(4)]
        keys = await put(backend, *turns)
        await backend.lore.traits(HERE, np.array(keys))
        await backend.records.commit(Batch(deletes=[turns[1].id]))
        traits = await backend.lore.traits(HERE, np.array(keys))
        assert traits.keys.tolist() == [keys[0], keys[2], keys[3]]
        assert traits.before.tolist() == [-1, keys[0], keys[2]]
        assert traits.after.tolist() == [keys[2], keys[3], -1]
