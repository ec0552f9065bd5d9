"""Puts together what notes which memories assistants are told."""

from __future__ import annotations

from recollect.ports import Clock, Records
from recollect.settings import AgentsSettings
from recollect.stores.sql.database import Database
from recollect.stores.sql.tellings import SqlTellings
from recollect.worker.noting import Noting


def noting(chosen: AgentsSettings, database: Database, records: Records, clock: Clock) -> tuple[SqlTellings, Noting]:
    """Return where tellings are kept, and what puts them there."""
    kept = SqlTellings(database)
    return kept, Noting(kept, records, clock, days=chosen.keep_told_days)
