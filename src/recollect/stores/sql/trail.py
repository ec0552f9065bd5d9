"""The Trail port over one database: the audit log and the search history in one transaction."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.models import Deed, PastSearch
from recollect.stores.sql.audit import SqlAudit
from recollect.stores.sql.search_history import kept


class SqlTrail:
    """The Trail port; the deed takes its place in the chain that `audit` continues."""

    def __init__(self, audit: SqlAudit) -> None:
        self._audit = audit

    async def leave(self, deed: Deed, past: PastSearch | None, *, keep: int) -> None:
        """Append the deed, and beside it insert the search."""

        def beside(connection: sa.Connection) -> None:
            if past is not None:
                kept(connection, past, keep)

        await self._audit.note_beside(deed, beside, durable=False)
