"""Questions by which two stores are compared: the first words of memories from all over the store."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from recollect.stores.sql.schema import memory, tenant

LONGEST = 80


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and whose memories it looks into."""

    text: str
    user_id: str
    project_id: str


def questions(connection: sa.Connection, most: int) -> list[Asked]:
    """Return up to `most` different questions, spread over the memories by their keys."""
    first, last = connection.execute(sa.select(sa.func.min(memory.c.key), sa.func.max(memory.c.key))).one()
    if first is None:
        return []
    step = max((last - first + 1) // most, 1)
    one = (
        sa.select(memory.c.text, tenant.c.user_id, tenant.c.project_id)
        .join(tenant, memory.c.tenant == tenant.c.key)
        .where(memory.c.key >= sa.bindparam("least", type_=sa.BigInteger))
        .order_by(memory.c.key)
        .limit(1)
    )
    rows = [connection.execute(one, {"least": least}).one() for least in range(first, last + 1, step)][:most]
    return list(dict.fromkeys(Asked(row.text[:LONGEST], row.user_id, row.project_id) for row in rows))
