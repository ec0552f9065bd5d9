"""What every Graph must do: know what memories speak of, never beyond its reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from recollect.exchange import Batch, Revision
from recollect.models import EntityPath, EntityType, Kind, Memory, Mention, Reach, Scope, Where
from recollect.testing.backend import Backend
from recollect.testing.clock import START
from recollect.testing.sample import HERE, memory, put


async def tell(backend: Backend, item: Memory, *names: str) -> int:
    """Add a memory that mentions these names; return its key."""
    (key,) = await put(backend, item)
    await backend.records.commit(Batch(mentions={item.id: [Mention(name, EntityType.PERSON) for name in names]}))
    return key


async def relate(backend: Backend, item: Memory, *relations: str) -> Memory:
    """Add a memory that says how things are related, each as `Al knows Bo`."""
    await put(backend, item)
    said = [(one, verb, other) for one, verb, other in (text.split() for text in relations)]
    await backend.records.commit(Batch(relations={item.id: said}))
    return item


def shown(path: EntityPath) -> str:
    """Return a path as text, the direction and weight of each relation with it."""
    steps = []
    for here, one in zip(path.entities, path.relations, strict=False):
        steps.append(
            f"{here} -{one.predicate}{one.weight}> "
            if one.subject == here
            else f"{here} <{one.predicate}{one.weight}- "
        )
    return "".join(steps) + path.entities[-1]


async def paths(backend: Backend, start: str, end: str, **asked: Any) -> list[str]:
    """Return the paths between two entities in the default project, as text."""
    return [shown(path) for path in await backend.graph.paths(Reach(), start, end, **asked)]


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

    async def test_relations_hold_for_their_time(self, backend: Backend) -> None:
        day = timedelta(days=1)
        await relate(backend, memory("then", valid_from=START, valid_to=START + 2 * day), "Al leads Bo", "Al knows Cy")
        await relate(backend, memory("now", valid_from=START + 2 * day), "Di leads Bo")
        await relate(backend, memory("ever"), "Al knows Cy")
        for at, leads, knows in (
            (START - day, [], 1),
            (START, ["Al"], 2),
            (START + day, ["Al"], 2),
            (START + 2 * day, ["Di"], 1),
        ):
            found = await backend.graph.neighbours(Reach(), "Bo", at=at)
            assert [one.subject for one in found] == leads, at
            (one,) = await backend.graph.neighbours(Reach(), "Cy", at=at)
            assert one.weight == knows
        (led, _) = await backend.graph.neighbours(Reach(), "bo")
        assert (led.subject, led.valid_from, led.valid_to) == ("Al", START, START + 2 * day)
        assert await paths(backend, "Al", "Bo", at=START + 2 * day) == []
        assert await paths(backend, "Al", "Bo", at=START) == ["Al -leads1> Bo"]

    async def test_a_memory_that_ends_ends_what_it_says(self, backend: Backend) -> None:
        item = await relate(backend, memory("x"), "Al leads Bo")
        later = START + timedelta(days=9)
        assert len(await backend.graph.neighbours(Reach(), "Al", at=later)) == 1
        await backend.records.commit(Batch(revisions=[Revision(replace(item, valid_to=START, version=2))]))
        assert await backend.graph.neighbours(Reach(), "Al", at=later) == []
        (one,) = await backend.graph.neighbours(Reach(), "Al")
        assert one.valid_to == START
        assert await backend.graph.communities(Reach(), at=later) == []

    async def test_the_shortest_paths_are_found_whichever_way_relations_point(self, backend: Backend) -> None:
        await relate(backend, memory("x"), "Al knows Bo", "Cy knows Bo", "Cy knows Di", "Di knows Ed", "Al likes Zo")
        await relate(backend, memory("y"), "Zo likes Cy", "Al trusts Bo", "Al knows Bo")
        assert await paths(backend, "AL", "ed") == [
            "Al -knows2> Bo <knows1- Cy -knows1> Di -knows1> Ed",
            "Al -likes1> Zo -likes1> Cy -knows1> Di -knows1> Ed",
        ]
        assert await paths(backend, "Al", "Bo") == ["Al -knows2> Bo"]
        assert await paths(backend, "Bo", "Al") == ["Bo <knows2- Al"]
        assert len(await paths(backend, "Al", "Ed", limit=1)) == 1
        assert await paths(backend, "Al", "Ed", hops=3) == []
        for nowhere in ("nobody", "al", ""):
            assert await paths(backend, "Al", nowhere) == []
        (path, _) = await backend.graph.paths(Reach(), "Al", "Cy")
        assert (path.user_id, path.project_id, path.entities) == ("default", "default", ("Al", "Bo", "Cy"))

    async def test_no_path_crosses_a_tenant(self, backend: Backend) -> None:
        one, other = Scope("u1", "p1"), Scope("u1", "p2")
        await relate(backend, memory("x", one), "Al knows Bo")
        await relate(backend, memory("y", other), "Bo knows Cy", "Al knows Bo")
        found = await backend.graph.paths(Reach("u1", None), "Al", "Cy")
        assert [(path.project_id, shown(path)) for path in found] == [("p2", "Al -knows1> Bo -knows1> Cy")]
        assert await backend.graph.paths(Reach("u1", "p1"), "Al", "Cy") == []
        both = await backend.graph.paths(Reach("u1", None), "Al", "Bo")
        assert sorted(path.project_id for path in both) == ["p1", "p2"]
        assert await backend.graph.paths(Reach("u2", None), "Al", "Bo") == []

    async def test_a_path_breaks_with_the_memory_that_told_of_it(self, backend: Backend) -> None:
        item = await relate(backend, memory("x"), "Al knows Bo")
        await relate(backend, memory("y"), "Bo knows Cy")
        assert len(await paths(backend, "Al", "Cy")) == 1
        await backend.records.commit(Batch(deletes=[item.id]))
        assert await paths(backend, "Al", "Cy") == []

    async def test_communities_are_what_is_tied_closely(self, backend: Backend) -> None:
        await relate(backend, memory("x"), "Al knows Bo", "Bo knows Cy", "Cy knows Al", "Al knows Zo")
        await relate(backend, memory("y"), "Zo eats Yam", "Yam is Xu", "Xu eats Zo", "Xu meets Xu")
        await tell(backend, memory("both"), "Al", "Bo")
        await tell(backend, memory("alone"), "Lone")
        await tell(backend, memory("pair"), "Rex", "Ace")
        found = await backend.graph.communities(Reach())
        assert [(one.size, one.weight, one.entities) for one in found] == [
            (3, 4, ("Al", "Bo", "Cy")),
            (3, 3, ("Xu", "Yam", "Zo")),
            (2, 1, ("Ace", "Rex")),
        ]
        assert await backend.graph.communities(Reach(), limit=1) == found[:1]
        assert await backend.graph.communities(Reach("nobody")) == []

    async def test_communities_keep_to_their_tenant(self, backend: Backend) -> None:
        for project in ("p1", "p2"):
            await relate(backend, memory("x", Scope("u1", project)), "Al knows Bo")
        for reach, projects in (
            (Reach("u1", "p2"), ["p2"]),
            (Reach("u1", None), ["p1", "p2"]),
            (Reach("u2", None), []),
            (Reach(None, None), []),
        ):
            found = await backend.graph.communities(reach)
            assert [(one.user_id, one.project_id, one.size) for one in found] == [("u1", name, 2) for name in projects]

    async def test_what_is_deleted_ties_nothing(self, backend: Backend) -> None:
        item = await relate(backend, memory("x"), "Al knows Bo")
        other = memory("y")
        await tell(backend, other, "Al", "Bo")
        (both,) = await backend.graph.communities(Reach())
        assert both.weight == 2
        await backend.records.commit(Batch(deletes=[item.id]))
        (one,) = await backend.graph.communities(Reach())
        assert one.weight == 1
        await backend.records.commit(Batch(deletes=[other.id]))
        assert await backend.graph.communities(Reach()) == []
