"""From what callers give to a question over several projects, checked once for all edges."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, get_args

from recollect.across.search import Question
from recollect.capture.identifier import identifier
from recollect.capture.instant import instant
from recollect.errors import InvalidInput, TooLarge
from recollect.models import Kind, Merge
from recollect.retrieve.filters import parse
from recollect.retrieve.search import MAX_LIMIT

MOST_NAMED: Final = 1000
"""Projects one question may name; how many of them are searched is a setting."""


def question(
    text: object,
    *,
    project_ids: object = (),
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
) -> Question:
    """Return a question as it is asked; raise InvalidInput or TooLarge naming the field."""
    if not isinstance(text, str):
        raise InvalidInput("query is not text", field="query", hint="Give it as a string.")
    return Question(
        text.encode("utf-8", "replace").decode(),
        projects(project_ids),
        bool(include_all_projects),
        merge_of(merge_strategy),
        number(max_results_per_project, "max_results_per_project"),
        None if limit is None else number(limit, "limit"),
        None if user_id is None else identifier(user_id, "user_id"),
        None if agent_id is None else identifier(agent_id, "agent_id"),
        _kinds(kinds),
        parse(filters),
        None if asked_at is None else instant(asked_at, "asked_at"),
        explain,
        stale,
    )


def projects(given: object) -> tuple[str, ...]:
    """Return the ids of projects, each once, in order."""
    if given is None:
        return ()
    if isinstance(given, str) or not isinstance(given, Collection):
        raise InvalidInput("project_ids is no list", field="project_ids", hint='Give a list such as ["web", "api"].')
    if len(given) > MOST_NAMED:
        raise TooLarge(f"{len(given)} projects are named", field="project_ids", hint=f"{MOST_NAMED} are the most.")
    return tuple(dict.fromkeys(identifier(name, "project_ids") for name in given))


def number(given: object, field: str, most: int = MAX_LIMIT) -> int:
    """Return a whole number from 1 to `most`."""
    if not isinstance(given, int) or isinstance(given, bool):
        raise InvalidInput(f"{field} is not a whole number", field=field, hint="Give a number such as 10.")
    if given < 1:
        raise InvalidInput(f"{field} is {given}", field=field, hint="Give 1 or more.")
    if given > most:
        raise TooLarge(f"{field} is {given}", field=field, hint=f"{most} is the most.")
    return given


def merge_of(given: object) -> Merge:
    """Return how answers are merged."""
    for known in get_args(Merge):
        if given == known:
            return known  # type: ignore[no-any-return]
    raise InvalidInput(
        f"There is no merge_strategy {str(given)[:60]!r}", field="merge_strategy", hint="Use score, time or project."
    )


def _kinds(given: object) -> tuple[Kind, ...]:
    if given is None:
        return ()
    if isinstance(given, str) or not isinstance(given, Collection):
        raise InvalidInput("kinds is no list", field="kinds", hint='Give a list such as ["note"].')
    try:
        return tuple(Kind(one) for one in given)
    except ValueError as error:
        raise InvalidInput(str(error), field="kinds", hint=f"Kinds are {', '.join(Kind)}.") from error
