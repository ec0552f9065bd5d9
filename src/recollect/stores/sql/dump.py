"""Everything a store holds, as lines that another store can take over exactly."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from recollect.exchange import Taken
from recollect.models import Chunk, Memory, Reach
from recollect.ports import Clock
from recollect.stores.sql.database import Database
from recollect.stores.sql.restore import restore
from recollect.stores.sql.row import from_row, from_snapshot, micros, select_memory, to_snapshot
from recollect.stores.sql.schema import (
    change,
    chunk,
    conversation,
    entity,
    job,
    link,
    memory,
    mention,
    model,
    relation,
    tenant,
    usage,
    vector,
)
from recollect.stores.sql.tenants import tenants_in

if TYPE_CHECKING:
    from recollect.exchange import Line

PAGE = 500
REMADE = ("embed", "scrub")
"""Jobs that are not worth keeping: a restored store knows by itself what to embed, and has nothing to wipe."""

Row = Mapping[Any, Any]


class SqlDump:
    """The Dump port over the SQL core."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    async def pour(
        self, sink: Callable[[str, Mapping[str, Any]], None], *, reach: Reach | None = None, vectors: bool = False
    ) -> None:
        """Hand every line to `sink`, read in pages from one view."""

        def work(connection: sa.Connection) -> None:
            inside = None if reach is None else tenants_in(connection, reach)
            for sort, values in _lines(connection, inside, vectors=vectors):
                sink(sort, values)

        await self._database.read(work, reach=reach)

    async def take(self, lines: Sequence[Line], index: Callable[[Memory], Sequence[Chunk]]) -> Taken:
        """Write lines in one transaction; chunks are made before it begins."""

        def prepared() -> dict[str, Sequence[Chunk]]:
            return {row["id"]: index(from_snapshot(row)) for sort, row in lines if sort == "memory"}

        chunks = await asyncio.to_thread(prepared)
        now = micros(self._clock.now())
        return await self._database.write(lambda connection: restore(connection, lines, chunks, now))


def _lines(connection: sa.Connection, inside: Sequence[int] | None, *, vectors: bool) -> Iterator[Line]:
    """Yield every line; `inside` are the tenants that are meant, `None` all of them."""
    yield from _conversations(connection, inside)
    yield from _log(connection, inside)
    yield from _links(connection, inside)
    yield from _usage(connection, inside)
    if inside is None:
        yield from _jobs(connection)
    if vectors:
        yield from _vectors(connection, inside)


def _pages(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[Sequence[Row]]:
    """Yield the rows in pages; never more than one page is held."""
    result = connection.execute(query, execution_options={"yield_per": PAGE})
    yield from result.mappings().partitions()


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[Row]:
    for page in _pages(connection, query):
        yield from page


def _within(query: sa.Select[Any], column: sa.ColumnElement[Any], inside: Sequence[int] | None) -> sa.Select[Any]:
    return query if inside is None else query.where(column.in_(inside))


def _conversations(connection: sa.Connection, inside: Sequence[int] | None) -> Iterator[Line]:
    query = (
        sa.select(
            tenant.c.user_id,
            tenant.c.project_id,
            conversation.c.name,
            conversation.c.turns,
            conversation.c.started_at,
            conversation.c.ended_at,
        )
        .join(tenant, conversation.c.tenant == tenant.c.key)
        .order_by(conversation.c.key)
    )
    for row in _rows(connection, _within(query, conversation.c.tenant, inside)):
        yield "conversation", dict(row)


def _log(connection: sa.Connection, inside: Sequence[int] | None) -> Iterator[Line]:
    """Yield the change log in order, each memory where it was added."""
    query = (
        sa.select(change, tenant.c.user_id, tenant.c.project_id)
        .join(tenant, change.c.tenant == tenant.c.key)
        .order_by(change.c.seq)
    )
    for page in _pages(connection, _within(query, change.c.tenant, inside)):
        added = memory_lines(connection, [row["memory"] for row in page if row["verb"] == "add"])
        for row in page:
            if row["verb"] != "add":
                names = ("at", "verb", "memory_id", "version", "user_id", "project_id", "before")
                yield "change", {name: row[name] for name in names}
            elif row["memory"] in added:
                times = {"added_at": row["at"], "added_version": row["version"]}
                yield "memory", {**added[row["memory"]], **times}


def memory_lines(connection: sa.Connection, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the lines of memories by key, all but when they were added."""
    if not keys:
        return {}
    found: dict[int, dict[str, Any]] = {}
    for row in connection.execute(select_memory().where(memory.c.key.in_(keys))).mappings():
        found[row["key"]] = {**to_snapshot(from_row(row)), "dedupe": row["dedupe"], "mentions": [], "relations": []}
    named = (
        sa.select(mention.c.memory, entity.c.name, entity.c.type)
        .join(entity, mention.c.entity == entity.c.key)
        .where(mention.c.memory.in_(keys))
        .order_by(entity.c.folded)
    )
    for one in connection.execute(named):
        found[one.memory]["mentions"].append([one.name, one.type])
    for other in connection.execute(_relations(keys)):
        found[other.memory]["relations"].append(list(other)[1:])
    return found


def _relations(keys: Sequence[int]) -> sa.Select[Any]:
    subject, other = entity.alias("subject"), entity.alias("other")
    return (
        sa.select(
            relation.c.memory,
            subject.c.name,
            subject.c.type,
            relation.c.predicate,
            other.c.name,
            other.c.type,
            relation.c.valid_from,
            relation.c.valid_to,
        )
        .join(subject, relation.c.subject == subject.c.key)
        .join(other, relation.c.object == other.c.key)
        .where(relation.c.memory.in_(keys))
        .order_by(subject.c.folded, relation.c.predicate, other.c.folded)
    )


def _links(connection: sa.Connection, inside: Sequence[int] | None) -> Iterator[Line]:
    other = memory.alias("other")
    query = (
        sa.select(memory.c.id.label("memory"), other.c.id.label("other"), link.c.name)
        .select_from(link.join(memory, link.c.memory == memory.c.key).join(other, link.c.other == other.c.key))
        .order_by(link.c.memory, link.c.other, link.c.name)
    )
    for row in _rows(connection, _within(query, memory.c.tenant, inside)):
        yield "link", dict(row)


def _usage(connection: sa.Connection, inside: Sequence[int] | None) -> Iterator[Line]:
    query = sa.select(*[column for column in usage.c if column is not usage.c.key]).order_by(usage.c.at, usage.c.key)
    if inside is not None:
        projects = sa.select(tenant.c.project_id).where(tenant.c.key.in_(inside))
        query = query.where(usage.c.project_id.in_(projects))
    for row in _rows(connection, query):
        yield "usage", dict(row)


def _jobs(connection: sa.Connection) -> Iterator[Line]:
    query = sa.select(job.c.name, job.c.payload).where(job.c.name.not_in(REMADE)).order_by(job.c.id)
    for row in _rows(connection, query):
        yield "job", dict(row)


def _vectors(connection: sa.Connection, inside: Sequence[int] | None) -> Iterator[Line]:
    query = (
        sa.select(
            memory.c.id.label("memory"),
            chunk.c.start,
            chunk.c.end,
            model.c.name.label("model"),
            model.c.dimension,
            vector.c.code,
        )
        .select_from(
            vector.join(chunk, vector.c.chunk == chunk.c.key)
            .join(memory, chunk.c.memory == memory.c.key)
            .join(model, vector.c.model == model.c.key)
        )
        .order_by(vector.c.seq)
    )
    for row in _rows(connection, _within(query, vector.c.tenant, inside)):
        yield "vector", {**row, "code": base64.b64encode(row["code"]).decode("ascii")}
