"""What every Trail must do: both the deed and the search, or neither, in the order they are left."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from recollect.models import AuditFilter, Deed, PastSearch
from recollect.ports import Audit, SearchHistory, Trail
from recollect.testing.clock import START


@dataclass(frozen=True, slots=True)
class Left:
    """A trail, and the log and the history that it leads into."""

    trail: Trail
    audit: Audit
    history: SearchHistory


def past(query: str, user: str = "alice") -> PastSearch:
    """Return a search of a user's."""
    return PastSearch(0, START, user, query, ("web", "猫"), "score", 3, 1.5)


class TrailContract:
    """The log and the history of questions over projects."""

    async def test_a_question_is_in_the_log_and_in_its_users_history(self, left: Left) -> None:
        await left.trail.leave(Deed("search_across", "alice", projects=("web",)), past("one"), keep=10)
        await left.trail.leave(Deed("search_across", "alice"), None, keep=10)
        (only,) = await left.history.list("alice", limit=9)
        assert (only.query, only.projects, only.at) == ("one", ("web", "猫"), START)
        assert await left.history.list("bo", limit=9) == []
        noted = await left.audit.entries(AuditFilter(), limit=9, newest=False)
        assert [(entry.seq, entry.deed.projects) for entry in noted] == [(1, ("web",)), (2, ())]
        assert (await left.audit.verify()).whole

    async def test_only_the_latest_of_each_user_are_kept(self, left: Left) -> None:
        await left.trail.leave(Deed("search_across"), past("his", "bo"), keep=2)
        for number in range(5):
            await left.trail.leave(Deed("search_across"), past(str(number)), keep=2)
        assert [one.query for one in await left.history.list("alice", limit=9)] == ["4", "3"]
        assert [one.query for one in await left.history.list("bo", limit=9)] == ["his"]
        assert (await left.audit.verify()).entries == 6

    async def test_many_at_once_stand_in_one_chain(self, left: Left) -> None:
        await asyncio.gather(
            *(left.trail.leave(Deed("search_across"), past(str(number)), keep=99) for number in range(20))
        )
        assert ((await left.audit.verify()).entries, (await left.audit.verify()).whole) == (20, True)
        assert len(await left.history.list("alice", limit=99)) == 20
