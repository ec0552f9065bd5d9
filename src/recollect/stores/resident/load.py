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
from recollect.stores.sql.schema import change, chunk, memory, vector
from recollect.stores.sql.write import some

_COLUMNS = (
    memory.c.key,
    sa.func.coalesce(memory.c.conversation, -1),
    memory.c.position,
    memory.c.agent_id,
    memory.c.kind,
    memory.c.role,
    memory.c.speaker,
    sa.or_(sa.func.instr(memory.c.text, "?") > 0, sa.func.instr(memory.c.text, "？") > 0),
    memory.c.dense,
    memory.c.standing,
    memory.c.occurred_at,
    sa.func.coalesce(memory.c.valid_from, NEVER),
    sa.func.coalesce(memory.c.valid_to, ALWAYS),
    sa.func.coalesce(memory.c.expires_at, ALWAYS),
    memory.c.superseded_by.is_not(None),
)


def catch_up(connection: sa.Connection, owner: int, shard: Shard) -> None:
    """Bring a shard to what the database holds; a new shard is filled."""
    last = connection.execute(sa.select(sa.func.max(change.c.seq)).where(change.c.tenant == owner)).scalar()
    if last is None or last <= shard.change_seq:
        return
    if shard.change_seq == 0:
        _add(connection, shard, sa.and_(memory.c.tenant == owner))
    else:
        query = sa.select(change.c.memory).where(change.c.tenant == owner, change.c.seq > shard.change_seq)
        for part in some(sorted(set(connection.execute(query).scalars()))):
            _refresh(connection, shard, np.array(part, np.int64))
    shard.change_seq = last


def catch_up_vectors(connection: sa.Connection, owner: int, shard: Shard, name: str, key: int, dimension: int) -> None:
    """Bring a shard's vectors of one model to what the database holds."""
    seq = shard.spaces[name].seq if name in shard.spaces else 0
    query = sa.select(vector.c.seq, vector.c.chunk, vector.c.code).where(
        vector.c.tenant == owner, vector.c.model == key, vector.c.seq > seq
    )
    rows = connection.execute(query.order_by(vector.c.seq)).all()
    if not rows:
        return
    shard.add_vectors(name, dimension, np.array([row[1] for row in rows], np.int64), [row[2] for row in rows])
    shard.spaces[name].seq = rows[-1][0]


def _refresh(connection: sa.Connection, shard: Shard, keys: NDArray[np.int64]) -> None:
    """Take over the present state of memories that were added, changed or deleted."""
    there = set(connection.execute(sa.select(memory.c.key).where(memory.c.key.in_(keys.tolist()))).scalars())
    rows = shard.rows(keys)
    known = dict(zip(keys.tolist(), rows.tolist(), strict=True))
    gone = [row for key, row in known.items() if row >= 0 and key not in there]
    if gone:
        shard.remove(np.array(gone, np.int64))
    new = [key for key, row in known.items() if row < 0 and key in there]
    if new:
        _add(connection, shard, memory.c.key.in_(new))
    old = [key for key, row in zip(keys.tolist(), rows.tolist(), strict=True) if row >= 0 and key in there]
    if old:
        _update(connection, shard, old)


def _add(connection: sa.Connection, shard: Shard, which: sa.ColumnElement[bool]) -> None:
    rows = connection.execute(sa.select(*_COLUMNS).where(which).order_by(memory.c.key)).all()
    if not rows:
        return
    shard.add_memories(_columns(rows))
    pieces = connection.execute(
        sa.select(chunk.c.key, chunk.c.memory, chunk.c.terms, chunk.c.words)
        .join(memory, chunk.c.memory == memory.c.key)
        .where(which)
        .order_by(chunk.c.key)
    ).all()
    _add_chunks(shard, pieces)


def _add_chunks(shard: Shard, pieces: Sequence[Any]) -> None:
    if not pieces:
        return
    keys, owners, texts, words = zip(*pieces, strict=True)
    rows = shard.rows(np.array(owners, np.int64))
    shard.add_chunks(np.array(keys, np.int64), rows, texts)
    np.add.at(shard.column("words"), rows, np.array(words, np.float32))
    np.add.at(shard.column("pieces"), rows, np.float32(1))


def _update(connection: sa.Connection, shard: Shard, keys: Sequence[int]) -> None:
    query = sa.select(*_COLUMNS).where(memory.c.key.in_(keys)).order_by(memory.c.key)
    columns = _columns(connection.execute(query).all())
    rows = shard.rows(columns["key"])
    columns |= {name: shard.column(name)[rows] for name in ("words", "pieces")}
    shard.update_memories(rows, columns)
    pieces = connection.execute(
        sa.select(chunk.c.key, chunk.c.memory, chunk.c.terms, chunk.c.words)
        .where(chunk.c.memory.in_(keys), chunk.c.key > int(shard.chunk_key.data[-1]))
        .order_by(chunk.c.key)
    ).all()
    changed = shard.rows(np.array(sorted({piece.memory for piece in pieces}), np.int64))
    if len(changed):
        shard.remove_chunks(changed)
        shard.column("words")[changed] = shard.column("pieces")[changed] = 0
        _add_chunks(shard, pieces)


def _columns(rows: Sequence[Any]) -> dict[str, NDArray[Any]]:
    (keys, talks, positions, agents, kinds, roles, speakers, questions, dense, standing, at, start, end, out, old) = (
        zip(*rows, strict=True)
    )
    codes: dict[str | None, int] = {}
    for name in set(speakers):
        codes[name] = name_code(name)
    return {
        "key": np.array(keys, np.int64),
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
