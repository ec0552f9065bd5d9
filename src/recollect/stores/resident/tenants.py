"""Which tenants are in memory, that they are fresh, and that they fit."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from recollect.models import Reach, Where
from recollect.stores.resident.epoch import Epoch
from recollect.stores.resident.load import catch_up, catch_up_vectors
from recollect.stores.resident.shard import Shard
from recollect.stores.sql.database import Database
from recollect.stores.sql.lately import Lately
from recollect.stores.sql.schema import memory
from recollect.stores.sql.tenants import conversations_in, tenants_in
from recollect.stores.sql.vectors import model_key
from recollect.stores.sql.where import meeting

_MEMORY_BYTES = 600
"""What a memory with one short chunk takes beside its vector, measured; for deciding before loading."""

TOGETHER, MOST_TOGETHER = 4, 5000
"""From so many tenants on a question is asked of one shard that holds them all: it costs what one tenant would.

Each shard costs half a millisecond of its own. Beyond the second number the tenants no longer fit one statement.
"""

Group = tuple[int, ...]
"""The tenants of a shard, ascending. No other tenant is ever in it: what counts terms counts only theirs."""

_MOST_DEAD = 0.25
"""A shard with a larger share of dead rows is loaded anew."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The shards of the `tenants` a question may look into, fresh as of `stamp`, and what narrows it further.

    `conversations` and `keys` (memories that met the filter) are `None` where they do not narrow.
    """

    stamp: int
    tenants: Group
    shards: tuple[Shard, ...]
    conversations: tuple[int, ...] | None = None
    keys: tuple[int, ...] | None = None

    @property
    def chunks(self) -> int:
        """How many chunks there are to score."""
        return sum(len(shard.chunk_key) for shard in self.shards)


class Tenants:
    """Loads tenants when they are asked for, the least recently used leaving at `limit` bytes."""

    def __init__(self, database: Database, *, limit: int) -> None:
        self._database = database
        self._limit = limit
        self._epoch = Epoch(database)
        self._lock = threading.Lock()
        self._shards: OrderedDict[Group, Shard] = OrderedDict()
        self._reaches: tuple[int, dict[Reach, list[int]]] = (-1, {})
        self._large: Lately[tuple[tuple[Group, ...], str | None], bool] = Lately()

    def open(self, where: Where, model: str | None = None) -> Opened | None:
        """Return the shards in reach, caught up, with the vectors of `model`; `None` when they do not fit.

        What does not fit is not counted anew for some seconds. Without a model it fits where words and traits do: a
        large tenant may have its words here and its vectors searched elsewhere.

        Called on a thread of its own; blocks while it loads.
        """
        with self._lock:
            stamp = self._epoch.now()
            tenants = self._tenants(stamp, where.reach)
            groups = grouped(tenants)
            shards = [self._take(group) for group in groups]
        stale = [
            (group, shard)
            for group, shard in zip(groups, shards, strict=True)
            if shard.seen != stamp or (model is not None and shard.spaces_seen.get(model) != stamp)
        ]
        held = sum(shard.nbytes for shard in shards)
        inside = where.reach.tenants
        if stale:
            if self._large.get((tuple(groups), model)):
                return None
            fresh = self._database.read_now(lambda c: self._refresh(c, stale, stamp, model, held), reach=inside)
            if fresh is None:
                self._large.keep((tuple(groups), model), value=True)
                return None
            shards = [fresh.get(group, shard) for group, shard in zip(groups, shards, strict=True)]
            self._evict(set(groups))
        narrow = where.filter is not None or where.reach.conversation_id is not None
        if not narrow:
            return Opened(stamp, tuple(tenants), tuple(shards))
        talks, keys = self._database.read_now(lambda c: _narrow(c, where, tenants), reach=inside)
        return Opened(stamp, tuple(tenants), tuple(shards), talks, keys)

    def at_hand(self, where: Where, model: str | None = None) -> Opened | None:
        """Return what `open` would where it need not read the file, else `None`; takes microseconds."""
        if where.filter is not None or where.reach.conversation_id is not None:
            return None
        stamp = self._epoch.now()
        seen, known = self._reaches
        tenants = known.get(where.reach.tenants)
        if seen != stamp or tenants is None:
            return None
        shards = []
        for group in grouped(tenants):
            shard = self._shards.get(group)
            if shard is None or shard.seen != stamp or (model is not None and shard.spaces_seen.get(model) != stamp):
                return None
            shards.append(shard)
        return Opened(stamp, tuple(tenants), tuple(shards))

    def stamp(self) -> int:
        """Return a number that is another one after every write that a search could see; takes microseconds."""
        return self._epoch.now()

    def forget(self, model: str | None) -> None:
        """Let go of the vectors of a model (or all): they were dropped."""
        with self._lock:
            for shard in self._shards.values():
                with shard.lock:
                    for name in [name for name in shard.spaces if model in {None, name}]:
                        del shard.spaces[name]
                        shard.spaces_seen.pop(name, None)

    def close(self) -> None:
        """Let go of everything."""
        self._epoch.close()
        self._shards.clear()

    @property
    def nbytes(self) -> int:
        """The memory held, in bytes."""
        return sum(shard.nbytes for shard in list(self._shards.values()))

    def _take(self, group: Group) -> Shard:
        if group not in self._shards:
            self._shards[group] = Shard()
        self._shards.move_to_end(group)
        return self._shards[group]

    def _tenants(self, stamp: int, reach: Reach) -> list[int]:
        seen, known = self._reaches
        if seen != stamp:
            known = {}
            self._reaches = (stamp, known)
        reach = reach.tenants
        if reach not in known:
            known[reach] = self._database.read_now(lambda connection: tenants_in(connection, reach))
        return known[reach]

    def _refresh(
        self, connection: sa.Connection, stale: Sequence[tuple[Group, Shard]], stamp: int, model: str | None, held: int
    ) -> dict[Group, Shard] | None:
        """Bring shards up to date and return those that now stand for the groups, `None` when they do not fit."""
        found = None if model is None else model_key(connection, model)
        new = tuple(owner for group, shard in stale if shard.change_seq == 0 for owner in group)
        bare: Group = ()
        if found is not None:
            bare = tuple(owner for group, shard in stale if model not in shard.spaces for owner in group)
        if not self._fits(connection, held, ((new, _MEMORY_BYTES), (bare, 2 * (found or (0, 0))[1]))):
            return None
        fresh = {}
        for group, shard in stale:
            with shard.lock:  # whoever waited for it takes what was made meanwhile
                now = self._shards.get(group, shard)
                if now.dead > _MOST_DEAD * len(now) or not catch_up(connection, group, now):
                    now = Shard()
                    catch_up(connection, group, now)
                if model is not None and found is not None:
                    catch_up_vectors(connection, group, now, model, *found)
                elif model is not None:
                    now.spaces.pop(model, None)
                now.seen = stamp
                if model is not None:
                    now.spaces_seen[model] = stamp
                if now is not shard:
                    self._shards[group] = now
            fresh[group] = now
        return fresh

    def _fits(self, connection: sa.Connection, held: int, needs: Sequence[tuple[Group, int]]) -> bool:
        """Whether what tenants need, in bytes a memory, fits beside what is held."""
        size = held
        for owners, each in needs:
            if owners:
                query = sa.select(sa.func.count()).select_from(memory).where(memory.c.tenant.in_(owners))
                size += each * int(connection.execute(query).scalar_one())
        return size <= self._limit

    def _evict(self, used: set[Group]) -> None:
        with self._lock:
            total = self.nbytes
            for group in list(self._shards):
                if total <= self._limit:
                    return
                if group not in used:
                    total -= self._shards.pop(group).nbytes


def grouped(tenants: Sequence[int]) -> list[Group]:
    """Return which tenants share a shard: all of them where they are many, else each has its own."""
    if TOGETHER <= len(tenants) <= MOST_TOGETHER:
        return [tuple(tenants)]
    return [(owner,) for owner in tenants]


def _narrow(
    connection: sa.Connection, where: Where, tenants: Sequence[int]
) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    talks = None
    if where.reach.conversation_id is not None:
        talks = tuple(conversations_in(connection, tenants, where.reach.conversation_id))
    if where.filter is None:
        return talks, None
    query = meeting(connection, sa.select(memory.c.key), memory, where).order_by(memory.c.key)
    return talks, tuple(connection.execute(query).scalars())
