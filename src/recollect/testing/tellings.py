"""What every Tellings must do: keep what was told in order, within its bounds, and let it go with what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from recollect.exchange import Batch
from recollect.models import Memory, Occasion, Project, Reach, Scope, Telling, Within
from recollect.ports import Projects, Records, Tellings
from recollect.testing.backend import Backend
from recollect.testing.clock import START
from recollect.testing.sample import memory, put

TALK = Scope("alice", "web", "c1", "claude-code")
LONG_AGO = START - timedelta(days=999)


@dataclass(frozen=True, slots=True)
class Kept:
    """Tellings over a store, and what they go with."""

    tellings: Tellings
    backend: Backend
    projects: Projects

    @property
    def records(self) -> Records:
        return self.backend.records

    async def memories(self, count: int, scope: Scope = TALK) -> list[Memory]:
        """Write memories."""
        made = [memory(f"the gate number {number}", scope) for number in range(count)]
        await put(self.backend, *made)
        return made

    async def add(self, *told: Telling, since: datetime = LONG_AGO, most: int = 100) -> None:
        """Keep tellings."""
        await self.tellings.add(told, since=since, most=most)

    async def told(self, scope: Scope = TALK) -> list[tuple[str, ...]]:
        """Return the memories of what was told in a conversation."""
        return [one.memories for one in await self.tellings.told(scope, limit=100)]


def telling(memories: Sequence[Memory], scope: Scope = TALK, at: datetime = START, turn: str | None = None) -> Telling:
    """Return what was told of these memories."""
    return Telling(at, Occasion.PROMPT, scope, tuple(item.id for item in memories), 40, 900, 300, turn)


class TellingsContract:
    """What assistants were told."""

    async def test_what_was_told_is_read_as_it_was_in_order(self, kept: Kept) -> None:
        one, two, asked = await kept.memories(3)
        await kept.add(telling([two, one], turn=asked.id), telling([one], at=START + timedelta(seconds=1)))
        first, second = await kept.tellings.told(Scope("alice", "web", "c1"), limit=9)
        assert (first.memories, first.turn, first.scope) == ((two.id, one.id), asked.id, TALK)
        assert (first.way, first.tokens, first.whole, first.budget, first.at) == (
            Occasion.PROMPT,
            40,
            900,
            300,
            START,
        )
        assert (second.memories, second.turn, second.at) == ((one.id,), None, START + timedelta(seconds=1))
        assert [one.id for one in await kept.tellings.told(TALK, limit=9, beyond=first.id)] == [second.id]
        assert [one.id for one in await kept.tellings.told(TALK, limit=1)] == [first.id]

    async def test_no_other_conversation_user_or_project_has_it(self, kept: Kept) -> None:
        await kept.add(telling(await kept.memories(1)))
        for other in (Scope("bo", "web", "c1"), Scope("alice", "docs", "c1"), Scope("alice", "web", "c2"), Scope()):
            assert await kept.told(other) == []

    async def test_uses_are_counted_by_conversation_the_latest_first(self, kept: Kept) -> None:
        one, two = await kept.memories(2)
        later, outside = Scope("alice", "web", "c2"), Scope("alice", "web")
        await kept.add(
            telling([one]),
            telling([one, two], at=START + timedelta(minutes=1)),
            telling([one, one], later, at=START + timedelta(hours=1)),
            telling([one], outside, at=START - timedelta(hours=1)),
        )
        found = [(use.scope.conversation_id, use.times, use.last_at) for use in await kept.tellings.uses(one.id)]
        assert found == [
            ("c2", 1, START + timedelta(hours=1)),
            ("c1", 2, START + timedelta(minutes=1)),
            (None, 1, START - timedelta(hours=1)),
        ]
        assert [use.times for use in await kept.tellings.uses(two.id)] == [1]
        assert await kept.tellings.uses("nobody") == []

    async def test_only_the_latest_are_kept_and_none_that_are_too_old(self, kept: Kept) -> None:
        items = await kept.memories(6)
        await kept.add(telling([items[0]], at=START - timedelta(days=9)), telling([items[1]]))
        await kept.add(telling([items[2]]), since=START - timedelta(days=1))
        assert await kept.told() == [(items[1].id,), (items[2].id,)]
        await kept.add(*(telling([item]) for item in items[3:]), most=3)
        assert await kept.told() == [(item.id,) for item in items[3:]]

    async def test_of_what_is_gone_nothing_is_kept(self, kept: Kept) -> None:
        (one,) = await kept.memories(1)
        ghost = memory("never written", TALK)
        await kept.add(telling([ghost, one], turn=ghost.id), telling([ghost]), telling([]))
        (found,) = await kept.tellings.told(TALK, limit=9)
        assert (found.memories, found.turn) == ((one.id,), None)

    async def test_a_deleted_memory_goes_out_of_what_was_told(self, kept: Kept) -> None:
        one, two, asked = await kept.memories(3)
        await kept.add(telling([one, two], turn=asked.id), telling([one]))
        await kept.records.commit(Batch(deletes=[one.id, asked.id]))
        (found,) = await kept.tellings.told(TALK, limit=9)
        assert (found.memories, found.turn) == ((two.id,), None)
        assert await kept.tellings.uses(one.id) == []

    async def test_a_conversation_that_is_gone_takes_along_what_was_told_in_it(self, kept: Kept) -> None:
        mine = await kept.memories(2)
        (other,) = await kept.memories(1, Scope("alice", "docs", "c9"))
        await kept.add(telling([other]), telling([other], Scope("bo", "web", "c1")))
        await kept.records.commit(Batch(deletes=[item.id for item in mine]))
        assert await kept.told() == []
        assert len(await kept.told(Scope("bo", "web", "c1"))) == 1

    async def test_a_project_takes_along_what_was_told_in_it(self, kept: Kept) -> None:
        mine = await kept.memories(1)
        (other,) = await kept.memories(1, Scope("alice", "docs"))
        await kept.add(telling([other, *mine]), telling([other], Scope("alice", "docs", "d1")))
        await kept.projects.add(Project("web", "web", START))
        await kept.projects.rename("web", "site")
        moved = Scope("alice", "site", "c1")
        assert (await kept.told(), await kept.told(moved)) == ([], [(other.id, mine[0].id)])
        await kept.projects.erase("site")
        assert (await kept.told(moved), await kept.told(Scope("alice", "docs", "d1"))) == ([], [(other.id,)])

    async def test_what_was_told_is_deleted_within_reach_and_nowhere_else(self, kept: Kept) -> None:
        (one,) = await kept.memories(1)
        scopes = [TALK, Scope("bo", "web", "c1"), Scope("alice", "docs", "c1"), Scope("alice", "web")]
        await kept.add(*(telling([one], scope) for scope in scopes))
        assert await kept.tellings.delete(Reach(None, None)) == 0
        assert await kept.tellings.delete(Reach(None, None, within=Within(user_id="bo", own=frozenset({"web"})))) == 1
        assert await kept.tellings.delete(Reach("alice", "web", "c1")) == 1
        assert [use.scope.project_id for use in await kept.tellings.uses(one.id)] == ["docs", "web"]
        assert await kept.tellings.delete(Reach("alice", None, within=Within(frozenset({"docs"})))) == 1
        assert await kept.tellings.delete(Reach("alice", None)) == 1
        assert await kept.tellings.uses(one.id) == []
