"""One question asked in several projects of a user, and the answers made one list."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Final, Literal, get_args

from recollect.capture.identifier import identifier
from recollect.errors import Denied, InvalidInput
from recollect.library import AsyncMemory
from recollect.models import DEFAULT, Hit, Owner

Merge = Literal["score", "time", "project"]
"""How answers become one list: the best first, the latest first, or a turn for each project."""

MOST: Final = 10_000
"""Projects of a user that are known of."""


@dataclass(frozen=True, slots=True)
class Across:
    """What a search in several projects found.

    `found` counts the hits of each project that was searched, before any were left out; `left` are the projects that
    there was no room for. `total` is the sum of `found`.
    """

    hits: tuple[Hit, ...]
    found: Mapping[str, int]
    left: tuple[str, ...]
    milliseconds: float

    @property
    def total(self) -> int:
        """Hits in all projects."""
        return sum(self.found.values())

    def shown(self, project: str) -> int:
        """Return how many of a project's hits are among `hits`."""
        return sum(hit.memory.scope.project_id == project for hit in self.hits)


Told = Callable[[int, int], Awaitable[None]]
"""Told how many of how many projects have answered."""


async def search_across(
    memory: AsyncMemory,
    query: str,
    *,
    projects: Sequence[str] = (),
    everywhere: bool = False,
    merge: str = "score",
    per_project: int = 10,
    limit: int | None = None,
    user_id: str | None = None,
    told: Told | None = None,
) -> Across:
    """Search the projects that are named, or all of a user, at the same time.

    At most `project.max_projects_per_search` are searched: the first named, or those written to last. Raises Denied
    unless the settings allow it, InvalidInput where no project is named.
    """
    allowed = memory.app.settings.project
    if not allowed.enable_cross_project_search:
        raise Denied(
            "Cross-project search is not enabled",
            hint="Set the environment variable PROJECT__ENABLE_CROSS_PROJECT_SEARCH=true, "
            "or project.enable_cross_project_search in the settings file, and start anew.",
        )
    order = _merge(merge)
    begun = time.perf_counter()
    user = DEFAULT if user_id is None else identifier(user_id, "user_id")
    names = await _names(memory, projects, user, everywhere=everywhere)
    asked, left = names[: allowed.max_projects_per_search], names[allowed.max_projects_per_search :]
    answered = 0

    async def one(project: str) -> list[Hit]:
        nonlocal answered
        hits = await memory.search(query, user_id=user, project_id=project, limit=per_project)
        answered += 1
        if told is not None:
            await told(answered, len(asked))
        return hits

    lists = await asyncio.gather(*(one(project) for project in asked))
    hits = merged(lists, order)[:limit]
    found = {project: len(found) for project, found in zip(asked, lists, strict=True)}
    return Across(tuple(hits), found, tuple(left), (time.perf_counter() - begun) * 1000)


async def projects_of(memory: AsyncMemory, user_id: str) -> list[Owner]:
    """Return the projects in which a user has memories, the one written to last first."""
    known = await memory.app.owners.owners("project_id", user=user_id, limit=MOST)
    return sorted(known, key=lambda owner: (owner.last_at, owner.name), reverse=True)


def merged(lists: Sequence[Sequence[Hit]], order: Merge) -> list[Hit]:
    """Return the hits of several lists, each best first, as one."""
    if order == "project":
        return [hit for hit in chain.from_iterable(zip_longest(*lists)) if hit is not None]
    hits = [hit for found in lists for hit in found]
    if order == "time":
        return sorted(hits, key=lambda hit: hit.memory.occurred_at, reverse=True)
    return sorted(hits, key=lambda hit: hit.score, reverse=True)


async def _names(memory: AsyncMemory, given: Sequence[str], user: str, *, everywhere: bool) -> list[str]:
    if everywhere:
        return [owner.name for owner in await projects_of(memory, user)]
    names = list(dict.fromkeys(identifier(name, "project_ids") for name in given))
    if not names:
        raise InvalidInput(
            "No project is named", field="project_ids", hint="Name some in project_ids, or set include_all_projects."
        )
    return names


def _merge(value: str) -> Merge:
    for known in get_args(Merge):
        if value == known:
            return known  # type: ignore[no-any-return]
    raise InvalidInput(
        f"There is no merge_strategy {value[:60]!r}", field="merge_strategy", hint="Use score, time or project."
    )
