"""Records and their queries over the SQL core."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from recollect.errors import InvalidInput
from recollect.models import Change, Conversation, Kind, Memory, Reach, Scope, Stats, Usage, Where
from recollect.ports import Batch, Clock, Committed, Located, Page
from recollect.stores.sql import figures, log
from recollect.stores.sql.database import Database
from recollect.stores.sql.delete import delete_all, reword
from recollect.stores.sql.row import from_row, micros, moment, select_memory
from recollect.stores.sql.schema import chunk, conversation, memory, tenant, usage
from recollect.stores.sql.where import conditions, reach_conditions
from recollect.stores.sql.write import push_jobs, some, write_batch

MAX_PAGE = 1000

AT_HAND = 32
"""Memories that are read on the caller's thread."""

# Built once: every search runs them, and building costs as much as running.
_KEYS: sa.BindParameter[int] = sa.bindparam("keys", expanding=True)
_MEMORIES = select_memory().where(memory.c.key.in_(_KEYS))
_SPANS = sa.select(chunk.c.key, chunk.c.start, chunk.c.end).where(chunk.c.key.in_(_KEYS))


class SqlRecords:
    """The Records port over one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def commit(self, batch: Batch) -> Committed:
        """Write a batch in one transaction; deletes come first."""

        def work(connection: sa.Connection) -> Committed:
            now = micros(self._clock.now())
            deleted = delete_all(connection, batch.deletes, now) if batch.deletes else 0
            reword(connection, [item.memory.id for item in batch.revisions if item.chunks is not None], now)
            done = write_batch(connection, batch, now)
            if any(done.new) or deleted or batch.revisions or not (batch.adds or batch.deletes):
                push_jobs(connection, batch.tasks, now)
            return Committed(done.ids, done.new, deleted)

        return await self._database.write(work)

    async def get(self, ids: Sequence[str]) -> list[Memory]:
        """Return memories by id, in order."""

        def work(connection: sa.Connection) -> list[Memory]:
            found: dict[str, Memory] = {}
            for part in some(list(ids)):
                for row in connection.execute(select_memory().where(memory.c.id.in_(part))).mappings():
                    found[row["id"]] = from_row(row)
            return [found[name] for name in ids if name in found]

        return await self._database.read(work)

    async def fetch(self, keys: Sequence[int]) -> list[Memory]:
        """Return memories by key, in order."""

        def work(connection: sa.Connection) -> list[Memory]:
            found: dict[int, Memory] = {}
            for part in some([int(key) for key in keys]):
                for row in connection.execute(select_memory().where(memory.c.key.in_(part))).mappings():
                    found[row["key"]] = from_row(row)
            return [found[key] for key in keys if key in found]

        return await self._database.read(work)

    async def locate(self, places: Sequence[tuple[int, int]]) -> list[Located]:
        """Return memories with the characters of a chunk of each."""

        def work(connection: sa.Connection) -> list[Located]:
            found: dict[int, Memory] = {}
            spans: dict[int, tuple[int, int]] = {}
            for part in some(list(places)):
                for row in connection.execute(_MEMORIES, {"keys": [key for key, _ in part]}).mappings():
                    found[row["key"]] = from_row(row)
                for piece, start, end in connection.execute(_SPANS, {"keys": [piece for _, piece in part]}):
                    spans[piece] = (start, end)
            return [
                Located(key, found[key], *spans.get(piece, (0, len(found[key].text))))
                for key, piece in places
                if key in found
            ]

        # A few rows by key take less than handing the work to another thread and back.
        return self._database.read_now(work) if len(places) <= AT_HAND else await self._database.read(work)

    async def keys(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the keys of ids."""

        def work(connection: sa.Connection) -> dict[str, int]:
            found: dict[str, int] = {}
            for part in some(list(ids)):
                query = sa.select(memory.c.id, memory.c.key).where(memory.c.id.in_(part))
                found.update((row.id, row.key) for row in connection.execute(query))
            return found

        return await self._database.read(work)

    async def page(self, where: Where, *, limit: int, cursor: str | None = None, newest: bool = True) -> Page:
        """Return one page in the order of writing."""
        size = min(limit, MAX_PAGE)
        start = None if cursor is None else _open_cursor(cursor)

        def work(connection: sa.Connection) -> Page:
            query = select_memory().where(*conditions(connection, where)).limit(size + 1)
            query = query.order_by(memory.c.key.desc() if newest else memory.c.key.asc())
            if start is not None:
                query = query.where(memory.c.key < start if newest else memory.c.key > start)
            rows = connection.execute(query).mappings().all()
            more = len(rows) > size
            cursor = _close_cursor(rows[size - 1]["key"]) if more else None
            return Page(tuple(from_row(row) for row in rows[:size]), cursor)

        return await self._database.read(work)

    async def ids(self, where: Where) -> list[str]:
        """Return all ids that meet the conditions."""

        def work(connection: sa.Connection) -> list[str]:
            query = (
                sa.select(memory.c.id)
                .select_from(
                    memory.join(tenant, memory.c.tenant == tenant.c.key).outerjoin(
                        conversation, memory.c.conversation == conversation.c.key
                    )
                )
                .where(*conditions(connection, where))
                .order_by(memory.c.key)
            )
            return list(connection.execute(query).scalars())

        return await self._database.read(work)

    async def same(self, scope: Scope, content_hash: str) -> Memory | None:
        """Return the note or fact that says this already."""

        def work(connection: sa.Connection) -> Memory | None:
            reach, now = Reach(scope.user_id, scope.project_id), micros(self._clock.now())
            query = select_memory().where(
                *reach_conditions(connection, reach),
                memory.c.content_hash == content_hash,
                memory.c.kind.in_([Kind.NOTE, Kind.FACT]),
                memory.c.superseded_by.is_(None),
                sa.or_(memory.c.valid_to.is_(None), memory.c.valid_to > now),
                sa.or_(memory.c.expires_at.is_(None), memory.c.expires_at > now),
            )
            row = connection.execute(query.order_by(memory.c.key).limit(1)).mappings().first()
            return None if row is None else from_row(row)

        return await self._database.read(work)

    async def history(self, memory_id: str) -> list[Change]:
        """Return all changes of one memory."""
        return await self._database.read(lambda connection: log.history(connection, memory_id))

    async def changes(self, after: int, *, limit: int = 1000, reach: Reach | None = None) -> list[Change]:
        """Return the log after a place in it."""
        return await self._database.read(lambda connection: log.changes(connection, after, limit, reach))

    async def conversations(self, reach: Reach, *, limit: int = 100) -> list[Conversation]:
        """Return conversations, latest first."""
        return await self._database.read(lambda connection: figures.conversations(connection, reach, limit))

    async def turns(self, reach: Reach, *, around: int | None = None, span: int = 0) -> list[Memory]:
        """Return a conversation's turns in order."""

        def work(connection: sa.Connection) -> list[Memory]:
            query = select_memory().where(*reach_conditions(connection, reach), memory.c.position > 0)
            if around is not None:
                query = query.where(memory.c.position.between(around - span, around + span))
            query = query.order_by(memory.c.conversation, memory.c.position)
            return [from_row(row) for row in connection.execute(query).mappings()]

        return await self._database.read(work)

    async def stats(self, reach: Reach, model: str) -> Stats:
        """Count what is in reach."""
        return await self._database.read(lambda connection: figures.stats(connection, reach, model))

    async def spend(self, usage: Sequence[Usage]) -> None:
        """Note what calls cost."""
        await self._database.write(lambda connection: _spend(connection, usage))

    async def usage(self, *, since: datetime | None = None) -> list[Usage]:
        """Return what was spent."""

        def work(connection: sa.Connection) -> list[Usage]:
            query = sa.select(usage).order_by(usage.c.at, usage.c.key)
            if since is not None:
                query = query.where(usage.c.at >= micros(since))
            return [
                Usage(
                    moment(row.at),
                    row.purpose,
                    row.provider,
                    row.tokens_in,
                    row.tokens_out,
                    row.cost,
                    row.milliseconds,
                    row.project_id,
                )
                for row in connection.execute(query)
            ]

        return await self._database.read(work)

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()


def _spend(connection: sa.Connection, spent: Sequence[Usage]) -> None:
    rows = [
        {
            "at": micros(item.at),
            "purpose": item.purpose,
            "provider": item.provider,
            "tokens_in": item.tokens_in,
            "tokens_out": item.tokens_out,
            "cost": item.cost,
            "milliseconds": item.milliseconds,
            "project_id": item.project_id,
        }
        for item in spent
    ]
    if rows:
        connection.execute(sa.insert(usage), rows)


def _close_cursor(key: int) -> str:
    return base64.urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def _open_cursor(cursor: str) -> int:
    try:
        key = int(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii"))
    except (ValueError, binascii.Error):
        key = -1
    if not 0 <= key < 2**63:
        raise InvalidInput("The cursor is not one of ours", field="cursor", hint="Pass back what the page before gave.")
    return key
