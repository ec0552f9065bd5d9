"""What every Sync and every Nodes must do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from recollect.exchange import Batch, Entry, Revision
from recollect.models import Add, Arrived, Chunk, Going, Memory, Node, Replica, Revise, Task
from recollect.ports import Nodes, Records, Sync
from recollect.testing.clock import START
from recollect.testing.sample import memory, pieces

ID = "01a1f9d7-009c-71c2-9ce5-483b859c{:04x}"


@dataclass(frozen=True, slots=True)
class Store:
    """A store under test: its records, and what it exchanges."""

    records: Records
    sync: Sync


def numbered(number: int, text: str = "", **fields: Any) -> Memory:
    """Return a memory whose id is one that may travel."""
    return memory(text or f"memory {number}", id=ID.format(number), **fields)


def all_of(_: Memory) -> Going:
    """Let everything go."""
    return Going.YES


def public(item: Memory) -> Going:
    """Let go what does not say that it is private."""
    return Going.PRIVATE if item.metadata.get("visibility") == "private" else Going.YES


def index(item: Memory) -> Sequence[Chunk]:
    """Return a memory as one chunk."""
    return pieces(item.text)


def nothing(_: Arrived) -> Sequence[Task]:
    """Leave no jobs behind."""
    return ()


async def add(store: Store, *items: Memory) -> None:
    """Write memories as a client would."""
    await store.records.commit(Batch(adds=[Entry(item, index(item), f"key-{item.id}") for item in items]))


async def revise(store: Store, name: str, **changes: Any) -> None:
    """Write the next version of a memory."""
    (old,) = await store.records.get([name])
    new = replace(old, version=old.version + 1, **changes)
    await store.records.commit(Batch(revisions=[Revision(new, index(new) if "text" in changes else None)]))


async def gone(store: Store, *names: str) -> None:
    """Delete memories."""
    await store.records.commit(Batch(deletes=names))


async def pages(
    store: Store, after: int = 0, *, judge: Callable[[Memory], Going] = all_of, limit: int = 500
) -> tuple[list[Replica], int]:
    """Return all that departs, and the place to go on from."""
    found: list[Replica] = []
    while True:
        page = await store.sync.departing(after, judge, limit=limit)
        found += page.replicas
        after = page.next
        if not page.more:
            return found, after


class SyncContract:
    """Stores exchange the present state of memories; `store` and `other` are two empty ones."""

    async def test_a_store_keeps_its_name_and_has_one_of_its_own(self, store: Store, other: Store) -> None:
        assert await store.sync.name() == await store.sync.name()
        assert await store.sync.name() != await other.sync.name()

    async def test_what_departs_from_one_is_the_same_in_the_other(self, store: Store, other: Store) -> None:
        item = numbered(1, "green tea 绿茶", metadata={"n": [1, None]}, title="Tea")
        await add(store, item)
        page, _ = await pages(store)
        done = await other.sync.take(page, index, nothing, via="one")
        assert done.fresh == (item.id,)
        assert await other.records.get([item.id]) == await store.records.get([item.id])

    async def test_each_memory_departs_once_as_it_is_now(self, store: Store) -> None:
        await add(store, numbered(1), numbered(2))
        await revise(store, ID.format(1), text="second")
        await revise(store, ID.format(1), text="third")
        page, _ = await pages(store, limit=2)
        assert [(one.id, (one.body or {})["text"]) for one in page] == [
            (ID.format(2), "memory 2"),
            (ID.format(1), "third"),
        ]

    async def test_taking_a_page_again_changes_nothing(self, store: Store, other: Store) -> None:
        await add(store, numbered(1))
        page, _ = await pages(store)
        await other.sync.take(page, index, nothing, via="one")
        head = await other.records.head()
        assert (await other.sync.take(page, index, nothing, via="one")).known == 1
        assert await other.records.head() == head

    async def test_what_came_from_somebody_is_not_told_to_him(self, store: Store, other: Store) -> None:
        await add(store, numbered(1))
        page, _ = await pages(store)
        await other.sync.take(page, index, nothing, via="one")
        assert (await other.sync.departing(0, all_of, to="one")).replicas == ()
        assert len((await other.sync.departing(0, all_of, to="another")).replicas) == 1
        await revise(other, ID.format(1), title="mine")
        assert len((await other.sync.departing(0, all_of, to="one")).replicas) == 1

    async def test_the_end_of_what_left_departs_and_the_end_of_what_never_left_does_not(
        self, store: Store, other: Store
    ) -> None:
        await add(store, numbered(1), numbered(2))
        await gone(store, ID.format(2))
        page, place = await pages(store)
        await other.sync.take(page, index, nothing, via="one")
        await gone(store, ID.format(1))
        page, _ = await pages(store, place)
        assert [(one.id, one.body) for one in page] == [(ID.format(1), None)]
        assert (await other.sync.take(page, index, nothing, via="one")).deleted == 1
        assert await other.records.get([ID.format(1)]) == []

    async def test_an_older_state_does_not_bring_back_what_is_gone(self, store: Store, other: Store) -> None:
        await add(store, numbered(1))
        before, place = await pages(store)
        await gone(store, ID.format(1))
        after, _ = await pages(store, place)
        await other.sync.take(after, index, nothing, via="one")
        await other.sync.take(before, index, nothing, via="two")
        assert await other.records.get([ID.format(1)]) == []

    async def test_of_two_states_one_stands_whoever_hears_first_and_both_are_in_the_history(
        self, store: Store, other: Store
    ) -> None:
        await add(store, numbered(1))
        page, place = await pages(store)
        await other.sync.take(page, index, nothing, via="one")
        await revise(store, ID.format(1), text="said here")
        await revise(other, ID.format(1), text="said there")
        here, _ = await pages(store, place)
        there, _ = await pages(other)
        await other.sync.take(here, index, nothing, via="one")
        await store.sync.take(there, index, nothing, via="two")
        ends = [(await one.records.get([ID.format(1)]))[0] for one in (store, other)]
        assert ends[0] == ends[1]
        for one in (store, other):
            events = [change.event for change in await one.records.history(ID.format(1))]
            told = [event.memory.text for event in events if isinstance(event, Add | Revise)]
            assert set(told) == {"memory 1", "said here", "said there"}
            assert told[-1] == ends[0].text

    async def test_what_becomes_private_is_called_back_and_stays_here(self, store: Store, other: Store) -> None:
        await add(store, numbered(1))
        page, place = await pages(store, judge=public)
        await other.sync.take(page, index, nothing, via="one")
        await revise(store, ID.format(1), metadata={"visibility": "private"})
        page, place = await pages(store, place, judge=public)
        await other.sync.take(page, index, nothing, via="one")
        assert await other.records.get([ID.format(1)]) == []
        back, _ = await pages(other)
        await store.sync.take(back, index, nothing, via="two")
        assert len(await store.records.get([ID.format(1)])) == 1
        await revise(store, ID.format(1), metadata={})
        page, _ = await pages(store, place, judge=public)
        await other.sync.take(page, index, nothing, via="one")
        assert len(await other.records.get([ID.format(1)])) == 1

    async def test_pages_are_bounded_by_characters_and_hold_one_at_least(self, store: Store) -> None:
        await add(store, *(numbered(number, "x" * 100) for number in range(1, 4)))
        page = await store.sync.departing(0, all_of, room=150)
        assert (len(page.replicas), page.more) == (1, True)
        assert len((await store.sync.departing(page.next, all_of, room=1)).replicas) == 1

    async def test_the_link_is_kept_and_held_by_one_process_at_a_time(self, store: Store) -> None:
        assert (await store.sync.link()).pulled == 0
        assert (await store.sync.link(pulled=7, paused=True, done_at=START)).pulled == 7
        link = await store.sync.link()
        assert (link.pulled, link.paused, link.done_at) == (7, True, START)
        assert await store.sync.hold("one", 60)
        assert await store.sync.hold("one", 60)
        assert not await store.sync.hold("two", 60)
        await store.sync.free("two")
        assert not await store.sync.hold("two", 60)
        await store.sync.free("one")
        assert await store.sync.hold("two", 60)


class NodesContract:
    """Nodes are known by their digests, in order, until they are revoked."""

    async def test_nodes_come_back_as_they_were_and_in_order(self, nodes: Nodes) -> None:
        held = [Node(f"n{place}", f"name {place}", f"{place:064x}", START, ("web", "!日记")) for place in (2, 1)]
        assert [await nodes.add(one) for one in held] == [True, True]
        assert await nodes.list() == held
        assert await nodes.holder(held[1].digest) == held[1]
        assert await nodes.holder("nobody") is None

    async def test_names_and_digests_are_taken_once(self, nodes: Nodes) -> None:
        first = Node("n1", "a", "d1", START)
        assert await nodes.add(first)
        assert not await nodes.add(Node("n2", "a", "d2", START))
        assert not await nodes.add(Node("n3", "b", "d1", START))
        assert await nodes.list() == [first]

    async def test_a_node_that_was_here_is_remembered_and_begins_anew_over_another_store(self, nodes: Nodes) -> None:
        await nodes.add(Node("n1", "a", "d1", START, reached=7, store="s"))
        later = START + timedelta(hours=1)
        await nodes.seen("n1", later, "s")
        (one,) = await nodes.list()
        assert (one.seen_at, one.reached) == (later, 7)
        await nodes.seen("n1", later, "t")
        (one,) = await nodes.list()
        assert (one.store, one.reached) == ("t", 0)

    async def test_a_revoked_node_is_gone(self, nodes: Nodes) -> None:
        await nodes.add(Node("n1", "a", "d1", START))
        assert await nodes.revoke("a")
        assert not await nodes.revoke("a")
        assert await nodes.holder("d1") is None
