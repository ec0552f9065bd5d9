"""Mean and deviation of all scores in reach, estimated from some of the stored vectors: no index tells them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa

from recollect.stores.code import Floats, decode, unpack
from recollect.stores.columns import Counts
from recollect.stores.sql.dialect import RAW
from recollect.stores.sql.lately import Lately
from recollect.stores.sql.schema import vector

TENANTS, BLOCKS, EACH = 10, 10, 50
"""Tenants that are sampled at most, blocks of each (fewer where tenants are many), and vectors of a block."""

KEPT = 32
"""Samples that are kept for some seconds, of half a megabyte each."""


class Samples:
    """Estimates over some of the vectors of tenants, which are the same for every question and kept for seconds."""

    def __init__(self) -> None:
        self._kept: Lately[tuple[tuple[int, int], tuple[int, ...]], Floats] = Lately(KEPT)

    def counts(
        self, connection: sa.Connection, model: tuple[int, int], question: Floats, owners: Sequence[int]
    ) -> Counts:
        """Return count, sum and sum of squares of the scores of the vectors that are looked at."""
        key = (model, tuple(owners))
        sample = self._kept.get(key)
        if sample is None:
            sample = _sample(connection, model, owners)
            self._kept.keep(key, sample)
        counts = Counts()
        if len(sample):
            counts.add(sample @ question)
        return counts


def _sample(connection: sa.Connection, model: tuple[int, int], owners: Sequence[int]) -> Floats:
    """Return blocks that are spread evenly over each tenant's vectors; all of them, where they are few."""
    chosen = list(owners)[:: max(len(owners) // TENANTS, 1)][:TENANTS]
    found: dict[int, bytes] = {}
    mine = vector.c.model == model[0]
    blocks = max(BLOCKS // len(chosen), 1)
    for owner in chosen:
        ends = sa.select(sa.func.min(vector.c.seq), sa.func.max(vector.c.seq)).where(mine, vector.c.tenant == owner)
        low, high = connection.execute(ends).one()
        if low is None:
            continue
        of_owner = sa.select(vector.c.seq, vector.c.code).where(mine, vector.c.tenant == owner).execution_options(**RAW)
        for block in range(blocks):
            first = low + (high - low) * block // blocks
            rows = of_owner.where(vector.c.seq >= first).order_by(vector.c.seq).limit(EACH)
            found.update((row.seq, row.code) for row in connection.execute(rows).all())
    return decode(*unpack(list(found.values()), model[1])) if found else np.empty((0, model[1]), np.float32)
