"""What arrives: each replica meets what is here, and one of the two stands. One page is one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from recollect.merge import content, merge, unite
from recollect.models import Arrived, Kind, Replica
from recollect.stores.sql.delete import delete_all
from recollect.stores.sql.restore import write_vectors
from recollect.stores.sql.schema import NOTED, change, memory, tenant
from recollect.stores.sql.sync.held import HERE, Held, bodies, held, keep, mark
from recollect.stores.sql.sync.overwrite import Index, bring, end_again, note_loser, overwrite
from recollect.stores.sql.tenants import ensure_tenant
from recollect.stores.sql.write import some


@dataclass(slots=True)
class _Plan:
    """What is to be done, in this order."""

    deletes: list[str] = field(default_factory=list)
    repeats: list[Replica] = field(default_factory=list)
    changes: list[tuple[Replica, Held]] = field(default_factory=list)
    adds: list[Replica] = field(default_factory=list)
    losers: list[tuple[Replica, Held]] = field(default_factory=list)
    stamps: dict[str, Replica] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    known: int = 0

    def rekey(self, item: Replica) -> None:
        """Let a memory be known by its id, as its key is taken."""
        own = Replica(item.id, item.stamp, {**_body(item), "dedupe": item.id}, item.vectors)
        self.adds = [own if one.id == item.id else one for one in self.adds]
        self.changes = [(own, here) if one.id == item.id else (one, here) for one, here in self.changes]


class Taking:
    """Takes one page over. `via` is who sent it, `own` the name of this store, `now` the time in microseconds."""

    def __init__(self, connection: sa.Connection, index: Index, via: str, own: str, now: int) -> None:
        self._connection = connection
        self._index = index
        self._via, self._own, self._now = via, own, now
        self._again: list[str] = []

    def __call__(self, page: Sequence[Replica]) -> Arrived:
        """Write what stands, keep what does not in the history, and note which write each memory is in now."""
        arrived: dict[str, Replica] = {}
        for item in page:
            arrived[item.id] = merge(arrived[item.id], item) if item.id in arrived else item
        states = held(self._connection, arrived, self._own)
        plan = self._planned(arrived, states)
        deleted = delete_all(self._connection, plan.deletes, self._now) if plan.deletes else 0
        for item in plan.repeats:
            end_again(self._connection, item, self._now)
        self._unite(plan)
        fresh = [item.id for item, _ in plan.changes if overwrite(self._connection, item, self._index)]
        bring(self._connection, plan.adds, self._index)
        for item, here in plan.losers:
            note_loser(self._connection, here, item)
        self._without_doubles([*plan.adds, *(item for item, _ in plan.changes)])
        self._vectors([*plan.adds, *(item for item, _ in plan.changes)])
        self._note(plan, states)
        fresh += [item.id for item in plan.adds]
        changed = len(plan.changes)
        return Arrived(tuple(fresh), changed, deleted, len(plan.losers), plan.known, tuple(self._again))

    def _planned(self, arrived: Mapping[str, Replica], states: Mapping[str, Held]) -> _Plan:
        plan = _Plan()
        met = [states[name].key for name, item in arrived.items() if item.body and name in states and states[name].key]
        mine = bodies(self._connection, [key for key in met if key is not None])
        for name, item in arrived.items():
            here = states.get(name)
            if here is None:
                plan.stamps[name] = item
                if item.body is not None:
                    plan.adds.append(item)
            elif here.stamp == item.stamp:
                plan.known += 1
            else:
                self._meet(plan, here, item, mine.get(name))
        return plan

    def _meet(self, plan: _Plan, here: Held, item: Replica, mine: Mapping[str, Any] | None) -> None:
        """Decide between what is here and what arrived."""
        wins = item.stamp > here.stamp
        if mine is not None and _same(here, mine, item):  # written twice: the greater stamp names it from now on
            plan.known += 1
            if wins:
                plan.stamps[item.id] = item
            return
        if wins:
            plan.stamps[item.id] = item
            if item.body is None:
                plan.deletes += [item.id] if here.key is not None else []
            elif here.key is not None:
                plan.changes.append((item, here))
            else:
                plan.adds.append(item)
        elif item.body is not None and here.key is not None and item.stamp.life == here.stamp.life:
            plan.losers.append((item, here))
        elif item.body is not None and here.key is None:
            plan.repeats.append(item)
        else:
            plan.known += 1

    def _unite(self, plan: _Plan) -> None:
        """Make one of memories that were added under one key on several machines."""
        moved = {item.id for item, _ in plan.changes}
        for part in some(sorted(moved)):  # keys that were swapped are free to be given anew
            free = sa.update(memory).where(memory.c.id.in_(part)).values(dedupe=sa.literal("moving:") + memory.c.id)
            self._connection.execute(free)
        self._within(plan)
        items = [*(item for item, _ in plan.changes), *plan.adds]
        holders = self._holders([_body(item)["dedupe"] for item in items])
        for item in items:
            body = _body(item)
            other = holders.get(body["dedupe"])
            if other is None or other.id == item.id:
                continue
            if (other.user_id, other.project_id) == (body["user_id"], body["project_id"]):
                self._joined(plan, item, other.id)
            else:  # of somebody else: the key says nothing there
                plan.rekey(item)

    def _holders(self, keys: Sequence[str]) -> dict[str, Any]:
        """Return who has these keys here."""
        query = sa.select(memory.c.id, memory.c.dedupe, tenant.c.user_id, tenant.c.project_id).join(tenant)
        found: dict[str, Any] = {}
        for part in some(keys):
            found.update((row.dedupe, row) for row in self._connection.execute(query.where(memory.c.dedupe.in_(part))))
        return found

    def _within(self, plan: _Plan) -> None:
        """Unite what arrived under one key in one page."""
        by_key: dict[str, Replica] = {}
        for item in list(plan.adds):
            key = _body(item)["dedupe"]
            if key not in by_key:
                by_key[key] = item
                continue
            stays, ends = unite(by_key[key], item)
            plan.adds = [one for one in plan.adds if one.id not in {item.id, by_key[key].id}]
            by_key[key] = stays
            plan.adds.append(_renamed(stays))
            plan.stamps[stays.id] = stays
            self._end(plan, ends, item)

    def _joined(self, plan: _Plan, item: Replica, other: str) -> None:
        here = held(self._connection, [other], self._own)[other]
        mine = Replica(other, here.stamp, bodies(self._connection, [here.key or 0])[other])
        stays, ends = unite(mine, item)
        stays = _renamed(stays)
        plan.adds = [one for one in plan.adds if one.id != item.id]
        plan.changes = [one for one in plan.changes if one[0].id != item.id]
        plan.own |= {stays.id, ends.id}
        if stays.id == other:
            self._end(plan, ends, item)
            moved = _renamed(Replica(other, item.stamp, item.body))
            if stays.stamp == here.stamp:
                plan.losers.append((moved, here))
            else:
                plan.changes.append((stays, here))
                plan.stamps[other] = stays
            return
        loser = mine if stays.stamp == item.stamp else item
        delete_all(self._connection, [other], self._now)
        plan.stamps[other] = ends
        first = _renamed(Replica(item.id, loser.stamp, loser.body))
        known = held(self._connection, [item.id], self._own).get(item.id)
        if known is None or known.key is None:
            bring(self._connection, [first], self._index)
        else:
            note_loser(self._connection, known, first)
        plan.changes.append((stays, held(self._connection, [item.id], self._own)[item.id]))
        plan.stamps[item.id] = stays

    def _end(self, plan: _Plan, ends: Replica, item: Replica) -> None:
        """Let one that was united with another be gone, here and wherever it is."""
        there = held(self._connection, [ends.id], self._own).get(ends.id)
        if there is not None and there.key is not None:
            delete_all(self._connection, [ends.id], self._now)
        else:
            end_again(self._connection, item, self._now)
        plan.stamps[ends.id] = ends
        plan.own.add(ends.id)

    def _without_doubles(self, items: Sequence[Replica]) -> None:
        """Drop facts that were derived here where the same was written on purpose; their turns are read again."""
        written: dict[tuple[str, str], dict[str, str]] = {}
        for body in map(_body, items):
            if body["kind"] in {Kind.NOTE, Kind.FACT}:
                written.setdefault((body["user_id"], body["project_id"]), {})[body["content_hash"]] = body["id"]
        columns = (memory.c.id, memory.c.content_hash, memory.c.sources, memory.c.repeats)
        for place, texts in written.items():
            owner = ensure_tenant(self._connection, *place)
            here = sa.and_(memory.c.tenant == owner, memory.c.kind == Kind.FACT, sa.text(f"memory.{NOTED}"))
            doubles = [
                row
                for part in some(sorted(texts))
                for row in self._connection.execute(sa.select(*columns).where(here, memory.c.content_hash.in_(part)))
                if row.sources and row.repeats <= len(row.sources) and row.id != texts[row.content_hash]
            ]
            if doubles:
                self._again += [source for row in doubles for source in row.sources]
                delete_all(self._connection, [row.id for row in doubles], self._now)

    def _vectors(self, items: Sequence[Replica]) -> None:
        rows = [dict(row) for item in items for row in item.vectors]
        if rows:
            write_vectors(self._connection, rows)

    def _note(self, plan: _Plan, before: Mapping[str, Held]) -> None:
        """Note which write each memory is in; what was decided here is sent to everybody, its sender among them."""
        names = [*plan.stamps, *(item.id for item, _ in plan.losers), *(item.id for item in plan.repeats)]
        ids = list(dict.fromkeys(names))
        last: dict[str, int] = {}
        for part in some(ids):
            log = sa.select(change.c.memory_id, sa.func.max(change.c.seq)).where(change.c.memory_id.in_(part))
            last.update((name, seq) for name, seq in self._connection.execute(log.group_by(change.c.memory_id)))
        rows = []
        for name in ids:
            was = before.get(name)
            stamp = plan.stamps[name].stamp if name in plan.stamps else None if was is None else was.stamp
            if stamp is None:
                continue
            fair = name in plan.stamps and name not in plan.own
            one = Held(
                name, stamp, None, None, last.get(name, 0), self._via if fair else "", was is not None and was.born
            )
            rows.append(mark(one, outside=HERE))
        keep(self._connection, rows)


def _same(here: Held, mine: Mapping[str, Any], item: Replica) -> bool:
    """Whether what arrived is what is here, as the same version."""
    return item.body is not None and here.stamp.version == item.stamp.version and content(mine) == content(item.body)


def _body(item: Replica) -> Mapping[str, Any]:
    return item.body or {}


def _renamed(item: Replica) -> Replica:
    """Return a replica whose body bears its id."""
    return Replica(item.id, item.stamp, {**_body(item), "id": item.id}, ())
