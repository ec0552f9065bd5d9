"""The tools that look for memories: a short index, a composed context, one question in several projects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from recollect.across.search import Told
from recollect.mcp.argument import Conversation, Kinds, Project, Question, User
from recollect.mcp.desk import Call, Desk, Whose
from recollect.mcp.held import BUDGET, fitting, joined
from recollect.mcp.row import HEAD, row
from recollect.models import Across, Occasion
from recollect.ops.across_shape import across_of
from recollect.text.tokens import count

NAMED: Final = 12
"""Projects that are named where nothing was found."""
LAYERS: Final = "Next: `get_memories` for full texts, `timeline` for what was said around one."

Rows = Annotated[int, Field(ge=1, le=60, description="Rows at most.")]
Day = Annotated[
    str | None, Field(max_length=40, description="A day or time such as 2026-05-01 or 2026-05-01T09:00:00Z.")
]
Names = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=256)]] | None,
    Field(max_length=1000, description="The projects to search."),
]
Everywhere = Annotated[bool, Field(description="Search all projects of the user instead.")]
Merge = Annotated[
    Literal["score", "time", "project"],
    Field(description="Best first, latest first, or one of each project in turn."),
]
Each = Annotated[int, Field(ge=1, le=60, description="Most results of one project.")]


class Finding:
    """Tools that search."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def search_memories(
        self,
        query: Question,
        call: Call,
        limit: Rows = 20,
        kinds: Kinds = None,
        since: Day = None,
        until: Day = None,
        conversation_id: Conversation = None,
        project_id: Project = None,
        user_id: User = None,
    ) -> str:
        """Search what is remembered of earlier sessions: decisions, facts, preferences, what was tried, who said what.

        Use it before you ask the user for something he may have said before, when he refers to earlier work, and
        before you decide what a past decision may have settled. Words, names, file names, error messages and
        questions all work, in any language; times such as "last week" are understood.

        This is the first of three layers, made to be cheap: it answers with an index of 50 to 100 tokens a row (id,
        day, kind, title or first words, tokens of the full text), best first. Choose from it, then read only what you
        need with get_memories, or see what was said around a memory with timeline. An empty query lists the latest.

        For a ready-made text to work from, use inject_context instead.
        """
        whose = self._desk.whose(call, user_id, project_id)
        hits = await self._desk.of(call).search(
            query,
            **whose.named(),
            conversation_id=conversation_id,
            kinds=kinds,
            filters=_between(since, until),
            limit=limit,
        )
        if not hits:
            return await self._nothing(call, whose)
        rows, used = fitting([row(hit) for hit in hits])
        whole = sum(count(hit.memory.text) for hit in hits[: len(rows)])
        return joined(
            f"{_count(len(rows), 'memory', 'memories')} in project `{whose.project_id}`, best first. "
            f"This index: {used} tokens; the full texts: {whole} tokens.",
            [*HEAD, *rows],
            _left(len(hits) - len(rows)),
            LAYERS,
        )

    async def inject_context(
        self,
        query: Question,
        call: Call,
        budget: Annotated[int, Field(ge=50, le=BUDGET - 200, description="Most tokens of the text.")] = 2000,
        conversation_id: Conversation = None,
        project_id: Project = None,
        user_id: User = None,
    ) -> str:
        """Get what is remembered about a question as one composed text to work from, with dates and sources.

        Use it at the start of a task, or when a question needs several memories at once: it selects, removes what is
        said twice and keeps to the budget. Each line ends in a short id, which get_memories and timeline take.

        To look through candidates yourself, use search_memories: an index costs less.
        """
        whose = self._desk.whose(call, user_id, project_id)
        asked = {**whose.named(), "conversation_id": conversation_id, "budget": budget}
        made = await self._desk.of(call).context(query, **asked)
        if not made.memories:
            return await self._nothing(call, whose)
        held = await self._desk.of(call).app.engine.stores.records.get(list(made.memories))
        whole = sum(count(item.text) for item in held)
        await self._desk.of(call).note_told(made, Occasion.MCP, **asked)
        dropped = f"; {made.dropped} more had no room" if made.dropped else ""
        told = f"({made.tokens} tokens from {_count(len(held), 'memory', 'memories')} of {whole} tokens{dropped})"
        return joined(made.text, told)

    async def cross_project_search(
        self,
        query: Question,
        call: Call,
        project_ids: Names = None,
        include_all_projects: Everywhere = False,
        merge_strategy: Merge = "score",
        max_results_per_project: Each = 10,
        limit: Rows = 40,
        kinds: Kinds = None,
        since: Day = None,
        until: Day = None,
        user_id: User = None,
    ) -> str:
        """Search several projects at once: how something was solved elsewhere, what holds everywhere.

        Name the projects in project_ids, or set include_all_projects. Answers with one index like search_memories,
        each row with its project. It works only where the user has allowed it; search_memories with a project_id
        looks into one other project.
        """
        found = await self._desk.of(call).search_across(
            query,
            project_ids=project_ids or (),
            include_all_projects=include_all_projects,
            merge_strategy=merge_strategy,
            max_results_per_project=max_results_per_project,
            limit=limit,
            kinds=kinds,
            filters=_between(since, until),
            user_id=self._desk.whose(call, user_id, None).user_id,
            told=_teller(call),
        )
        names = ", ".join(f"`{one.project_id}` {one.total}" for one in found.projects)
        rows, used = fitting([row(hit, project=True) for hit in found.hits])
        return joined(
            f"{_count(found.total, 'result', 'results')} in {_count(len(found.projects), 'project', 'projects')}"
            f"{f' ({names})' if names else ''}, {len(rows)} shown in {used} tokens.{_not_searched(found)}",
            [*HEAD, *rows] if rows else "",
            _left(len(found.hits) - len(rows)),
            LAYERS if rows else "",
        )

    async def claude_memory_cross_project_search(
        self,
        query: Question,
        call: Call,
        project_ids: Names = None,
        include_all_projects: Everywhere = False,
        merge_strategy: Merge = "score",
        max_results_per_project: Each = 10,
        limit: Rows | None = None,
        user_id: User = None,
    ) -> str:
        """Search several projects at once: the older name of cross_project_search, which answers in JSON."""
        found = await self._desk.of(call).search_across(
            query,
            project_ids=project_ids or (),
            include_all_projects=include_all_projects,
            merge_strategy=merge_strategy,
            max_results_per_project=max_results_per_project,
            limit=limit,
            user_id=self._desk.whose(call, user_id, None).user_id,
            told=_teller(call),
        )
        answer = across_of(query, found)
        rows, _ = fitting([json.dumps(result, ensure_ascii=False) for result in answer["results"]], BUDGET - 500)
        return json.dumps({**answer, "results": answer["results"][: len(rows)]}, ensure_ascii=False)

    async def _nothing(self, call: Call, whose: Whose) -> str:
        """Say that nothing was found, and where else there is something."""
        known = await self._desk.of(call).readable_projects(user_id=whose.user_id)
        others = [f"`{name}`" for name in known if name != whose.project_id]
        more = f" and {len(others) - NAMED} more" if len(others) > NAMED else ""
        hint = f"Other projects of this user: {', '.join(others[:NAMED])}{more} (pass project_id)." if others else ""
        return joined(f"Nothing is remembered about that in project `{whose.project_id}`.", hint)


def _between(since: str | None, until: str | None) -> Mapping[str, Any] | None:
    bounds = {name: value for name, value in (("gte", since), ("lte", until)) if value}
    return {"occurred_at": bounds} if bounds else None


def _left(number: int) -> str:
    return f"{number} more rows were left out to keep this short: ask a narrower question." if number > 0 else ""


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _teller(call: Call) -> Told:
    """Return what tells a client how many projects have answered."""

    async def told(done: int, of: int) -> None:
        await call.report_progress(done, of, f"{done} of {of} projects searched")

    return told


def _not_searched(found: Across) -> str:
    left = f" Not searched for want of room: {', '.join(found.left[:NAMED])}." if found.left else ""
    denied = f" Not searched, for you may not read them: {', '.join(found.denied[:NAMED])}." if found.denied else ""
    return left + denied
