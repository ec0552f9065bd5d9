"""Records and their queries over the SQL core."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from recollect.errors import InvalidInput
from recollect.exchange import Batch, Committed, Keyed, Located, Page
from recollect.models import AuditHead, Change, Conversation, Memory, Reach, Scope, Stats, Task, Usage, Where
from recollect.ports import Clock
from recollect.stores.sql import figures, log
from recollect.stores.sql.audit import append
from recollect.stores.sql.database import Database
from recollect.stores.sql.delete import delete_all, reword
from recollect.stores.sql.dialect import byte_length
from recollect.stores.sql.locate import AT_HAND, locate
from recollect.stores.sql.row import from_row, micros, moment, select_memory
from recollect.stores.sql.schema import NOTED, memory, tenant, usage
from recollect.stores.sql.where import conditions, meeting, reach_conditions
from recollect.stores.sql.write import hold_tenants, push_jobs, some, write_batch

MAX_PAGE = 1000

LAST = "\U0010ffff"
"""No character comes after it."""


# Built once: building a statement costs as much as running it.
_WANTED: sa.BindParameter[list[Any]] = sa.bindparam("wanted", expanding=True)
_BY_ID = select_memory().where(memory.c.id.in_(_WANTED))
_BY_KEY = select_memory().where(memory.c.key.in_(_WANTED))
_NOW = sa.bindparam("now", type_=sa.BigInteger)
_SAME = (
    select_memory()
    .where(
        tenant.c.user_id == sa.bindparam("user"),
        tenant.c.project_id == sa.bindparam("project"),
        memory.c.tenant == tenant.c.key,
        memory.c.content_hash == sa.bindparam("digest"),
        sa.text(f"memory.{NOTED}"),
        memory.c.superseded_by.is_(None),
        sa.or_(memory.c.valid_to.is_(None), memory.c.valid_to > _NOW),
        sa.or_(memory.c.expires_at.is_(None), memory.c.expires_at > _NOW),
    )
    .order_by(memory.c.key)
    .limit(1)
)


class SqlRecords:
    """The Records port over one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def commit(self, batch: Batch) -> Committed:
        """Write a batch in one transaction; deletes come first."""

        def work(connection: sa.Connection) -> Committed:
            now = micros(self._clock.now())
            hold_tenants(connection, batch)
            deleted = delete_all(connection, batch.deletes, now) if batch.deletes else 0
            reword(connection, [item.memory.id for item in batch.revisions if item.chunks is not None], now)
            done = write_batch(connection, batch, now)
            if any(done.new) or deleted or batch.revisions or not (batch.adds or batch.deletes):
                push_jobs(connection, _owned(batch), now)
            noted = None
            if deleted and batch.deed is not None:  # last: appends of all writers wait for each other
                noted = append(connection, moment(now), replace(batch.deed, detail={"memories": deleted}))
            return Committed(done.ids, done.new, deleted, None if noted is None else AuditHead(noted.seq, noted.digest))

        return await self._database.write(work)

    async def get(self, ids: Sequence[str]) -> list[Memory]:
        """Return memories by id, in order."""

        def work(connection: sa.Connection) -> list[Memory]:
            found: dict[str, Memory] = {}
            for part in some(list(ids)):
                for row in connection.execute(_BY_ID, {"wanted": part}).mappings():
                    found[row["id"]] = from_row(row)
            return [found[name] for name in ids if name in found]

        return await self._database.read(work)

    async def fetch(self, keys: Sequence[int]) -> list[Memory]:
        """Return memories by key, in order."""

        def work(connection: sa.Connection) -> list[Memory]:
            found: dict[int, Memory] = {}
            for part in some([int(key) for key in keys]):
                for row in connection.execute(_BY_KEY, {"wanted": part}).mappings():
                    found[row["key"]] = from_row(row)
            return [found[key] for key in keys if key in found]

        return await self._database.read(work)

    async def locate(self, places: Sequence[tuple[int, int]]) -> list[Located]:
        """Return memories with the characters of a chunk of each."""
        # A few rows by key take less than handing the work to another thread and back.
        if len(places) <= AT_HAND:
            return locate(self._database, places)

        def work(_: sa.Connection) -> list[Located]:
            parts = (places[start : start + AT_HAND] for start in range(0, len(places), AT_HAND))
            return [item for part in parts for item in locate(self._database, part)]

        return await self._database.read(work)

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

        return await self._database.read(work, reach=where.reach)

    async def ids(self, where: Where) -> list[str]:
        """Return all ids that meet the conditions."""

        def work(connection: sa.Connection) -> list[str]:
            query = meeting(connection, sa.select(memory.c.id), memory, where).order_by(memory.c.key)
            return list(connection.execute(query).scalars())

        return await self._database.read(work, reach=where.reach)

    async def under(self, prefix: str, *, limit: int | None = None) -> list[Keyed]:
        """Return memories by the beginning of their keys."""
        size = byte_length(memory.c.text)
        inside = (memory.c.dedupe >= prefix, memory.c.dedupe < prefix + LAST)
        query = sa.select(memory.c.dedupe, memory.c.id, size).where(*inside).order_by(memory.c.dedupe).limit(limit)

        def work(connection: sa.Connection) -> list[Keyed]:
            return [Keyed(*row) for row in connection.execute(query)]

        return await self._database.read(work)

    async def same(self, scope: Scope, content_hash: str) -> Memory | None:
        """Return the note or fact that says this already."""

        def work(connection: sa.Connection) -> Memory | None:
            now = micros(self._clock.now())
            asked = {"user": scope.user_id, "project": scope.project_id, "digest": content_hash, "now": now}
            row = connection.execute(_SAME, asked).mappings().first()
            return None if row is None else from_row(row)

        return await self._database.read(work, reach=Reach(scope.user_id, scope.project_id))

    async def history(self, memory_id: str) -> list[Change]:
        """Return all changes of one memory."""
        return await self._database.read(lambda connection: log.history(connection, memory_id))

    async def changes(self, after: int, *, limit: int = 1000, reach: Reach | None = None) -> list[Change]:
        """Return the log after a place in it."""
        settled = await self._database.settled()
        return await self._database.read(
            lambda connection: log.changes(connection, after, limit, reach, settled), reach=reach
        )

    async def head(self) -> int:
        """Return the place of the latest entry of the log."""
        settled = await self._database.settled()
        return await self._database.read(lambda connection: log.head(connection, settled))

    async def conversations(self, reach: Reach, *, limit: int = 100) -> list[Conversation]:
        """Return conversations, latest first."""
        return await self._database.read(
            lambda connection: figures.conversations(connection, reach, limit), reach=reach
        )

    async def turns(self, reach: Reach, *, around: int | None = None, span: int = 0) -> list[Memory]:
        """Return a conversation's turns in order."""

        def work(connection: sa.Connection) -> list[Memory]:
            query = select_memory().where(*reach_conditions(connection, reach), memory.c.position > 0)
            if around is not None:
                query = query.where(memory.c.position.between(around - span, around + span))
            query = query.order_by(memory.c.conversation, memory.c.position)
            return [from_row(row) for row in connection.execute(query).mappings()]

        return await self._database.read(work, reach=reach)

    async def stats(self, reach: Reach, model: str) -> Stats:
        """Count what is in reach."""
        return await self._database.read(lambda connection: figures.stats(connection, reach, model), reach=reach)

    async def spend(self, usage: Sequence[Usage]) -> None:
        """Note what calls cost."""
        await self._database.write(lambda connection: _spend(connection, usage), durable=False)

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
                    row.outcome,
                )
                for row in connection.execute(query)
            ]

        return await self._database.read(work)

    async def spent(self, *, since: datetime) -> tuple[int, float]:
        """Return the tokens and dollars that calls to models took."""
        query = sa.select(sa.func.sum(usage.c.tokens_in + usage.c.tokens_out), sa.func.sum(usage.c.cost))
        query = query.where(usage.c.at >= micros(since), usage.c.outcome.in_(("answered", "failed")))

        def work(connection: sa.Connection) -> tuple[int, float]:
            tokens, dollars = connection.execute(query).one()
            return int(tokens or 0), float(dollars or 0.0)

        return await self._database.read(work)

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()


def _owned(batch: Batch) -> list[Task]:
    """Return the tasks of a batch, each with its owner: whose memories it writes, where these are one's alone."""
    written = [entry.memory for entry in batch.adds] + [revision.memory for revision in batch.revisions]
    owners = {(item.scope.user_id, item.scope.project_id) for item in written}
    owner = owners.pop() if len(owners) == 1 else None
    return [task if task.owner else replace(task, owner=owner) for task in batch.tasks]


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
            "outcome": item.outcome,
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
