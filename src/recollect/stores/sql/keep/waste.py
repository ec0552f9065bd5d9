"""The waste: memories as they were before a run changed or deleted them, until the run can no longer be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from recollect.exchange import Revision
from recollect.models import Chunk, Kind, Memory, Task, Tier
from recollect.stores.sql.delete import delete_all
from recollect.stores.sql.keep.circle import circle, replacing
from recollect.stores.sql.keep.lines import close, in_order, lines_of, open_
from recollect.stores.sql.lock import TENANT, hold
from recollect.stores.sql.restore import restore
from recollect.stores.sql.row import from_row, from_snapshot, select_memory
from recollect.stores.sql.schema import change, derivation, memory, tenant, waste, waste_source
from recollect.stores.sql.write import push_jobs, revise_all, some

if TYPE_CHECKING:
    from recollect.exchange import Line

_COLUMNS = frozenset(column.name for column in memory.c) - {"key", "tenant", "conversation", "position"}
_DERIVED = frozenset((Kind.FACT, Kind.SUMMARY, Kind.OBSERVATION))

Index = Callable[[Memory], Sequence[Chunk]]


@dataclass(frozen=True, slots=True)
class Put:
    """What was put away: how many memories, the bytes of their texts before, and what they take now."""

    memories: int = 0
    before: int = 0
    after: int = 0

    def __add__(self, other: Put) -> Put:
        return Put(self.memories + other.memories, self.before + other.before, self.after + other.after)


def put_deleted(connection: sa.Connection, run: int, ids: Sequence[str], now: int) -> Put:
    """Delete memories and what was derived from them alone, and keep all of it.

    One that has taken another's place, which would be true again, stays: so does what it was derived from.
    """
    chosen = list(ids)
    found = circle(connection, chosen)
    if replacing(connection, list(found.gone)):
        chosen = [name for name in ids if not replacing(connection, list(circle(connection, [name]).gone))]
        found = circle(connection, chosen)
        if replacing(connection, list(found.gone)):  # several of them together
            return Put()
    if not found.gone:
        return Put()
    before = lines_of(connection, found.gone)
    owners = _owners(connection, [*found.gone, *found.fewer])
    fewer = _fewer(connection, found.fewer)
    delete_all(connection, chosen, now, wasted=True)
    rows = [_row(run, owners[name], name, 0, close(before[name])) for name in found.gone]
    rows += [_row(run, owners[name], name, body["version"], close((), fewer=body)) for name, body in fewer.items()]
    _insert(connection, rows, before)
    push_jobs(connection, [Task("scrub", {})], now)
    return Put(len(found.gone), _size(before.values()), sum(len(row["body"]) for row in rows))


def put_revised(connection: sa.Connection, run: int, revisions: Sequence[Revision], now: int) -> Put:
    """Revise memories, and keep how they were."""
    places = {row.id: row for row in _places(connection, [one.memory.id for one in revisions])}
    before = lines_of(connection, {name: row.key for name, row in places.items()})
    revise_all(connection, revisions, now)
    rows = [
        _row(run, places[one.memory.id].tenant, one.memory.id, one.memory.version, close(before[one.memory.id]))
        for one in revisions
    ]
    _insert(connection, rows, before)
    return Put(len(rows), 0, sum(len(row["body"]) for row in rows))


def archived(item: Memory) -> Revision:
    """Return a memory in the tier `archive`."""
    return Revision(replace(item, tier=Tier.ARCHIVE, version=item.version + 1))


def page(connection: sa.Connection, run: int, limit: int) -> list[tuple[int, dict[str, Any]]]:
    """Return the last things that a run put away, by key: what it did last is taken back first."""
    query = sa.select(waste.c.key, waste.c.body).where(waste.c.run == run).order_by(waste.c.key.desc()).limit(limit)
    return [(row.key, open_(bytes(row.body))) for row in connection.execute(query)]


def chunks_of(bodies: Sequence[dict[str, Any]], index: Index) -> dict[str, Sequence[Chunk]]:
    """Return the chunks of the memories that lines hold."""
    return {row["id"]: index(from_snapshot(row)) for sort, row in in_order(bodies) if sort == "memory"}


def bring_back(
    connection: sa.Connection, keys: Sequence[int], chunks: Mapping[str, Sequence[Chunk]], now: int
) -> tuple[int, int]:
    """Bring back what lies under these keys of the waste; return how many memories came back, and how many did not.

    What was changed, written again or deleted since stays as it is.
    """
    rows = [row for part in some(keys) for row in connection.execute(sa.select(waste).where(waste.c.key.in_(part)))]
    hold(connection, TENANT, {row.tenant for row in rows})
    back = _Way(connection, chunks, now)
    names = _names(connection, {row.tenant for row in rows})
    for row in sorted(rows, key=lambda row: -row.key):
        body = open_(bytes(row.body))
        _rename(body["lines"], *names[row.tenant])
        back.take(row.memory_id, row.left, body)
    back.flush()
    _drop(connection, [row.key for row in rows])
    return back.came, back.kept


class _Way:
    """The way back for some memories, the last that happened first: one may have been changed, then deleted."""

    def __init__(self, connection: sa.Connection, chunks: Mapping[str, Sequence[Chunk]], now: int) -> None:
        self._connection, self._chunks, self._now = connection, chunks, now
        self._absent: dict[str, dict[str, Any]] = {}
        self._fewer: list[tuple[str, Mapping[str, Any]]] = []
        self.came = self.kept = 0

    def take(self, name: str, left: int, body: dict[str, Any]) -> None:
        """Take one memory back, or put it down to be written with others."""
        if name in self._absent:
            self.flush()
        (live,) = _places(self._connection, [name]) or (None,)
        if "fewer" in body:
            self._fewer.append((name, body["fewer"]))
        elif live is None and left == 0:
            self._absent[name] = body
        elif live is not None and live.version == left:
            _revert(self._connection, live, body["lines"])
            self.came += 1
        else:
            self.kept += 1

    def flush(self) -> None:
        """Write what is put down."""
        absent = list(self._absent.values())
        if absent:
            came = restore(self._connection, in_order(absent), self._chunks, self._now).new.get("memory", 0)
            self.came += came
            self.kept += len(absent) - came
            _embed(self._connection, absent, self._now)
        for name, body in self._fewer:
            _more(self._connection, name, body)
        self._absent, self._fewer = {}, []


def _drop(connection: sa.Connection, keys: Sequence[int]) -> None:
    for part in some(keys):
        connection.execute(sa.delete(waste_source).where(waste_source.c.waste.in_(part)))
        connection.execute(sa.delete(waste).where(waste.c.key.in_(part)))


def _embed(connection: sa.Connection, absent: Sequence[dict[str, Any]], now: int) -> None:
    """Have made what vectors are missing: those of a model that has come since."""
    ids = [row["id"] for sort, row in in_order(absent) if sort == "memory"]
    push_jobs(connection, [Task("embed", {"ids": list(part)}) for part in some(ids, 256)], now)


def _row(run: int, owner: int, name: str, left: int, body: bytes) -> dict[str, Any]:
    return {"run": run, "tenant": owner, "memory_id": name, "left": left, "body": body}


def _insert(connection: sa.Connection, rows: Sequence[dict[str, Any]], before: Mapping[str, Sequence[Line]]) -> None:
    made = sa.insert(waste).returning(waste.c.key, sort_by_parameter_order=True)
    keys = list(connection.execute(made, list(rows)).scalars())
    sources = [
        {"waste": key, "source": source}
        for key, row in zip(keys, rows, strict=True)
        for sort, values in before.get(row["memory_id"], ())
        if sort == "memory" and values["kind"] in _DERIVED
        for source in dict.fromkeys(values["sources"])
    ]
    if sources:
        connection.execute(sa.insert(waste_source), sources)


def _places(connection: sa.Connection, ids: Sequence[str]) -> list[Any]:
    columns = (memory.c.id, memory.c.key, memory.c.tenant, memory.c.version)
    return [row for part in some(ids) for row in connection.execute(sa.select(*columns).where(memory.c.id.in_(part)))]


def _owners(connection: sa.Connection, ids: Sequence[str]) -> dict[str, int]:
    return {row.id: row.tenant for row in _places(connection, ids)}


def _fewer(connection: sa.Connection, left: Mapping[str, list[str]]) -> dict[str, dict[str, Any]]:
    """Return what facts are that will have fewer sources, and what they are left with."""
    found = {}
    for part in some(list(left)):
        for row in connection.execute(select_memory().where(memory.c.id.in_(part))).mappings():
            item = from_row(row)
            found[item.id] = {
                "version": item.version,
                "sources": list(item.sources),
                "repeats": item.repeats,
                "left": left[item.id],
            }
    return found


def _more(connection: sa.Connection, name: str, body: Mapping[str, Any]) -> None:
    """Give a fact its sources again, unless it has changed."""
    row = connection.execute(sa.select(memory).where(memory.c.id == name)).mappings().first()
    if row is None or row["version"] != body["version"] or list(row["sources"]) != body["left"]:
        return
    values = {"sources": body["sources"], "repeats": body["repeats"]}
    connection.execute(sa.update(memory).where(memory.c.key == row["key"]).values(values))
    _derive(connection, row["key"], body["sources"])


def _derive(connection: sa.Connection, key: int, sources: Sequence[str]) -> None:
    connection.execute(sa.delete(derivation).where(derivation.c.memory == key))
    rows = [{"memory": key, "source": source} for source in dict.fromkeys(sources)]
    if rows:
        connection.execute(sa.insert(derivation), rows)


def _revert(connection: sa.Connection, live: sa.Row[Any], lines: Sequence[Line]) -> None:
    """Make a memory what it was, under its key; its changes are written anew, so that whoever follows them hears."""
    (values,) = (values for sort, values in lines if sort == "memory")
    row = {name: values[name] for name in _COLUMNS}
    connection.execute(sa.update(memory).where(memory.c.key == live.key).values(row))
    _derive(connection, live.key, values["sources"])
    here = {"memory_id": live.id, "memory": live.key, "tenant": live.tenant}
    added = {"verb": "add", "at": values["added_at"], "version": values["added_version"], "before": None}
    log = [{**here, **added}]
    for sort, told in lines:
        if sort == "change":
            log.append({**here, **{name: told[name] for name in ("verb", "at", "version", "before")}})
    connection.execute(sa.delete(change).where(change.c.memory_id == live.id))
    connection.execute(sa.insert(change), log)


def _names(connection: sa.Connection, owners: set[int]) -> dict[int, tuple[str, str]]:
    query = sa.select(tenant).where(tenant.c.key.in_(owners))
    return {row.key: (row.user_id, row.project_id) for row in connection.execute(query)}


def _rename(lines: Sequence[Line], user: str, project: str) -> None:
    """Have lines name the tenant as it is called now: its project may have moved."""
    for sort, values in lines:
        if sort in ("conversation", "memory", "change"):
            values.update(user_id=user, project_id=project)  # type: ignore[attr-defined]
        if sort == "change" and values["before"]:
            values["before"].update(user_id=user, project_id=project)


def _size(groups: Any) -> int:
    return sum(
        len(values["text"].encode("utf-8", "surrogatepass"))
        for lines in groups
        for sort, values in lines
        if sort == "memory"
    )
