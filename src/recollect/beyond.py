"""The library's verbs that go beyond one project: search and its history, what projects share, and the audit log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from recollect.access.acting import Acting
from recollect.across.arguments import number, projects, question
from recollect.across.search import Told
from recollect.across.shared import Shared
from recollect.app import App
from recollect.capture.identifier import identifier
from recollect.capture.instant import instant
from recollect.errors import Denied, InvalidInput
from recollect.models import (
    Across,
    AcrossGraph,
    Action,
    AuditEntry,
    AuditFilter,
    AuditHead,
    AuditProof,
    Context,
    Decision,
    PastSearch,
    Person,
    Reach,
    Related,
)

LAST = 2**63 - 1
"""The largest number an entry of a log or a history can have."""


class Beyond:
    """Verbs over several projects; whoever has them brings the application and the actor."""

    _app: App
    _acting: Acting

    async def _start(self) -> None:
        raise NotImplementedError

    async def search_across(
        self,
        query: str,
        *,
        project_ids: Sequence[str] = (),
        include_all_projects: bool = False,
        merge_strategy: str = "score",
        max_results_per_project: int = 10,
        limit: int | None = None,
        user_id: str | None = None,
        agent_id: str | None = None,
        kinds: Sequence[str] | None = None,
        filters: Mapping[str, Any] | None = None,
        asked_at: datetime | str | None = None,
        explain: bool = False,
        stale: bool = False,
        told: Told | None = None,
    ) -> Across:
        """Return what answers a question in the projects that are named, or in all that may be read.

        `merge_strategy` is `score` (the best first, comparable across projects), `time` (the latest first) or
        `project` (one of each in turn). At most `project.max_projects_per_search` are searched: the first named, or
        those written to last. Raises Denied unless `project.enable_cross_project_search` is set.
        """
        asked = question(
            query,
            project_ids=project_ids,
            include_all_projects=include_all_projects,
            merge_strategy=merge_strategy,
            max_results_per_project=max_results_per_project,
            limit=limit,
            user_id=user_id,
            agent_id=agent_id,
            kinds=kinds,
            filters=filters,
            asked_at=asked_at,
            explain=explain,
            stale=stale,
        )
        await self._start()
        with self._app.meters.timing("search", "across") as timing:
            found = await self._app.across.search(self._acting, asked, told)
            timing.count = len(found.hits)
        return found

    async def context_across(
        self,
        query: str,
        *,
        project_ids: Sequence[str] = (),
        include_all_projects: bool = False,
        merge_strategy: str = "score",
        max_results_per_project: int = 10,
        user_id: str | None = None,
        budget: int | None = None,
    ) -> tuple[Context, Across]:
        """Return what several projects know about a question as text within a budget, and what it was made of.

        `merge_strategy` says which hits are offered to the text where more are found than it looks at. Nothing of it
        goes into the search history. Raises Denied as `search_across` does.
        """
        if budget is not None:
            number(budget, "budget", LAST)
        engine = self._app.engine
        asked = question(
            query,
            project_ids=project_ids,
            include_all_projects=include_all_projects,
            merge_strategy=merge_strategy,
            max_results_per_project=max_results_per_project,
            limit=engine.rules.top_k,
            user_id=user_id,
        )
        await self._start()
        with self._app.meters.timing("context", "across") as timing:
            found = await self._app.across.search(self._acting, asked, kept=False)
            best = sorted(found.hits, key=lambda hit: -hit.score)
            reach = Reach(asked.user_id, None)
            made = await engine.composing.context(asked.text, best, reach, budget=budget, form="markdown")
            timing.count = len(made.memories)
        return made, found

    async def related_projects(self, project_id: str, *, user_id: str | None = None, limit: int = 5) -> list[Related]:
        """Return the projects most like one, of those that may be read without being named, and what ties them to it.

        Likeness is that of the middles of their memories and of the entities they name. Raises Denied as
        `search_across` does.
        """
        asked, whose = identifier(project_id, "project_id"), _user(user_id)
        await self._start()
        asked = await self._acting.access.named(asked)
        return await self._shared.related(self._acting, asked, user_id=whose, limit=number(limit, "limit", 50))

    async def recommend(
        self, project_id: str, *, query: str | None = None, user_id: str | None = None, limit: int = 10
    ) -> Across:
        """Return what other projects know about a question, or without one about a project's latest memories.

        Raises Denied as `search_across` does.
        """
        asked, whose = identifier(project_id, "project_id"), _user(user_id)
        if query is not None:
            query = question(query).text
        await self._start()
        asked = await self._acting.access.named(asked)
        return await self._shared.recommended(
            self._acting, asked, query=query, user_id=whose, limit=number(limit, "limit")
        )

    async def graph_across(
        self,
        *,
        project_ids: Sequence[str] = (),
        user_id: str | None = None,
        limit: int = 100,
        shared: bool = True,
    ) -> AcrossGraph:
        """Return the entities that several projects know, and their relations; without names those of all projects.

        With `shared` false also what only one of them knows. Raises Denied as `search_across` does.
        """
        names, whose = projects(project_ids), _user(user_id)
        await self._start()
        return await self._shared.graph(
            self._acting, projects=names, user_id=whose, limit=number(limit, "limit"), shared=shared
        )

    @property
    def _shared(self) -> Shared:
        return Shared(self._app.across, self._app.engine)

    async def readable_projects(self, *, user_id: str | None = None) -> list[str]:
        """Return the projects in which a user has memories that may be read, the one written to last first."""
        whose = self._acting.actor.user_id if user_id is None else identifier(user_id, "user_id")
        await self._start()
        return await self._app.across.projects(self._acting, whose)

    async def search_history(
        self, *, user_id: str | None = None, limit: int = 100, beyond: int | None = None
    ) -> list[PastSearch]:
        """Return what a user searched for across projects, the latest first, those before the id `beyond`."""
        whose = self._whose(user_id)
        before = None if beyond is None else number(beyond, "beyond", LAST)
        await self._start()
        return await self._app.across.past(whose, limit=number(limit, "limit"), beyond=before)

    async def forget_searches(self, *, user_id: str | None = None, ids: Sequence[int] | None = None) -> int:
        """Delete what a user searched for across projects, all of it or some; return how many searches went."""
        whose = self._whose(user_id)
        named = None if ids is None else [number(one, "ids", LAST) for one in ids]
        await self._start()
        return await self._app.across.forget(whose, named)

    async def _forbid(self, reach: Reach) -> None:
        """Let a forget of a whole user or project stand, for stores that are away and still have what is forgotten."""
        if reach.conversation_id is reach.agent_id is None:
            await self._app.sync.forbid(reach)

    async def _forget_searches(self, reach: Reach) -> None:
        """Delete the history of a user of whom everything is forgotten; another user's is not an admin's to delete."""
        whole = reach.project_id is reach.conversation_id is reach.agent_id is None
        others = isinstance(self._acting.actor, Person) and reach.user_id != self._acting.actor.user_id
        if whole and reach.user_id is not None and not others:
            await self._app.across.forget(self._whose(reach.user_id))

    async def audit(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        project_id: str | None = None,
        decision: str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        limit: int = 100,
        beyond: int | None = None,
        newest: bool = True,
    ) -> list[AuditEntry]:
        """Return entries of the audit log, the newest first unless `newest` is false, those beyond the entry `beyond`.

        Who may look after the whole store sees all of it, who may manage a project what names that project; raises
        Denied for everybody else.
        """
        await self._start()
        access, who = self._app.access, self._acting.actor
        whole = await self._acting.access.verdict(who, Action.OPERATE, Reach(None, None))
        project = None if project_id is None else identifier(project_id, "project_id")
        if not whole.allowed:
            await access.require(who, Action.OPERATE if project is None else Action.MANAGE, project)
        asked = AuditFilter(
            actor,
            action,
            project,
            _decision(decision),
            None if since is None else instant(since, "since"),
            None if until is None else instant(until, "until"),
        )
        await self._app.across.settled()
        found = await self._app.audit.entries(asked, limit=number(limit, "limit"), beyond=beyond, newest=newest)
        return found if whole.allowed else [_only(entry, project or "") for entry in found]

    async def verify_audit(self, *, known: Sequence[AuditHead] = ()) -> AuditProof:
        """Read the whole audit log and return where its chain is broken, if it is.

        `known` are ends of the log that were kept elsewhere: it must still hold them. Raises Denied for whoever may not
        look after the store.
        """
        await self._start()
        await self._app.access.require(self._acting.actor, Action.OPERATE)
        await self._app.across.settled()
        return await self._app.audit.verify(known)

    def _whose(self, user_id: str | None) -> str:
        """Return whose history is meant: a person's own, or anybody's for who may name any user."""
        actor = self._acting.actor
        whose = actor.user_id if user_id is None else identifier(user_id, "user_id")
        if isinstance(actor, Person) and whose != actor.user_id:
            raise Denied("A search history is its user's own", hint="Leave out user_id.")
        return whose


def _user(given: str | None) -> str | None:
    return None if given is None else identifier(given, "user_id")


def _decision(given: str | None) -> Decision | None:
    try:
        return None if given is None else Decision(given)
    except ValueError as error:
        known = ", ".join(Decision)
        raise InvalidInput(f"{given!r} is no decision", field="decision", hint=f"Decisions are {known}.") from error


def _only(entry: AuditEntry, project_id: str) -> AuditEntry:
    """Return an entry as those see it who manage one of its projects: the others are not theirs to know."""
    return replace(entry, deed=replace(entry.deed, projects=(project_id,)))
