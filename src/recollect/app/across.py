"""Puts together what asks several projects at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from recollect.across.answers import Answers
from recollect.across.search import CrossSearch, Limits
from recollect.ports import Clock, Records, Spread
from recollect.retrieve.across import Across
from recollect.retrieve.search import Finder
from recollect.settings import ProjectSettings
from recollect.stores.sql.database import Database
from recollect.stores.sql.search_history import SqlSearchHistory
from recollect.stores.sql.tenancies import SqlTenancies


def cross_search(
    chosen: ProjectSettings,
    database: Database,
    finder: Finder,
    spread: Spread,
    records: Records,
    clock: Clock,
    *,
    answering: Callable[[], bool],
    answers: Answers,
    sweep: Callable[[], Awaitable[None]],
) -> CrossSearch:
    """Return what searches several projects over a database.

    `answering` tells whether questions are embedded, `answers` is where they are kept, `sweep` has what was deleted
    wiped from the file.
    """
    return CrossSearch(
        finder,
        Across(finder, spread, records),
        SqlTenancies(database),
        SqlSearchHistory(database),
        clock,
        Limits(chosen.enable_cross_project_search, chosen.max_projects_per_search, chosen.keep_search_history),
        answering,
        answers=answers,
        sweep=sweep,
    )
