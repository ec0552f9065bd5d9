"""The outbox: which vectors an index beside the records has still to hear of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from recollect.stores.beside.index import Point
from recollect.stores.beside.notes import Notes, Watched
from recollect.stores.code import decode, unpack
from recollect.stores.sql.schema import chunk, model, vector
from recollect.stores.sql.schema.core import Key
from recollect.stores.sql.write import some

INDEX = "index"
"""The name of the job that brings an index up to date."""

AT_ONCE = 512
"""Entries done together."""

ANEW = -1
"""Stands for a chunk where the index is to be made anew from what is there."""


@dataclass(frozen=True, slots=True)
class Due:
    """Entries of one model: the vectors that are there now, and the chunks that have none any more.

    With `anew` the index is to forget the model first, and to get all of it again.
    """

    model: str
    dimension: int
    seqs: tuple[int, ...]
    points: tuple[Point, ...]
    gone: tuple[int, ...]
    anew: bool


class Outbox:
    """What the index at one place has still to hear of, in a table of this name.

    It is made when a store is first opened with that place. While a store goes from one index to another, each has its
    own, and processes of both kinds run side by side.
    """

    def __init__(self, name: str) -> None:
        self.table = sa.Table(
            name,
            sa.MetaData(),
            sa.Column("seq", Key, primary_key=True),
            sa.Column("model", sa.Text, nullable=False),
            sa.Column("chunk", Key, nullable=False),
            sqlite_autoincrement=True,
        )
        watched = Watched("vector", "SELECT name, {row}.chunk FROM model WHERE key = {row}.model")
        self._notes = Notes(self.table, INDEX, [watched], self.refill)
        self.ensure, self.waiting, self.drop = self._notes.ensure, self._notes.waiting, self._notes.drop

    def refill(self, connection: sa.Connection, name: str | None = None) -> None:
        """Note every vector (of a model) there is, and leave a job for them."""
        every = sa.select(model.c.name, vector.c.chunk).join(model, vector.c.model == model.c.key)
        found = every.order_by(vector.c.seq)
        chosen = found if name is None else found.where(model.c.name == name)
        connection.execute(sa.insert(self.table).from_select(["model", "chunk"], chosen))
        self._notes.push(connection)

    def forget(self, connection: sa.Connection, names: Iterable[str]) -> None:
        """Note that the index shall forget these models, which have no vectors now; one entry stands for all."""
        for name in names:
            connection.execute(sa.delete(self.table).where(self.table.c.model == name))
            self.note(connection, name, [ANEW])

    def note(self, connection: sa.Connection, name: str, chunks: Iterable[int]) -> None:
        """Note that the vectors of these chunks are to be looked at again."""
        self._notes.note(connection, [{"model": name, "chunk": key} for key in chunks])

    def remind(self, connection: sa.Connection) -> None:
        """Leave a job where a store has an outbox, for entries whose own job was lost."""
        self._notes.remind(connection)

    def pending(self, connection: sa.Connection, name: str, limit: int) -> list[int]:
        """Return chunks that the index may not have heard of yet, the latest `limit`."""
        latest = sa.select(self.table.c.chunk).where(self.table.c.model == name).order_by(self.table.c.seq.desc())
        return list(connection.execute(latest.limit(limit)).scalars())

    def due(self, connection: sa.Connection) -> list[Due]:
        """Return the oldest entries, by model, with what is true of them now."""
        rows = self._notes.oldest(connection, AT_ONCE)
        return [
            _due(connection, name, [row for row in rows if row.model == name])
            for name in dict.fromkeys(row.model for row in rows)
        ]

    def settle(self, connection: sa.Connection, done: Due) -> None:
        """Take out entries that the index has heard of.

        What was deleted between reading it and telling the index is noted once more: its own entry may have been done
        already, before the index got the vector.
        """
        stored = {point.chunk for point in done.points}
        if done.anew:
            self.refill(connection, done.model)
        left = stored - {key for part in some(sorted(stored)) for key in _there(connection, done.model, part)}
        self.note(connection, done.model, sorted(left))
        self._notes.take_out(connection, done.seqs)


def _there(connection: sa.Connection, name: str, chunks: Sequence[int]) -> list[int]:
    query = (
        sa.select(vector.c.chunk)
        .join(model, vector.c.model == model.c.key)
        .where(model.c.name == name, vector.c.chunk.in_(chunks))
    )
    return list(connection.execute(query).scalars())


def _due(connection: sa.Connection, name: str, rows: Sequence[sa.Row[tuple[int, str, int]]]) -> Due:
    chunks = list(dict.fromkeys(row.chunk for row in rows))
    query = (
        sa.select(vector.c.chunk, chunk.c.memory, vector.c.tenant, vector.c.code, model.c.dimension)
        .join(model, vector.c.model == model.c.key)
        .join(chunk, vector.c.chunk == chunk.c.key)
        .where(model.c.name == name)
    )
    found = [row for part in some(chunks) for row in connection.execute(query.where(vector.c.chunk.in_(part)))]
    points: list[Point] = []
    if found:
        values = decode(*unpack([row.code for row in found], found[0].dimension)).tolist()
        points = [Point(row.chunk, row.memory, row.tenant, numbers) for row, numbers in zip(found, values, strict=True)]
    there = {point.chunk for point in points}
    return Due(
        name,
        found[0].dimension if found else 0,
        tuple(row.seq for row in rows),
        tuple(points),
        tuple(key for key in chunks if key not in there and key != ANEW),
        ANEW in chunks,
    )


USUAL: Final = Outbox("outbox")
"""The outbox of the first index a store had."""

ensure, waiting, remind = USUAL.ensure, USUAL.waiting, USUAL.remind
due, settle, note = USUAL.due, USUAL.settle, USUAL.note
