"""The audit log as rows, chained; beside them a file that remembers how far the log had come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from recollect.models import AuditEntry, AuditFault, AuditFilter, AuditHead, AuditProof, Decision, Deed
from recollect.models.audit import GENESIS, chained, digest_of_entry
from recollect.ports import Clock
from recollect.stores.sql.database import Database
from recollect.stores.sql.dialect import is_postgresql
from recollect.stores.sql.row import micros, moment
from recollect.stores.sql.schema import audit
from recollect.stores.witness import Witness

MOST_FAULTS = 100
"""Faults that are told; a chain made anew from some place on would else fill the screen."""

UNSEEN = 100
"""Entries appended without waiting for the disk after which one waits, so that the witness is never far behind."""

_RUN = 5000
_LAST = sa.select(audit.c.seq, audit.c.digest).order_by(audit.c.seq.desc()).limit(1)


class SqlAudit:
    """The Audit port over one database; the end of what is durable is kept in `witness`, a file of its own."""

    def __init__(self, database: Database, clock: Clock, witness: Path) -> None:
        self._database, self._clock = database, clock
        self._witness = Witness(witness)
        self._unseen = UNSEEN  # the first is flushed: a process may never come to its hundredth

    async def note(self, deed: Deed, *, durable: bool = True) -> AuditEntry:
        """Append a deed; appends of all processes wait for each other."""
        return await self.note_beside(deed, _nothing, durable=durable)

    async def note_beside(
        self, deed: Deed, beside: Callable[[sa.Connection], None], *, durable: bool = True
    ) -> AuditEntry:
        """Append a deed and do something beside it in the same transaction, both or neither."""
        flushed = durable or self._unseen >= UNSEEN
        kept = self._witness.head() if flushed else None

        def work(connection: sa.Connection) -> tuple[AuditEntry, bool]:
            entry = append(connection, moment(micros(self._clock.now())), deed)
            beside(connection)
            return entry, kept is None or _holds(connection, kept)

        entry, whole = await self._database.write(work, durable=flushed)
        self._unseen = 0 if flushed else self._unseen + 1
        if flushed and whole:
            # A commit that is flushed has flushed all before it, and only then may the end be vouched for. Where the
            # log no longer holds what was vouched for, the witness stays as it is: it is the evidence.
            await self._witness.saw(AuditHead(entry.seq, entry.digest))
        return entry

    async def noted(self, head: AuditHead) -> None:
        """Count an entry in that was appended and flushed beside something else."""
        self._unseen += 1
        kept = self._witness.head()
        if self._unseen >= UNSEEN and (
            kept is None or await self._database.read(lambda connection: _holds(connection, kept))
        ):
            self._unseen = 0
            await self._witness.saw(head)

    async def entries(
        self, asked: AuditFilter, *, limit: int, beyond: int | None = None, newest: bool = True
    ) -> list[AuditEntry]:
        """Return entries that meet a filter."""

        def work(connection: sa.Connection) -> list[AuditEntry]:
            found: list[AuditEntry] = []
            after = beyond
            while len(found) < limit:
                rows = connection.execute(_chosen(asked, after, newest=newest).limit(_RUN)).all()
                read = [_entry(row) for row in rows]
                found += [entry for entry in read if asked.project_id in {None, *entry.deed.projects}]
                if len(rows) < _RUN:
                    break
                after = rows[-1].seq
            return found[:limit]

        return await self._database.read(work)

    async def head(self) -> AuditHead | None:
        """Return the last entry's place and digest."""

        def work(connection: sa.Connection) -> AuditHead | None:
            last = connection.execute(_LAST).first()
            return None if last is None else AuditHead(last.seq, last.digest)

        return await self._database.read(work)

    async def verify(self, known: Sequence[AuditHead] = ()) -> AuditProof:
        """Read everything from one consistent view."""
        kept = self._witness.head()  # before the log is read: what is appended meanwhile is no fault
        ends = [*known, *([] if kept is None else [kept])]

        def work(connection: sa.Connection) -> AuditProof:
            chain = _Chain({end.seq: end.digest for end in ends})
            for row in _all(connection):
                chain.take(row)
            return chain.proof(ends)

        return await self._database.read(work)


def append(connection: sa.Connection, at: datetime, deed: Deed) -> AuditEntry:
    """Append a deed in a transaction; until its end others that append wait."""
    if is_postgresql(connection):  # SQLite's write transactions exclude each other already
        connection.exec_driver_sql("LOCK TABLE audit IN SHARE ROW EXCLUSIVE MODE")
    last = connection.execute(_LAST).first()
    seq, previous = (0, GENESIS) if last is None else (last.seq, last.digest)
    entry = chained(seq + 1, at, deed, previous)
    connection.execute(sa.insert(audit).values(_row(entry)))
    return entry


@dataclass(slots=True)
class _Chain:
    """Follows the log entry by entry, and notes where it does not hold together."""

    expected: dict[int, str]
    entries: int = 0
    seq: int = 0
    digest: str = GENESIS
    faults: list[AuditFault] = field(default_factory=list)

    def take(self, row: sa.Row[tuple[object, ...]]) -> None:
        """Check one more entry against the one before."""
        self.entries += 1
        seq: int = row.seq
        if seq != self.seq + 1:
            self._fault(seq, "missing", f"{seq - self.seq - 1} entries before entry {seq} are gone")
        elif row.previous != self.digest:
            self._fault(seq, "unlinked", f"Entry {seq} does not follow entry {self.seq}")
        if not _true(row):
            self._fault(seq, "changed", f"Entry {seq} is not what its digest says")
        elif self.expected.get(seq, row.digest) != row.digest:
            self._fault(seq, "replaced", f"Entry {seq} is another one than it was")
        self.seq, self.digest = seq, row.digest

    def proof(self, ends: Sequence[AuditHead]) -> AuditProof:
        """Return what was found, with the ends that the log should hold and does not reach."""
        furthest = max((end.seq for end in ends), default=0)
        if furthest > self.seq:
            self._fault(self.seq + 1, "cut", f"The log ends at entry {self.seq}, and had come to entry {furthest}")
        head = AuditHead(self.seq, self.digest) if self.entries else None
        return AuditProof(self.entries, head, tuple(self.faults))

    def _fault(self, seq: int, sort: str, said: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(AuditFault(seq, sort, said))


def _nothing(_: sa.Connection) -> None:
    """Do nothing beside a deed."""


def _holds(connection: sa.Connection, head: AuditHead) -> bool:
    found = connection.execute(sa.select(audit.c.digest).where(audit.c.seq == head.seq)).scalar()
    return found == head.digest


def _true(row: sa.Row[tuple[object, ...]]) -> bool:
    """Whether a row has the digest it says; a row that cannot even be read has not."""
    try:
        entry = _entry(row)
        return digest_of_entry(entry.seq, entry.at, entry.deed, entry.previous) == entry.digest
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return False


def _all(connection: sa.Connection) -> Iterator[sa.Row[tuple[object, ...]]]:
    after: int | None = None
    while True:
        rows = connection.execute(_chosen(AuditFilter(), after, newest=False).limit(_RUN)).all()
        yield from rows
        if len(rows) < _RUN:
            return
        after = rows[-1].seq


def _chosen(asked: AuditFilter, beyond: int | None, *, newest: bool) -> sa.Select[tuple[object, ...]]:
    query = sa.select(audit).order_by(audit.c.seq.desc() if newest else audit.c.seq)
    if beyond is not None:
        query = query.where(audit.c.seq < beyond if newest else audit.c.seq > beyond)
    for column, value in (("actor", asked.actor), ("action", asked.action), ("decision", asked.decision)):
        if value is not None:
            query = query.where(audit.c[column] == str(value))
    if asked.project_id is not None:  # narrows; which rows really name it is seen when they are read
        query = query.where(audit.c.projects.contains(json.dumps(asked.project_id), autoescape=True))
    if asked.since is not None:
        query = query.where(audit.c.at >= micros(asked.since))
    if asked.until is not None:
        query = query.where(audit.c.at < micros(asked.until))
    return query


def _row(entry: AuditEntry) -> dict[str, object]:
    deed = entry.deed
    return {
        "seq": entry.seq,
        "at": micros(entry.at),
        "actor": deed.actor,
        "action": deed.action,
        "decision": deed.decision.value,
        "origin": deed.origin,
        "token": deed.token,
        "projects": json.dumps(deed.projects),
        "target": deed.target,
        "detail": json.dumps(dict(deed.detail)),
        "times": deed.times,
        "previous": entry.previous,
        "digest": entry.digest,
    }


def _entry(row: sa.Row[tuple[object, ...]]) -> AuditEntry:
    deed = Deed(
        action=row.action,
        actor=row.actor,
        decision=Decision(row.decision),
        origin=row.origin,
        token=row.token,
        projects=tuple(json.loads(row.projects)),
        target=row.target,
        detail=json.loads(row.detail),
        times=row.times,
    )
    return AuditEntry(row.seq, moment(row.at), deed, row.previous, row.digest)
