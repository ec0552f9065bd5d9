"""From the database into a shard: all of it at first, then what has changed since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from recollect.models import name_code
from recollect.stores.columns import KIND_CODES, ROLE_CODES
from recollect.stores.resident.shard import ALWAYS, NEVER, Shard, agent_code
from recollect.stores.sql.dialect import RAW, place_of
from recollect.stores.sql.schema import change, chunk, memory, vector
from recollect.stores.sql.write import some

RUN = 50_000
"""Rows read at a time."""

_COLUMNS = (
    memory.c.key,
    memory.c.tenant,
    sa.func.coalesce(memory.c.conversation, -1),
    memory.c.position,
    memory.c.agent_id,
    memory.c.kind,
    memory.c.role,
    memory.c.speaker,
    sa.or_(place_of(memory.c.text, "?") > 0, place_of(memory.c.text, "？") > 0),
    memory.c.dense,
    memory.c.standing,
    memory.c.occurred_at,
    sa.func.coalesce(memory.c.valid_from, NEVER),
    sa.func.coalesce(memory.c.valid_to, ALWAYS),
    sa.func.coalesce(memory.c.expires_at, ALWAYS),
    memory.c.superseded_by.is_not(None),
)


def catch_up(connection: sa.Connection, owners: Sequence[int], shard: Shard) -> bool:
    """Bring a shard to what the database holds of its tenants; a new shard is filled.

    Returns `False`, and leaves the shard as it is, where another one must be made: its rows would have to move, and a
    search on another thread may be counting on them.
    """
    if shard.change_seq == 0:
        last = max((_last(connection, owner) for owner in owners), default=0)
        if last:
            _fill(connection, owners, shard)
            shard.change_seq = last
        return True
    query = sa.select(change.c.seq, change.c.memory).where(change.c.tenant.in_(owners), change.c.seq > shard.change_seq)
    rows = connection.execute(query).all()
    if rows:
        if not _refresh(connection, owners, shard, sorted({row.memory for row in rows})):
            return False
        shard.change_seq = max(row.seq for row in rows)
    return True


def _last(connection: sa.Connection, owner: int) -> int:
    return connection.execute(sa.select(sa.func.max(change.c.seq)).where(change.c.tenant == owner)).scalar() or 0


def _fill(connection: sa.Connection, owners: Sequence[int], shard: Shard) -> None:
    """Load everything, in runs so that what Python makes of the rows stays small."""
    low = 0
    while True:
        which = sa.and_(memory.c.tenant.in_(owners), memory.c.key > low)
        query = sa.select(memory.c.key).where(which)
        high = connection.execute(query.order_by(memory.c.key).offset(RUN - 1).limit(1)).scalar()
        _add(connection, shard, which if high is None else sa.and_(which, memory.c.key <= high))
        if high is None:
            return
        low = high


def catch_up_vectors(
    connection: sa.Connection, owners: Sequence[int], shard: Shard, name: str, key: int, dimension: int
) -> None:
    """Bring a shard's vectors of one model to what the database holds of its tenants."""
    if name in shard.spaces and shard.spaces[name].dimension != dimension:
        del shard.spaces[name]  # they were dropped, and are being made again by another model of that name
    begun = shard.spaces[name].seq if name in shard.spaces else 0
    # What is new is little and lies together; everything is read tenant by tenant, in the order of its index.
    for part in [owners] if begun else [[owner] for owner in owners]:
        _add_vectors(connection, part, shard, name, key, dimension, begun)


def _add_vectors(
    connection: sa.Connection, owners: Sequence[int], shard: Shard, name: str, key: int, dimension: int, begun: int
) -> None:
    seq = begun
    while True:
        query = sa.select(vector.c.seq, vector.c.chunk, vector.c.code).where(
            vector.c.tenant.in_(owners), vector.c.model == key, vector.c.seq > seq
        )
        rows = connection.execute(query.order_by(vector.c.seq).limit(RUN).execution_options(**RAW)).all()
        if not rows:
            return
        shard.add_vectors(name, dimension, np.array([row[1] for row in rows], np.int64), [row[2] for row in rows])
        seq = rows[-1][0]
        shard.spaces[name].seq = max(shard.spaces[name].seq, seq)


def _refresh(connection: sa.Connection, owners: Sequence[int], shard: Shard, keys: Sequence[int]) -> bool:
    """Take over the present state of memories that were added, changed or deleted, or came from or to other tenants.

    Returns `False` where it cannot: old memories have come in between those that are here.
    """
    there: set[int] = set()
    for part in some(keys):
        own = sa.select(memory.c.key).where(memory.c.key.in_(part), memory.c.tenant.in_(owners))
        there.update(connection.execute(own).scalars())
    known = dict(zip(keys, shard.rows(np.array(keys, np.int64)).tolist(), strict=True))
    held = shard.column("key")
    if len(held) and any(row < 0 and key in there and key < held[-1] for key, row in known.items()):
        return False
    gone = [row for key, row in known.items() if row >= 0 and key not in there]
    if gone:
        shard.remove(np.array(gone, np.int64))
    last = int(shard.chunk_key.data.max()) if len(shard.chunk_key) else 0
    pieces: list[Any] = []
    for part in some([key for key in keys if known[key] < 0 and key in there]):
        pieces += _add_memories(connection, shard, memory.c.key.in_(part))
    for part in some([key for key in keys if known[key] >= 0 and key in there]):
        pieces += _update_memories(connection, shard, part, last)
    _add_chunks(shard, sorted(pieces))
    return True


def _add(connection: sa.Connection, shard: Shard, which: sa.ColumnElement[bool]) -> None:
    _add_chunks(shard, _add_memories(connection, shard, which))


def _add_memories(connection: sa.Connection, shard: Shard, which: sa.ColumnElement[bool]) -> Sequence[Any]:
    """Append memories and return their chunks."""
    rows = connection.execute(sa.select(*_COLUMNS).where(which).order_by(memory.c.key)).all()
    if not rows:
        return ()
    shard.add_memories(_columns(rows))
    return connection.execute(_chunks().join(memory, chunk.c.memory == memory.c.key).where(which)).all()


def _chunks() -> sa.Select[Any]:
    return sa.select(chunk.c.key, chunk.c.memory, chunk.c.terms, chunk.c.words).order_by(chunk.c.key)


def _add_chunks(shard: Shard, pieces: Sequence[Any]) -> None:
    if not pieces:
        return
    keys, owners, texts, words = zip(*pieces, strict=True)
    rows = shard.rows(np.array(owners, np.int64))
    shard.add_chunks(np.array(keys, np.int64), rows, texts)
    np.add.at(shard.column("words"), rows, np.array(words, np.float32))
    np.add.at(shard.column("pieces"), rows, np.float32(1))


def _update_memories(connection: sa.Connection, shard: Shard, keys: Sequence[int], last: int) -> Sequence[Any]:
    """Take over what changed of memories that are here, and return the chunks of those whose text did."""
    query = sa.select(*_COLUMNS).where(memory.c.key.in_(keys)).order_by(memory.c.key)
    columns = _columns(connection.execute(query).all())
    rows = shard.rows(columns["key"])
    columns |= {name: shard.column(name)[rows] for name in ("words", "pieces")}
    shard.update_memories(rows, columns)
    pieces = connection.execute(_chunks().where(chunk.c.memory.in_(keys), chunk.c.key > last)).all()
    changed = shard.rows(np.array(sorted({piece.memory for piece in pieces}), np.int64))
    if len(changed):
        shard.remove_chunks(changed)
        shard.column("words")[changed] = shard.column("pieces")[changed] = 0
    return pieces


def _columns(rows: Sequence[Any]) -> dict[str, NDArray[Any]]:
    (keys, tenants, talks, positions, agents, kinds, roles, speakers, questions, dense, standing, at, *ends, old) = zip(
        *rows, strict=True
    )
    start, end, out = ends
    codes: dict[str | None, int] = {}
    for name in set(speakers):
        codes[name] = name_code(name)
    return {
        "key": np.array(keys, np.int64),
        "tenant": np.array(tenants, np.int64),
        "conversation": np.array(talks, np.int64),
        "position": np.array(positions, np.int32),
        "agent": np.array([agent_code(name) for name in agents], np.uint32),
        "kind": np.array([KIND_CODES[name] for name in kinds], np.int8),
        "role": np.array([ROLE_CODES[name] for name in roles], np.int8),
        "speaker": np.array([codes[name] for name in speakers], np.uint32),
        "words": np.zeros(len(keys), np.float32),
        "pieces": np.zeros(len(keys), np.float32),
        "question": np.array(questions, np.bool_),
        "dense": np.array(dense, np.bool_),
        "standing": np.array(standing, np.bool_),
        "occurred": np.array(at, np.int64),
        "valid_from": np.array(start, np.int64),
        "valid_to": np.array(end, np.int64),
        "expires": np.array(out, np.int64),
        "superseded": np.array(old, np.bool_),
    }
