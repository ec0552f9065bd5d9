"""Compares an index with the records, vector by vector, and notes in the outbox what differs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from recollect.stores.beside.vectors import IndexedVectors
from recollect.stores.sql.database import Database
from recollect.stores.sql.schema import model, vector
from recollect.stores.sql.write import some

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Compared:
    """A model's vectors: in the records, in the index, missing there, there without a record."""

    model: str
    records: int
    index: int
    missing: int
    orphans: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every model's vectors compared, and how many changes the index has still to hear of."""

    models: tuple[Compared, ...]
    waiting: int

    @property
    def differing(self) -> int:
        """How many vectors are on one side only."""
        return sum(found.missing + found.orphans for found in self.models)


class Sides:
    """The records and the index, to be compared; what is only waiting to be told counts as missing too."""

    def __init__(self, database: Database, vectors: IndexedVectors) -> None:
        self._database, self._vectors = database, vectors

    async def compare(self, *, repair: bool = False) -> Comparison:
        """Compare both sides; with `repair` note what differs, whereupon a job mends it. Raises IndexAway."""
        found = [await self._compare(name, repair=repair) for name in await self._vectors.models()]
        return Comparison(tuple(found), await self._database.read(self._vectors.outbox.waiting))

    async def _compare(self, name: str, *, repair: bool) -> Compared:
        index, asked = self._vectors.index, self._vectors.asked
        records = missing = 0
        async for part in self._stored(name):
            lacking = sorted(set(part) - await asked(index.held(name, part)))
            records, missing = records + len(part), missing + len(lacking)
            await self._note(name, lacking if repair else [])
        held = orphans = 0
        async for part in index.chunks(name):
            extra = sorted(set(part) - await self._known(name, part))
            held, orphans = held + len(part), orphans + len(extra)
            await self._note(name, extra if repair else [])
        return Compared(name, records, held, missing, orphans)

    async def _note(self, name: str, chunks: list[int]) -> None:
        if chunks:
            await self._database.write(lambda connection: self._vectors.outbox.note(connection, name, chunks))

    async def _stored(self, name: str) -> AsyncIterator[list[int]]:
        """Yield the chunks that have a vector in the records, in the order these were written."""
        last = 0
        while True:
            query = (
                sa.select(vector.c.seq, vector.c.chunk)
                .join(model, vector.c.model == model.c.key)
                .where(model.c.name == name, vector.c.seq > last)
                .order_by(vector.c.seq)
                .limit(PAGE)
            )
            rows = await self._database.read(partial(_rows, query=query))
            if not rows:
                return
            last = int(rows[-1].seq)
            yield [int(row.chunk) for row in rows]

    async def _known(self, name: str, chunks: list[int]) -> set[int]:
        query = sa.select(vector.c.chunk).join(model, vector.c.model == model.c.key).where(model.c.name == name)

        def work(connection: sa.Connection) -> set[int]:
            return {
                int(key)
                for part in some(chunks)
                for key in connection.execute(query.where(vector.c.chunk.in_(part))).scalars()
            }

        return await self._database.read(work)


def _rows(connection: sa.Connection, query: sa.Select[tuple[int, int]]) -> Sequence[sa.Row[tuple[int, int]]]:
    return connection.execute(query).all()
