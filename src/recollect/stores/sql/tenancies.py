"""Which tenants there are and how far each has come, read from the ends of two indexes."""

from __future__ import annotations

import sqlalchemy as sa

from recollect.exchange import Tenancy
from recollect.models import Reach
from recollect.stores.sql.database import Database
from recollect.stores.sql.schema import change, tenant, vector
from recollect.stores.sql.tenants import tenants_in
from recollect.stores.sql.vectors import model_key
from recollect.stores.sql.write import some


class SqlTenancies:
    """The Tenancies port over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tenancies(self, reach: Reach, model: str) -> list[Tenancy]:
        """Return the tenants in reach, the one written to last first."""
        return await self._database.read(lambda connection: _tenancies(connection, reach, model), reach=reach)


def _tenancies(connection: sa.Connection, reach: Reach, name: str) -> list[Tenancy]:
    known = model_key(connection, name)
    changes = sa.select(sa.func.max(change.c.seq)).where(change.c.tenant == tenant.c.key).scalar_subquery()
    vectors = sa.select(sa.func.max(vector.c.seq)).where(
        vector.c.tenant == tenant.c.key, vector.c.model == (-1 if known is None else known[0])
    )
    query = sa.select(
        tenant.c.key,
        tenant.c.user_id,
        tenant.c.project_id,
        sa.func.coalesce(changes, 0),
        sa.func.coalesce(vectors.scalar_subquery(), 0),
    )
    found = [
        Tenancy(*row)
        for part in some(tenants_in(connection, reach))
        for row in connection.execute(query.where(tenant.c.key.in_(part)))
    ]
    return sorted((one for one in found if one.changes), key=lambda one: (-one.changes, one.key))
