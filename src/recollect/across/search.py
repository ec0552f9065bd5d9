"""One question asked in several projects at the same time, and the answers made one list.

Every such question is put into the audit log and, if that is kept, into the history of whoever asked: right after the
answer, and before anything is answered after it that could not be.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from recollect import models
from recollect.access.access import signed
from recollect.access.acting import Acting
from recollect.across.answers import Answers
from recollect.across.readable import Readable, everywhere, named
from recollect.across.trail import Trail
from recollect.errors import Denied, InvalidInput
from recollect.models import (
    Across,
    Decision,
    Deed,
    Filter,
    Hit,
    Kind,
    Merge,
    PastSearch,
    Person,
    Query,
    Reach,
    Searched,
    Where,
)
from recollect.ports import Clock, SearchHistory, Spread, Tenancies
from recollect.retrieve.across import Across as Pass
from recollect.retrieve.across import Asking, merged
from recollect.retrieve.search import MAX_LIMIT, Finder

NOT_ENABLED: Final = "Cross-project search is not enabled"
HOW_TO_ENABLE: Final = (
    "Set the environment variable PROJECT__ENABLE_CROSS_PROJECT_SEARCH=true, "
    "or project.enable_cross_project_search in the settings file, and start anew."
)

Embedding = asyncio.Task[models.Embedding | None]
"""The question's embedding, which has begun."""

Told = Callable[[int, int], Awaitable[None]]
"""Told how many of how many projects have answered."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Whether questions may go through several projects, how many at most, and how many of them a user's history holds.

    A history of none is not kept.
    """

    enabled: bool
    projects: int
    history: int


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and where: in the projects that are named, or in all that may be read (`everywhere`).

    `user_id` and `agent_id` narrow it to the memories of one; `besides` is a project that is left out of all.
    """

    text: str
    projects: tuple[str, ...] = ()
    everywhere: bool = False
    merge: Merge = "score"
    each: int = 10
    limit: int | None = None
    user_id: str | None = None
    agent_id: str | None = None
    kinds: tuple[Kind, ...] = ()
    filters: Filter | None = None
    asked_at: datetime | None = None
    explain: bool = False
    stale: bool = False
    besides: str | None = None


class CrossSearch:
    """Searches through several projects for an actor."""

    def __init__(
        self,
        finder: Finder,
        one_pass: Pass,
        tenancies: Tenancies,
        history: SearchHistory,
        trail: Trail,
        clock: Clock,
        limits: Limits,
        answering: Callable[[], bool],
        *,
        answers: Answers | None = None,
        sweep: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._finder, self._pass, self._tenancies = finder, one_pass, tenancies
        self._history, self._trail, self._clock, self.limits = history, trail, clock, limits
        self._answering = answering
        self.answers = Answers() if answers is None else answers
        self._sweep = sweep

    @property
    def spread(self) -> Spread:
        """What looks at all projects in one pass."""
        return self._pass.spread

    async def search(self, acting: Acting, asked: Question, told: Told | None = None, *, kept: bool = True) -> Across:
        """Return what answers a question in several projects; `kept` is whether it goes into the history.

        Raises Denied unless the settings allow it, or where no project that is named may be read; InvalidInput where
        none is named.
        """
        await self.allow(acting, "search_across", asked.projects)
        await self._trail.made_up()  # nothing is given while what was given before is not in the log
        begun = time.perf_counter()
        embedding = self._finder.embedding(asked.text) if asked.text.strip() else None
        try:
            where = await self.readable(acting, asked)
            past = None
            try:
                found = await self._answer(acting, asked, where, told, embedding)
                found = replace(found, milliseconds=(time.perf_counter() - begun) * 1000)
                past = self._past(acting, asked, found) if kept else None
            finally:
                await self._trail.leave(_deed(acting, asked, where), past)
        finally:
            if embedding is not None:
                embedding.cancel()
        return found

    async def allow(self, acting: Acting, action: str, projects: Sequence[str] = ()) -> None:
        """Raise Denied, and note that, unless the settings allow questions over several projects."""
        if not self.limits.enabled:
            deed = Deed(action, decision=Decision.DENIED, projects=tuple(projects), detail={"reason": "not enabled"})
            await acting.access.note(acting.actor, deed, durable=False)
            raise Denied(NOT_ENABLED, hint=HOW_TO_ENABLE)

    async def readable(self, acting: Acting, asked: Question, *, most: int | None = 0) -> Readable:
        """Return where a question looks: in as many projects as are allowed, or in `most` (`None`: any number)."""
        model = self._finder.ways.embed.model
        most = self.limits.projects if most == 0 else most
        if asked.everywhere:
            return await everywhere(
                acting,
                self._tenancies,
                user=asked.user_id,
                agent=asked.agent_id,
                model=model,
                most=most,
                besides=asked.besides,
            )
        if not asked.projects:
            raise InvalidInput(
                "No project is named",
                field="project_ids",
                hint="Name some in project_ids, or set include_all_projects.",
            )
        return await named(
            acting, self._tenancies, asked.projects, user=asked.user_id, agent=asked.agent_id, model=model, most=most
        )

    async def projects(self, acting: Acting, user_id: str) -> list[str]:
        """Return the projects in which a user has memories that may be read, the one written to last first."""
        reach = await acting.reach(Reach(user_id, None))
        found = await self._tenancies.tenancies(reach, self._finder.ways.embed.model)
        return list(dict.fromkeys(one.project_id for one in found))

    async def past(self, user_id: str, *, limit: int, beyond: int | None = None) -> list[PastSearch]:
        """Return what a user searched for, the latest first."""
        await self.settled()
        return await self._history.list(user_id, limit=limit, beyond=beyond)

    async def forget(self, user_id: str, ids: Sequence[int] | None = None) -> int:
        """Delete what a user searched for, all or some; return how much it was."""
        await self.settled()
        deleted = await self._history.delete(user_id, ids)
        if deleted and self._sweep is not None:
            await self._sweep()  # freed pages are wiped
        return deleted

    async def settled(self) -> None:
        """Wait until every search so far is in the log and in its history."""
        await self._trail.settled()

    async def _answer(
        self, acting: Acting, asked: Question, where: Readable, told: Told | None, embedding: Embedding | None
    ) -> Across:
        moment = asked.asked_at or self._clock.now()
        parts = (acting.actor, asked, where.reach, where.tenancies, where.projects, self._answering())
        key = repr(parts)  # written out once: hashing it part by part, again and again, would take longer
        held = self.answers.get(key, moment)
        if held is None:
            before = self._answering()
            held = await self._find(asked, where, moment, told, embedding)
            if before == self._answering():
                self.answers.keep(key, moment, held)
        elif told is not None:
            await told(len(where.projects), len(where.projects))
        return replace(held, left=where.left, denied=where.denied)

    async def _find(
        self, asked: Question, where: Readable, moment: datetime, told: Told | None, embedding: Embedding | None
    ) -> Across:
        limit = min(asked.limit or MAX_LIMIT, max(1, asked.each * len(where.projects)), MAX_LIMIT)
        conditions = Where(where.reach, asked.kinds, asked.filters, valid_at=moment, stale=asked.stale)
        query = Query(asked.text, conditions, moment, limit, asked.explain)
        asking = Asking(where.projects, where.tenants, asked.each, asked.merge)
        together = await self._pass.search(query, asking, embedding) if embedding is not None else None
        if together is None:
            hits, counts = await self._apart(query, asking, told)
        else:
            hits, counts = together.hits, together.counts
            if told is not None:
                await told(len(where.projects), len(where.projects))
        return Across(hits, _searched(where, hits, counts))

    async def _apart(
        self, query: Query, asking: Asking, told: Told | None
    ) -> tuple[tuple[Hit, ...], Mapping[str, int]]:
        """Ask each project by itself: where they do not fit in memory together, and where the latest are asked for."""
        answered = 0

        async def one(project: str) -> list[Hit]:
            nonlocal answered
            reach = query.where.reach
            inside = Reach(reach.user_id, project, agent_id=reach.agent_id, within=reach.within)
            found = await self._finder.search(
                replace(query, where=replace(query.where, reach=inside), limit=asking.each)
            )
            answered += 1
            if told is not None:
                await told(answered, len(asking.projects))
            return found

        lists = await asyncio.gather(*(one(project) for project in asking.projects))
        counts = {project: len(found) for project, found in zip(asking.projects, lists, strict=True)}
        return tuple(merged(lists, asking.merge)[: query.limit]), counts

    def _past(self, acting: Acting, asked: Question, found: Across) -> PastSearch:
        """Return what is kept of a search for its user."""
        actor = acting.actor
        user = actor.user_id if isinstance(actor, Person) else asked.user_id or actor.user_id
        projects = tuple(project.project_id for project in found.projects)
        return PastSearch(
            0, self._clock.now(), user, asked.text, projects, asked.merge, found.total, found.milliseconds
        )


def _deed(acting: Acting, asked: Question, where: Readable) -> Deed:
    """Return what the audit log is told of a question: who and where, not its words."""
    detail: dict[str, str | int | bool] = {"merge": asked.merge, "all": asked.everywhere}
    deed = Deed("search_across", projects=where.projects, target=asked.user_id or "", detail=detail)
    return signed(acting.actor, deed)


def _searched(where: Readable, hits: Sequence[Hit], counts: Mapping[str, int]) -> tuple[Searched, ...]:
    shown = dict.fromkeys(where.projects, 0)
    for hit in hits:
        shown[hit.memory.scope.project_id] = shown.get(hit.memory.scope.project_id, 0) + 1
    return tuple(Searched(one, where.names.get(one, one), shown[one], counts.get(one, 0)) for one in where.projects)
