"""The outbox: which vectors an index beside the records has still to hear of, noted by the database itself.

Triggers write it in the transaction that changes a vector, whoever changes it and on whatever way, a deleted memory's
cascade among them; they leave a job behind as well. An entry says only *that* something changed. What is true is read
when the job is done, so entries may be done twice and in any order.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from recollect.models import Task
from recollect.stores.beside.index import Point
from recollect.stores.code import decode, unpack
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.lock import SCHEMA, hold
from recollect.stores.sql.schema import chunk, model, vector
from recollect.stores.sql.schema.core import Key
from recollect.stores.sql.write import push_jobs, some

INDEX = "index"
"""The name of the job that brings an index up to date."""

AT_ONCE = 512
"""Entries done together."""

ANEW = -1
"""Stands for a chunk where the index is to be made anew from what is there."""

_OWN = sa.MetaData()
"""Tables that only a store with such an index has; made when it is first opened with one."""

outbox = sa.Table(
    "outbox",
    _OWN,
    sa.Column("seq", Key, primary_key=True),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("chunk", Key, nullable=False),
    sqlite_autoincrement=True,
)
_note = sa.Table("outbox_note", _OWN, sa.Column("store", sa.Text, primary_key=True))

_JOB = "INSERT INTO job (name, payload, state, attempts, run_at, leased_until, created_at)"
_SQLITE = """
CREATE TRIGGER IF NOT EXISTS outbox_{when} AFTER {when} ON vector BEGIN
    INSERT INTO outbox (model, chunk) SELECT name, {row}.chunk FROM model WHERE key = {row}.model;
    {job} SELECT 'index', '{{}}', 'ready', 0, 0, 0, CAST(strftime('%s', 'now') AS INTEGER) * 1000000
    WHERE NOT EXISTS (SELECT 1 FROM job WHERE name = 'index' AND state = 'ready');
END
"""
_FUNCTION = """
CREATE OR REPLACE FUNCTION outbox_noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO outbox (model, chunk) SELECT m.name, t.chunk FROM touched t JOIN model m ON m.key = t.model;
    IF FOUND THEN
        {job} VALUES
            ('index', '{{}}', 'ready', 0, 0, 0, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint));
    END IF;
    RETURN NULL;
END $$
"""
_POSTGRES = """
CREATE OR REPLACE TRIGGER outbox_{when} AFTER {when} ON vector REFERENCING {row} TABLE AS touched
FOR EACH STATEMENT EXECUTE FUNCTION outbox_noted()
"""


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


def ensure(connection: sa.Connection) -> str:
    """Make the outbox unless it is there, all vectors noted in it; return the name of this store in an index."""
    found = _name(connection)
    if found is not None:
        return found
    hold(connection, SCHEMA, [4])
    found = _name(connection)  # another process may have made it meanwhile
    if found is not None:
        return found
    _OWN.create_all(connection)
    name = secrets.token_hex(4)
    connection.execute(sa.insert(_note).values(store=name))
    if is_postgresql(connection):
        connection.exec_driver_sql(_FUNCTION.format(job=_JOB))
    text = _POSTGRES if is_postgresql(connection) else _SQLITE
    rows = ("NEW", "OLD", "NEW")
    for when, row in zip(("INSERT", "DELETE", "UPDATE"), rows, strict=True):
        connection.exec_driver_sql(text.format(when=when, row=row, job=_JOB))
    refill(connection)
    return name


def refill(connection: sa.Connection, name: str | None = None) -> None:
    """Note every vector (of a model) there is, and leave a job for them."""
    found = sa.select(model.c.name, vector.c.chunk).join(model, vector.c.model == model.c.key).order_by(vector.c.seq)
    chosen = found if name is None else found.where(model.c.name == name)
    connection.execute(sa.insert(outbox).from_select(["model", "chunk"], chosen))
    push_jobs(connection, [Task(INDEX, {})], 0)


def forget(connection: sa.Connection, names: Iterable[str]) -> None:
    """Note that the index shall forget these models, which have no vectors at this moment; one entry stands for all."""
    for name in names:
        connection.execute(sa.delete(outbox).where(outbox.c.model == name))
        note(connection, name, [ANEW])


def note(connection: sa.Connection, name: str, chunks: Iterable[int]) -> None:
    """Note that the vectors of these chunks are to be looked at again."""
    rows = [{"model": name, "chunk": key} for key in chunks]
    if rows:
        connection.execute(sa.insert(outbox), rows)
        push_jobs(connection, [Task(INDEX, {})], 0)


def waiting(connection: sa.Connection) -> int:
    """Return how many entries wait."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(outbox)).scalar_one())


def pending(connection: sa.Connection, name: str, limit: int) -> list[int]:
    """Return chunks that the index may not have heard of yet, the latest `limit`."""
    query = sa.select(outbox.c.chunk).where(outbox.c.model == name).order_by(outbox.c.seq.desc()).limit(limit)
    return list(connection.execute(query).scalars())


def due(connection: sa.Connection) -> list[Due]:
    """Return the oldest entries, by model, with what is true of them now."""
    rows = connection.execute(sa.select(outbox).order_by(outbox.c.seq).limit(AT_ONCE)).all()
    return [
        _due(connection, name, [row for row in rows if row.model == name])
        for name in dict.fromkeys(row.model for row in rows)
    ]


def settle(connection: sa.Connection, done: Due) -> None:
    """Take out entries that the index has heard of.

    What was deleted between reading it and telling the index is noted once more: its own entry may have been done
    already, before the index got the vector.
    """
    stored = {point.chunk for point in done.points}
    if done.anew:
        refill(connection, done.model)
    left = stored - {key for part in some(sorted(stored)) for key in _there(connection, done.model, part)}
    note(connection, done.model, sorted(left))
    for part in some(done.seqs):
        connection.execute(sa.delete(outbox).where(outbox.c.seq.in_(part)))


def _name(connection: sa.Connection) -> str | None:
    schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one() if is_postgresql(connection) else None
    if not sa.inspect(connection).has_table(_note.name, schema=schema):
        return None
    return connection.execute(sa.select(_note.c.store)).scalar()


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
