"""Puts together what asks several projects at once."""

from __future__ import annotations

from recollect.across.answers import Answers
from recollect.across.search import CrossSearch, Limits
from recollect.across.trail import Trail
from recollect.app.stores import Searching
from recollect.engine import SCRUB
from recollect.models import Task
from recollect.ports import Clock, Queue, Records
from recollect.providers.metered import MeteredEmbed
from recollect.retrieve.across import Across
from recollect.retrieve.search import Finder
from recollect.settings import ProjectSettings
from recollect.stores.resident.spread import ResidentSpread
from recollect.stores.resident.tenancies import ResidentTenancies
from recollect.stores.sql.audit import SqlAudit
from recollect.stores.sql.database import Database
from recollect.stores.sql.search_history import SqlSearchHistory
from recollect.stores.sql.tenancies import SqlTenancies
from recollect.stores.sql.trail import SqlTrail


def cross_search(
    chosen: ProjectSettings,
    database: Database,
    finder: Finder,
    found: Searching,
    records: Records,
    audit: SqlAudit,
    clock: Clock,
    embedding: MeteredEmbed,
    answers: Answers,
    queue: Queue,
) -> CrossSearch:
    """Return what searches several projects over a database.

    `found` is what searches each of them, `audit` the log that every question goes into, `answers` where answers are
    kept; `embedding` tells whether questions are embedded, and `queue` has what was deleted wiped from the file.
    """
    return CrossSearch(
        finder,
        Across(finder, ResidentSpread(found.threads, found.words, found.vectors), records),
        ResidentTenancies(found.tenants, SqlTenancies(database)),
        SqlSearchHistory(database),
        Trail(SqlTrail(audit), keep=chosen.keep_search_history),
        clock,
        Limits(chosen.enable_cross_project_search, chosen.max_projects_per_search, chosen.keep_search_history),
        lambda: embedding.answering,
        answers=answers,
        sweep=lambda: queue.push([Task(SCRUB, {})]),
    )
