"""Mean and deviation of all scores in reach, estimated from some of the stored vectors: no index tells them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from recollect.stores.code import Floats, decode, unpack
from recollect.stores.columns import Counts
from recollect.stores.sql.schema import vector

TENANTS, BLOCKS, EACH = 10, 10, 50
"""Tenants that are sampled at most, blocks of each (fewer where tenants are many), and vectors of a block."""


def estimated(connection: sa.Connection, model: tuple[int, int], question: Floats, owners: Sequence[int]) -> Counts:
    """Return count, sum and sum of squares of the scores of blocks that are spread evenly over each tenant's vectors.

    Where there are fewer vectors than the blocks hold, these are all of them.
    """
    chosen = list(owners)[:: max(len(owners) // TENANTS, 1)][:TENANTS]
    found: dict[int, bytes] = {}
    mine = vector.c.model == model[0]
    blocks = max(BLOCKS // len(chosen), 1)
    for owner in chosen:
        ends = sa.select(sa.func.min(vector.c.seq), sa.func.max(vector.c.seq)).where(mine, vector.c.tenant == owner)
        low, high = connection.execute(ends).one()
        if low is None:
            continue
        of_owner = sa.select(vector.c.seq, vector.c.code).where(mine, vector.c.tenant == owner)
        for block in range(blocks):
            first = low + (high - low) * block // blocks
            rows = of_owner.where(vector.c.seq >= first).order_by(vector.c.seq).limit(EACH)
            found.update((row.seq, row.code) for row in connection.execute(rows))
    counts = Counts()
    if found:
        counts.add(decode(*unpack(list(found.values()), model[1])) @ question)
    return counts
