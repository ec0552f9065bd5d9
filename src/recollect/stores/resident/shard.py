"""A tenant in memory, or several as one: their memories, their chunks, and their vectors."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import simsimd
from numpy.typing import NDArray

from recollect.models import Role
from recollect.stores.code import coarse, products, unpack
from recollect.stores.resident.column import Column
from recollect.stores.resident.postings import Postings, lengths_of

Rows = NDArray[np.int64]
Floats = NDArray[np.float32]

_USER = tuple(Role).index(Role.USER)

MANY = 30_000
"""Vectors from which a second thread pays."""

NEVER, ALWAYS = -(2**62), 2**62
"""Before and after every time a memory can have, in microseconds."""

_MEMORY: dict[str, Any] = {
    "key": np.int64,
    "tenant": np.int64,
    "conversation": np.int64,
    "position": np.int32,
    "agent": np.uint32,
    "kind": np.int8,
    "role": np.int8,
    "speaker": np.uint32,
    "words": np.float32,
    "question": np.bool_,
    "pieces": np.float32,
    "dense": np.bool_,
    "standing": np.bool_,
    "occurred": np.int64,
    "valid_from": np.int64,
    "valid_to": np.int64,
    "expires": np.int64,
    "superseded": np.bool_,
    "alive": np.bool_,
    "before": np.int64,
    "after": np.int64,
    "first": np.int64,
}


def agent_code(name: str | None) -> int:
    """Return the number an agent is known by; 0 for none."""
    return 0 if name is None else zlib.crc32(name.encode()) or 1


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows by tenant: `order` has those of each of the `tenants` side by side, from its place in `starts` on."""

    order: Rows
    starts: Rows
    tenants: Rows


def grouped(tenants: Rows) -> Grouped:
    """Return the rows of a column of tenants by tenant."""
    order = np.argsort(tenants, kind="stable")
    there = tenants[order]
    heads = np.flatnonzero(there[1:] != there[:-1]) + 1
    starts = np.concatenate(([0], heads, [len(there)])) if len(there) else np.zeros(1, np.int64)
    return Grouped(order, starts, there[starts[:-1]])


class Space:
    """The vectors of one model: two int8 planes, and which chunk each belongs to."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.seq = 0
        self.high: Column[Any] = Column(np.int8, dimension)
        self.low: Column[Any] = Column(np.int8, dimension)
        self.scale: Column[Any] = Column(np.float32)
        self.chunk: Column[Any] = Column(np.int64)
        self.of_chunk: Column[Any] = Column(np.int64)
        self.grouped: Grouped | None = None

    @property
    def nbytes(self) -> int:
        """The memory held, in bytes."""
        return sum(part.nbytes for part in (self.high, self.low, self.scale, self.chunk, self.of_chunk))

    def put(self, chunks: Rows, codes: Sequence[bytes], total: int) -> None:
        """Set the vectors, in their stored form, of chunks among `total`; a chunk comes only once a call."""
        self.of_chunk.append(np.full(total - len(self.of_chunk), -1, np.int64))
        scale, high, low = unpack(codes, self.dimension)
        there = self.of_chunk.data[chunks]
        old, new = np.flatnonzero(there >= 0), np.flatnonzero(there < 0)
        self.scale.data[there[old]], self.high.data[there[old]], self.low.data[there[old]] = (
            scale[old],
            high[old],
            low[old],
        )
        self.of_chunk.data[chunks[new]] = np.arange(len(self.chunk), len(self.chunk) + len(new))
        for column, rows in ((self.scale, scale), (self.high, high), (self.low, low), (self.chunk, chunks)):
            column.append(rows[new])

    def cosines(self, question: Floats) -> Floats:
        """Return the cosine of every vector with the question, by the high plane (error about 0.002)."""
        scale, high = coarse(question[None])
        threads = 1 if len(self.chunk) < MANY else 2
        found = np.asarray(simsimd.cdist(self.high.data, high, "dot", threads=threads, out_dtype="f32")).ravel()
        found *= self.scale.data
        found *= scale[0]
        return np.asarray(found, np.float32)

    def exact(self, rows: Rows, question: Floats) -> Floats:
        """Return the cosine of some vectors by both planes (error below 2e-5)."""
        return products(self.scale.data[rows], self.high.data[rows], self.low.data[rows], question)


@dataclass(frozen=True, slots=True)
class Picked:
    """Some memories by row: the first chunk of each, and where any has `several`, all as `chunks_of` gives them."""

    rows: Rows
    first: Rows
    several: tuple[NDArray[np.bool_], Rows, Rows] | None


class Shard:
    """Columns over the memories and chunks of one tenant, or of several together, kept in the order of their keys.

    A row never moves: what is deleted stays as a dead row until another shard takes over. `aligned` says that every
    memory has one chunk, of its own row number; `ordered` that chunks stand in the order of their keys, as they do
    until a text is written anew. `lock` is held by whoever reads or changes it.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.seen = -1
        self.spaces_seen: dict[str, int] = {}
        self.change_seq = 0
        self.dead = self.dead_chunks = 0
        self.superseding = self.timed = False
        self.spoken = {"user": False, "other": False}
        self.speakers: set[int] = set()
        self.aligned = self.ordered = True
        self.memory: dict[str, Column[Any]] = {name: Column(dtype) for name, dtype in _MEMORY.items()}
        self.chunk_key: Column[Any] = Column(np.int64)
        self.chunk_row: Column[Any] = Column(np.int64)
        self.chunk_length: Column[Any] = Column(np.int32)
        self.chunk_alive: Column[Any] = Column(np.bool_)
        self.terms_total = 0
        self.postings = Postings()
        self.spaces: dict[str, Space] = {}
        self._last: dict[int, int] = {}
        self._sorted: Rows = np.empty(0, np.int64)
        self._found: tuple[Rows, tuple[int, ...], Rows, Picked] | None = None
        self.grouped: Grouped | None = None
        self._spread: tuple[tuple[int, int, int], Rows, Rows] | None = None

    @property
    def nbytes(self) -> int:
        """The memory held, in bytes."""
        columns = [*self.memory.values(), self.chunk_key, self.chunk_row, self.chunk_length, self.chunk_alive]
        spaces = sum(space.nbytes for space in self.spaces.values())
        kept = self._sorted.nbytes + sum(part.nbytes for part in (self._spread or ())[1:])
        return sum(column.nbytes for column in columns) + spaces + self.postings.nbytes + kept

    def __len__(self) -> int:
        return len(self.memory["key"])

    def column(self, name: str) -> NDArray[Any]:
        """Return one column of the memories."""
        return self.memory[name].data

    def rows(self, keys: Rows) -> Rows:
        """Return the row of each key, -1 where it is not here."""
        return rows_of(self.column("key"), keys)

    def found(self, keys: Rows) -> tuple[Rows, Picked]:
        """Return which of the keys are here and alive, and those memories; asked for the same array again, it knows."""
        state = (self.seen, len(self), len(self.chunk_key), self.dead)
        known = self._found
        if known is None or known[0] is not keys or known[1] != state:
            rows = self.rows(keys)
            there = (rows >= 0).nonzero()[0]
            if self.dead:
                there = there[self.column("alive")[rows[there]]]
            known = self._found = keys, state, there, self.picked(rows[there])
        return known[2:]

    def picked(self, rows: Rows) -> Picked:
        """Return memories with their chunks."""
        first, pieces = self.column("first")[rows], self.column("pieces")[rows]
        return Picked(rows, first, chunks_of(first, pieces) if (pieces > 1).any() else None)

    def chunks(self, keys: Rows) -> Rows:
        """Return the row of each chunk by its key, -1 where it is not here."""
        column = self.chunk_key.data
        if self.ordered:
            return rows_of(column, keys)
        if len(self._sorted) != len(column):
            self._sorted = np.argsort(column)
        at = np.searchsorted(column, keys, sorter=self._sorted)
        found = self._sorted[np.minimum(at, len(column) - 1)]
        return np.where(column[found] == keys, found, -1)

    def by_tenant(self, entries: Rows | None, count: int, space: Space | None) -> Grouped:
        """Return the first `count` chunks by tenant, or where there are `entries` the vectors of a space, kept."""
        held = self.grouped if space is None else space.grouped
        if held is None or len(held.order) != count:
            owners = self.chunk_row.data[:count] if entries is None else self.chunk_row.data[entries]
            held = grouped(self.column("tenant")[owners])
            if space is None:
                self.grouped = held
            else:
                space.grouped = held
        return held

    def spread(self, step: int) -> tuple[Rows, Rows]:
        """Return the chunks of every `step`th memory that has any, and where those of each begin; kept."""
        state = (len(self), len(self.chunk_key), step)
        if self._spread is None or self._spread[0] != state:
            _, chunks, starts = chunks_of(self.column("first")[::step], self.column("pieces")[::step])
            self._spread = (state, chunks, starts)
        return self._spread[1:]

    def add_memories(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Append memories (ascending keys, none here yet) and tie them to their conversations."""
        first = len(self)
        for name, column in self.memory.items():
            if name not in {"before", "after", "alive", "first"}:
                column.append(columns[name])
        count = len(columns["key"])
        self.memory["alive"].append(np.ones(count, np.bool_))
        self.memory["before"].append(np.full(count, -1, np.int64))
        self.memory["after"].append(np.full(count, -1, np.int64))
        self.memory["first"].append(np.full(count, -1, np.int64))
        self._tie(first, columns["conversation"], columns["position"])
        self._note(columns)

    def _note(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Remember who speaks here, and whether anything can be out of date: most tenants need not look."""
        self.spoken["user"] |= bool((columns["role"] == _USER).any())
        self.speakers.update(np.unique(columns["speaker"]).tolist())
        self.spoken["other"] |= bool((columns["role"] > _USER).any())
        self.superseding |= bool(columns["superseded"].any())
        self.timed |= bool(
            (columns["valid_from"] > NEVER).any()
            or (columns["valid_to"] < ALWAYS).any()
            or (columns["expires"] < ALWAYS).any()
        )

    def _tie(self, first: int, conversations: Rows, positions: NDArray[np.int32]) -> None:
        before, after = self.column("before"), self.column("after")
        spoken = np.flatnonzero(positions > 0)
        order = spoken[np.lexsort((positions[spoken], conversations[spoken]))]
        if not len(order):
            return
        rows, talks = order + first, conversations[order]
        same = talks[1:] == talks[:-1]
        before[rows[1:][same]] = rows[:-1][same]
        after[rows[:-1][same]] = rows[1:][same]
        heads = np.concatenate(([True], ~same))
        tails = np.concatenate((~same, [True]))
        for row, talk in zip(rows[heads].tolist(), talks[heads].tolist(), strict=True):
            last = self._last.get(talk)
            if last is not None:
                before[row], after[last] = last, row
        self._last.update(zip(talks[tails].tolist(), rows[tails].tolist(), strict=True))

    def update_memories(self, rows: Rows, columns: Mapping[str, NDArray[Any]]) -> None:
        """Replace what is known of memories that are here."""
        for name in columns:
            if name not in {"key", "conversation", "position"}:
                self.column(name)[rows] = columns[name]
        self._note(columns)
        self.grouped = None  # a memory may have gone over to another tenant
        for space in self.spaces.values():
            space.grouped = None

    def remove(self, rows: Rows) -> None:
        """Take memories out: they and their chunks are dead, and their neighbours become each other's."""
        alive, before, after = self.column("alive"), self.column("before"), self.column("after")
        rows = rows[alive[rows]]
        for row in rows.tolist():
            left, right = int(before[row]), int(after[row])
            if left >= 0:
                after[left] = right
            if right >= 0:
                before[right] = left
            talk = int(self.column("conversation")[row])
            if self._last.get(talk) == row:
                if left >= 0:
                    self._last[talk] = left
                else:
                    del self._last[talk]
        alive[rows] = False
        self.dead += len(rows)
        self.remove_chunks(rows)

    def remove_chunks(self, rows: Rows) -> None:
        """Take the chunks of memories out."""
        gone = np.isin(self.chunk_row.data, rows) & self.chunk_alive.data
        self.chunk_alive.data[gone] = False
        self.dead_chunks += int(gone.sum())
        self.terms_total -= int(self.chunk_length.data[gone].sum())
        self.chunk_length.data[gone] = 0

    def add_chunks(self, keys: Rows, rows: Rows, texts: Sequence[str]) -> None:
        """Append chunks (ascending keys, those of one memory side by side) of memories that are here."""
        lengths = lengths_of(texts)
        first = len(self.chunk_key)
        heads = np.flatnonzero(np.concatenate(([True], rows[1:] != rows[:-1])))
        self.column("first")[rows[heads]] = first + heads
        self.ordered &= not first or bool(keys[0] > self.chunk_key.data[-1])
        self.aligned &= bool(np.array_equal(rows, np.arange(first, first + len(rows))))
        self.postings.add(texts, lengths, len(self.chunk_key))
        self.chunk_key.append(keys)
        self.chunk_row.append(rows)
        self.chunk_length.append(lengths)
        self.chunk_alive.append(np.ones(len(keys), np.bool_))
        self.terms_total += int(lengths.sum())

    def add_vectors(self, model: str, dimension: int, keys: Rows, codes: Sequence[bytes]) -> None:
        """Append the vectors of chunks; those of chunks that are not here (deleted meanwhile) are passed over."""
        space = self.spaces.setdefault(model, Space(dimension))
        chunks = self.chunks(keys)
        there = np.flatnonzero(chunks >= 0)
        if len(there):
            space.put(chunks[there], [codes[at] for at in there.tolist()], len(self.chunk_key))


def chunks_of(first: Rows, pieces: Floats) -> tuple[NDArray[np.bool_], Rows, Rows]:
    """Return which memories have chunks, by their first one and how many; those chunks; and where each one's begin."""
    counts = np.where(first >= 0, pieces, 0).astype(np.int64)
    ends = np.cumsum(counts)
    some = counts > 0
    chunks = np.repeat(first - (ends - counts), counts) + np.arange(int(counts.sum()))
    return some, chunks, (ends - counts)[some]


def rows_of(column: Rows, keys: Rows) -> Rows:
    """Return where each key stands in an ascending column, -1 where it does not."""
    if not len(column):
        return np.full(len(keys), -1, np.int64)
    if column[-1] - column[0] == len(column) - 1:  # none is missing between them: the tenant wrote alone
        at = keys - column[0]
        return np.where((at >= 0) & (at < len(column)), at, -1)
    at = np.minimum(column.searchsorted(keys), len(column) - 1)
    return np.where(column[at] == keys, at, -1)
