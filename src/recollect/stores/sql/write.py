"""What one transaction of the records does: add, revise, delete, and leave changes and jobs behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from recollect.errors import Conflict, NotFound
from recollect.exchange import Batch, Committed, Entry, Revision
from recollect.models import Chunk, Kind, Memory, Task
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.graph_write import Whereabouts, write_links, write_mentions, write_relations
from recollect.stores.sql.lock import TENANT, hold
from recollect.stores.sql.row import from_row, select_memory, to_row, to_snapshot
from recollect.stores.sql.schema import change, chunk, derivation, job, memory
from recollect.stores.sql.straight import ask, insert_keyed, insert_many, run
from recollect.stores.sql.tenants import Places, ensure_tenant
from recollect.stores.sql.turn import NEXT, OWNER, asked

X = TypeVar("X")

_DERIVED = frozenset((Kind.FACT, Kind.SUMMARY, Kind.OBSERVATION))

# Built once: every capture runs them, and building a statement costs as much as running it.
_KNOWN = sa.select(memory.c.dedupe, memory.c.id).where(memory.c.dedupe.in_(sa.bindparam("keys", expanding=True)))
_THERE = sa.select(memory.c.id).where(memory.c.id.in_(sa.bindparam("ids", expanding=True)))
_JOB = sa.insert(job).values(owner=OWNER, turn=NEXT)


def some(items: Sequence[X], size: int = 500) -> Iterator[Sequence[X]]:
    """Yield the items in runs that fit into one statement's parameters."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def hold_tenants(connection: sa.Connection, batch: Batch) -> None:
    """Keep others from writing to the tenants that a batch writes to; no-op in SQLite, where one writes at a time."""
    if not is_postgresql(connection):
        return
    written = [entry.memory for entry in batch.adds] + [revision.memory for revision in batch.revisions]
    names = {(item.scope.user_id, item.scope.project_id) for item in written}
    owners = {ensure_tenant(connection, *name) for name in sorted(names)}
    for part in some(list(batch.deletes)):
        owners.update(connection.execute(sa.select(memory.c.tenant).where(memory.c.id.in_(part)).distinct()).scalars())
    hold(connection, TENANT, owners)


def add_all(connection: sa.Connection, entries: Sequence[Entry], now: int) -> tuple[Committed, Whereabouts]:
    """Insert what is new; return every entry's id, the first one's where its key was there already, and the new places.

    What was derived from memories that have been deleted meanwhile is passed over: delete means gone.
    """
    known = _known(connection, [entry.key for entry in entries])
    there = _there(connection, [entry.memory for entry in entries]) | {entry.memory.id for entry in entries}
    fresh: list[Entry] = []
    ids: list[str] = []
    new: list[bool] = []
    for entry in entries:
        if not _stands(entry.memory, there):
            new.append(False)
            ids.append(entry.memory.id)
            continue
        new.append(entry.key not in known)
        if new[-1]:
            known[entry.key] = entry.memory.id
            fresh.append(entry)
        ids.append(known[entry.key])
    places = _insert(connection, fresh, now) if fresh else {}
    return Committed(tuple(ids), tuple(new)), places


def _there(connection: sa.Connection, items: Sequence[Memory]) -> frozenset[str]:
    """Return which of the memories that derived ones are made of are still there."""
    wanted = list({source for item in items if item.kind in _DERIVED for source in item.sources})
    return frozenset(name for part in some(wanted) for (name,) in ask(connection, _THERE, {"ids": part}))


def _stands(item: Memory, there: frozenset[str]) -> bool:
    """Whether a memory may be written: a fact while any of its sources is there, a summary while all of them are."""
    if item.kind not in _DERIVED or not item.sources:
        return True
    left = [source in there for source in item.sources]
    return all(left) if item.kind is Kind.SUMMARY else any(left)


def _known(connection: sa.Connection, keys: Sequence[str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for part in some(keys):
        known.update((key, name) for key, name in ask(connection, _KNOWN, {"keys": list(part)}))
    return known


def _insert(connection: sa.Connection, entries: Sequence[Entry], now: int) -> Whereabouts:
    places = Places(connection)
    rows: list[dict[str, Any]] = []
    for entry in entries:
        owner, talk, position = places.place(entry.memory)
        row = to_row(entry.memory)
        row.update(dedupe=entry.key, tenant=owner, conversation=talk, position=position)
        rows.append(row)
    keys = insert_keyed(connection, memory, rows)
    places.close()
    pieces = [
        chunk_row(key, row["tenant"], piece)
        for key, row, entry in zip(keys, rows, entries, strict=True)
        for piece in entry.chunks
    ]
    insert_many(connection, chunk, pieces)
    changes = [_change_row("add", key, row, now, before=None) for key, row in zip(keys, rows, strict=True)]
    insert_many(connection, change, changes)
    _derive(connection, ((entry.memory.sources, key) for entry, key in zip(entries, keys, strict=True)))
    return {row["id"]: (key, row["tenant"]) for key, row in zip(keys, rows, strict=True)}


def chunk_row(key: int, owner: int, piece: Chunk) -> dict[str, Any]:
    """Return a chunk of a memory as a row."""
    return {
        "memory": key,
        "tenant": owner,
        "position": piece.position,
        "start": piece.start,
        "end": piece.end,
        "terms": piece.terms,
        "words": piece.words,
    }


def _change_row(verb: str, key: int, row: dict[str, Any], now: int, *, before: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "at": now,
        "verb": verb,
        "memory_id": row["id"],
        "memory": key,
        "tenant": row["tenant"],
        "version": row["version"],
        "before": before,
    }


def _derive(connection: sa.Connection, pairs: Iterable[tuple[Sequence[str], int]]) -> None:
    rows = [{"source": source, "memory": key} for sources, key in pairs for source in dict.fromkeys(sources)]
    insert_many(connection, derivation, rows)


def revise_all(connection: sa.Connection, revisions: Sequence[Revision], now: int) -> None:
    """Replace memories by their next version; raise NotFound or Conflict, whereupon nothing is written."""
    summaries = [revision.memory for revision in revisions if revision.memory.kind is Kind.SUMMARY]
    there = _there(connection, summaries)
    for revision in revisions:
        if revision.memory.kind is not Kind.SUMMARY or _stands(revision.memory, there):
            _revise(connection, revision, now)


def _revise(connection: sa.Connection, revision: Revision, now: int) -> None:
    item = revision.memory
    old = connection.execute(select_memory().where(memory.c.id == item.id)).mappings().first()
    if old is None:
        raise NotFound(f"There is no memory {item.id}")
    if old["version"] != item.version - 1:
        raise Conflict(
            f"Memory {item.id} was changed meanwhile (it is at version {old['version']})",
            hint="Read it again and repeat the change.",
        )
    row = to_row(item)
    if revision.key is not None and revision.key != old["dedupe"]:
        if _known(connection, [revision.key]):
            raise Conflict("Another memory has this key already", hint="Give the memory a key of its own.")
        row["dedupe"] = revision.key
    connection.execute(sa.update(memory).where(memory.c.key == old["key"]).values(row))
    if revision.chunks is not None:
        connection.execute(sa.delete(chunk).where(chunk.c.memory == old["key"]))
        pieces = [chunk_row(old["key"], old["tenant"], piece) for piece in revision.chunks]
        insert_many(connection, chunk, pieces)
    if tuple(old["sources"]) != item.sources:
        connection.execute(sa.delete(derivation).where(derivation.c.memory == old["key"]))
        _derive(connection, [(item.sources, old["key"])])
    verb = "retire" if revision.retire else "revise"
    before = to_snapshot(from_row(old))
    row["tenant"] = old["tenant"]
    insert_many(connection, change, [_change_row(verb, old["key"], row, now, before=before)])


def push_jobs(connection: sa.Connection, tasks: Sequence[Task], now: int) -> None:
    """Put jobs into the queue, each at the end of its owner's line."""
    rows = [
        {
            **asked(task),
            "name": task.name,
            "payload": dict(task.payload),
            "state": "ready",
            "attempts": 0,
            "run_at": now,
            "leased_until": 0,
            "created_at": now,
        }
        for task in tasks
    ]
    run(connection, _JOB, rows)


def write_batch(connection: sa.Connection, batch: Batch, now: int) -> Committed:
    """Write everything a batch holds but its deletes and its jobs."""
    done, places = add_all(connection, batch.adds, now)
    revise_all(connection, batch.revisions, now)
    if batch.mentions:
        write_mentions(connection, batch.mentions, places)
    if batch.relations:
        write_relations(connection, batch.relations, places)
    if batch.links:
        write_links(connection, batch.links)
    return done
