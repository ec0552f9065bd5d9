"""What every Graph must do: know what memories speak of, never beyond its reach."""

from __future__ import annotations

from dataclasses import replace

from recollect.exchange import Batch, Revision
from recollect.models import EntityType, Kind, Memory, Mention, Reach, Scope, Where
from recollect.testing.backend import Backend
from recollect.testing.sample import HERE, memory, put


async def tell(backend: Backend, item: Memory, *names: str) -> int:
    """Add a memory that mentions these names; return its key."""
    (key,) = await put(backend, item)
    await backend.records.commit(Batch(mentions={item.id: [Mention(name, EntityType.PERSON) for name in names]}))
    return key


class GraphContract:
    """Entities, mentions, relations."""

    async def test_an_entity_is_one_whatever_its_case(self, backend: Backend) -> None:
        one = await tell(backend, memory("a"), "Alice  Smith", "Bo")
        other = await tell(backend, memory("b"), "alice smith")
        (alice,) = await backend.graph.entities(Reach(), ["ALICE SMITH"])
        assert (alice.name, alice.type, alice.mentions) == ("Alice  Smith", EntityType.PERSON, 2)
        assert (alice.user_id, alice.project_id) == ("default", "default")
        assert (await backend.graph.mentions(HERE, [alice.id], 9)).tolist() == [other, one]
        assert (await backend.graph.mentions(HERE, [alice.id], 1)).tolist() == [other]
        assert await backend.graph.entities(Reach(), ["nobody"]) == []
        assert await backend.graph.entities(Reach(), []) == []
        assert (await backend.graph.mentions(HERE, [], 9)).tolist() == []

    async def test_the_most_mentioned_come_first(self, backend: Backend) -> None:
        for names in (["Al", "Bo"], ["Bo"], ["Bo", "Cy"]):
            await tell(backend, memory("x"), *names)
        assert [(thing.name, thing.mentions) for thing in await backend.graph.list(Reach())] == [
            ("Bo", 3),
            ("Al", 1),
            ("Cy", 1),
        ]
        assert [thing.name for thing in await backend.graph.list(Reach(), limit=1)] == ["Bo"]

    async def test_telling_it_twice_changes_nothing(self, backend: Backend) -> None:
        item = memory("x")
        await tell(backend, item, "Al", "Al")
        mentions = {item.id: [Mention("Al", EntityType.PERSON)], "unknown": [Mention("No", EntityType.PERSON)]}
        relations = {item.id: [("Al", "knows", "Bo")]}
        for _ in range(2):
            await backend.records.commit(Batch(mentions=mentions, relations=relations, links=[(item.id, "no", "near")]))
        assert [(thing.name, thing.mentions) for thing in await backend.graph.list(Reach())] == [("Al", 1), ("Bo", 0)]
        assert [one.weight for one in await backend.graph.neighbours(Reach(), "al")] == [1]

    async def test_no_read_crosses_a_tenant(self, backend: Backend) -> None:
        scopes = [Scope(user, project) for user in ("u1", "u2") for project in ("p1", "p2")]
        keys = []
        for scope in scopes:
            item = memory("x", scope)
            keys.append(await tell(backend, item, "Al"))
            await backend.records.commit(Batch(relations={item.id: [("Al", "knows", "Bo")]}))
        every = [thing.id for thing in await backend.graph.list(Reach("u1", None)) if thing.name == "Al"]
        every += [thing.id for thing in await backend.graph.list(Reach("u2", None)) if thing.name == "Al"]
        assert len(every) == 4
        for reach, seen in (
            (Reach("u1", "p1"), keys[:1]),
            (Reach("u1", None), keys[:2]),
            (Reach(None, "p2"), keys[1::2]),
            (Reach("u3", None), []),
            (Reach(None, None), []),
        ):
            assert len(await backend.graph.entities(reach, ["al"])) == len(seen)
            assert len(await backend.graph.list(reach)) == 2 * len(seen)
            assert sorted((await backend.graph.mentions(Where(reach), every, 9)).tolist()) == seen
            assert sum(one.weight for one in await backend.graph.neighbours(reach, "Al")) == len(seen)

    async def test_mentions_meet_the_conditions(self, backend: Backend) -> None:
        item = memory("x")
        key = await tell(backend, item, "Al")
        fact = await tell(backend, memory("y", kind=Kind.FACT), "Al")
        (alice,) = await backend.graph.entities(Reach(), ["Al"])
        assert (await backend.graph.mentions(Where(Reach(), (Kind.FACT,)), [alice.id], 9)).tolist() == [fact]
        await backend.records.commit(Batch(revisions=[Revision(replace(item, superseded_by="z", version=2))]))
        assert (await backend.graph.mentions(HERE, [alice.id], 9)).tolist() == [fact]
        stale = Where(Reach(), stale=True)
        assert (await backend.graph.mentions(stale, [alice.id], 9)).tolist() == [fact, key]

    async def test_relations_count_the_memories_that_tell_them(self, backend: Backend) -> None:
        items = [memory(f"x{number}") for number in range(3)]
        await put(backend, *items)
        relations = {
            items[0].id: [("Al", "knows", "Bo"), ("Al", "likes", "Cy")],
            items[1].id: [("Al", "knows", "Bo")],
            items[2].id: [("Di", "knows", "Bo")],
        }
        await backend.records.commit(Batch(relations=relations))
        found = [
            (one.subject, one.predicate, one.object, one.weight)
            for one in await backend.graph.neighbours(Reach(), "AL")
        ]
        assert found == [("Al", "knows", "Bo", 2), ("Al", "likes", "Cy", 1)]
        assert len(await backend.graph.neighbours(Reach(), "bo")) == 2
        assert len(await backend.graph.neighbours(Reach(), "al", limit=1)) == 1

    async def test_what_nothing_names_any_more_is_gone(self, backend: Backend) -> None:
        one, other = memory("x"), memory("y")
        await tell(backend, one, "Al", "Bo")
        await tell(backend, other, "Bo")
        await backend.records.commit(Batch(relations={one.id: [("Al", "knows", "Cy")]}))
        await backend.records.commit(Batch(deletes=[one.id]))
        assert [(thing.name, thing.mentions) for thing in await backend.graph.list(Reach())] == [("Bo", 1)]
        assert await backend.graph.neighbours(Reach(), "Al") == []
        await backend.records.commit(Batch(deletes=[other.id]))
        assert await backend.graph.list(Reach()) == []
