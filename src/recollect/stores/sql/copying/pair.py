"""Two stores of which one takes the other's place: begun, copied, caught up with, compared, and changed over.

Each step may be broken off anywhere and started again: what both stores note (`copying.note`) says where it goes on.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from recollect.errors import Conflict, StoreBusy, StoreDamaged
from recollect.stores.beside import outbox as index_outbox
from recollect.stores.neo4j import outbox as graph_outbox
from recollect.stores.postgres.embedding import ensure_all
from recollect.stores.sql.copying.apply import drop_own_jobs
from recollect.stores.sql.copying.bulk import Tell, copy_all
from recollect.stores.sql.copying.capture import capture, capture_all, forget, release, settle, waiting
from recollect.stores.sql.copying.compare import Compared, compare, counts
from recollect.stores.sql.copying.fence import fence, hold_off, unfence
from recollect.stores.sql.copying.note import End, Note, drop_note, read_note, write_note
from recollect.stores.sql.copying.rounds import catch_up, follow, patient
from recollect.stores.sql.copying.target import (
    Tie,
    bearings,
    clear,
    confirm,
    loosen,
    set_apart,
    set_straight,
    tie,
    untie,
)
from recollect.stores.sql.database import Database

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

ENOUGH = 500
"""Entries that a change-over may find left: writers wait while they are dealt with."""

QUICK = 0.5
"""Seconds of a round after which another one would find about as much."""

ROUNDS = 20
"""Rounds after which it is left to the change-over, because as much is written as a round can deal with."""

MOST_WAITING = 50_000
"""Entries that a change-over takes on: writers would otherwise wait longer than they can."""

LEAST = 500
"""Entries dealt with together, however small the pages of the first copy are."""


class Pair:
    """A store in use, and the one that is to take its place; addresses tell them apart, and bear no password.

    All of it runs on the caller's thread.
    """

    def __init__(self, source: Database, target: Database, source_at: str, target_at: str, *, batch: int) -> None:
        self._source, self._target = source, target
        self._source_at, self._target_at = source_at, target_at
        self._batch, self._step = batch, max(batch, LEAST)

    def switched(self) -> bool:
        """Whether the target has taken the source's place already."""
        here, there = self._notes()
        return (
            here is not None and there is not None and (here.id, here.end, there.end) == (there.id, End.LEFT, End.TAKEN)
        )

    def begun(self) -> bool:
        """Whether the target is being filled from this source."""
        here, there = self._notes()
        return here is not None and there is not None and (here.id, there.end) == (there.id, End.FILLED)

    def begin(self) -> Note:
        """Start, or go on with, filling the target; return its note. Raises Conflict for one of something else."""
        here, there = self._notes()
        loosen(self._target)
        if there is None or there.end is End.COPIED:
            self._check_source(here)
            return self._first(here)
        if here is None or here.id != there.id:
            raise Conflict(
                f"The target belongs to another move ({there.end.value}, with {there.other})",
                hint="Name an empty database, another schema (--schema) or another file; nothing was changed.",
            )
        if there.end is End.FILLED:
            return there
        if here.end is End.COPIED:  # the change-over was broken off: nobody has used the target
            return self._target_note(replace(there, end=End.FILLED))
        if here.end is End.TAKEN and there.end is End.LEFT:  # the way back
            return there if "ties" in there.detail else self._target_note(there)
        raise Conflict("These two stores were changed over already", hint="`recollect migrate --back` goes back.")

    def copy(self, note: Note, tell: Tell) -> Note:
        """Copy what is there, unless that is done; changes of it are another matter."""
        return note if note.end is End.LEFT else copy_all(self._source, self._target, note, self._batch, tell)

    def follow(self, *, check: bool = False) -> int:
        """Catch up until little is left; return how many entries that took."""
        total = 0
        for _ in range(ROUNDS):
            begun = time.monotonic()
            done = catch_up(self._source, self._target, self._step, check=check)
            total += done
            if done <= ENOUGH or time.monotonic() - begun < QUICK:
                break
        return total

    def compare(self, tell: Tell) -> list[Compared]:
        """Catch up, and compare every row of both in the same view of the source."""
        found: list[Compared] = []

        def then(connection: sa.Connection) -> None:
            found[:] = compare(connection, self._target, self._batch, tell)

        catch_up(self._source, self._target, self._step, then, most=None)
        return found

    def index(self) -> None:
        """Have pgvector index the target's vectors, where it is there: later, writers would wait for it."""

        def work(connection: sa.Connection) -> None:
            patient(connection)
            ensure_all(connection)

        self._target.write_now(work)

    def sizes(self) -> dict[str, int]:
        """Return how many rows each table of the source has."""
        return self._source.read_now(counts)

    def waiting(self) -> int:
        """Return how many changes have not been dealt with."""
        return self._source.read_now(waiting)

    def change_over(self, last_look: Callable[[], None], detail: Mapping[str, Any] = NOTHING) -> float:
        """Let the target take the source's place; return for how many seconds writers were held off.

        Writers wait while the last changes are taken over and looked at, and are then told to go to the other store.
        `last_look` is called while they wait, and may raise. Raises StoreDamaged where the two differ. Whatever is
        raised, the source goes on as if nothing had happened. The target notes `detail`, for the way back.
        """
        begun = 0.0

        def work(connection: sa.Connection) -> None:
            nonlocal begun
            patient(connection)
            hold_off(connection)
            begun = time.monotonic()
            if waiting(connection) > MOST_WAITING:
                raise StoreBusy("More is written than can be taken over", hint="Switch when less is written.")
            done = follow(connection, self._target, self._step, check=True)
            self._check_counts(connection)
            last_look()
            here = read_note(connection)
            if here is None:
                raise Conflict("The source is not being moved any more", hint="Start again.")
            self._target.write_now(partial(self._arrive, bearings=bearings(connection), detail=detail))
            settle(connection, done.seqs)
            fence(connection)
            write_note(connection, Note(here.id, End.LEFT, self._target_at, _now()))

        self._source.write_now(work)
        return time.monotonic() - begun

    def confirm(self) -> None:
        """Have the target look at every row once more by its ties, while others use it already."""
        confirm(self._target)

    def _notes(self) -> tuple[Note | None, Note | None]:
        return self._source.read_now(read_note), self._target.read_now(read_note)

    def _check_source(self, here: Note | None) -> None:
        if here is not None and here.end is not End.COPIED:
            raise Conflict(
                f"The store has a way back to {here.other}",
                hint="`recollect migrate --end` gives it up; then it can be moved elsewhere.",
            )

    def _first(self, here: Note | None) -> Note:
        """Empty the target of what a new store comes with, and have the source note what changes."""
        self._target.read_now(_refuse_twice)
        name = secrets.token_hex(8) if here is None else here.id
        note = Note(name, End.FILLED, self._source_at, _now())
        self._target.write_now(clear)
        self._source.write_now(
            lambda connection: write_note(connection, replace(note, end=End.COPIED, other=self._target_at))
        )
        capture(self._source)
        return self._target_note(note)

    def _target_note(self, note: Note) -> Note:
        """Make the target ready for rows in any order."""

        def work(connection: sa.Connection) -> Note:
            ties = [list(one) for one in untie(connection)] or note.detail.get("ties", [])
            set_apart(connection)
            ready = note.further(ties=ties)
            write_note(connection, ready)
            return ready

        return self._target.write_now(work)

    def _arrive(
        self, connection: sa.Connection, bearings: tuple[dict[str, int], int], detail: Mapping[str, Any]
    ) -> None:
        """Make the target whole, and have it note what changes from now on."""
        note = read_note(connection)
        if note is None:
            raise Conflict("The target is not being filled any more", hint="Start again.")
        unfence(connection)
        ties: Sequence[Tie] = note.detail.get("ties", [])
        tie(connection, ties)
        drop_own_jobs(connection)
        set_straight(connection, *bearings)
        for beside in (index_outbox, graph_outbox):
            beside.remind(connection)
        capture_all(connection)
        forget(connection)
        write_note(connection, Note(note.id, End.TAKEN, self._source_at, _now(), {**detail}))

    def _check_counts(self, connection: sa.Connection) -> None:
        here, there = counts(connection), self._target.read_now(counts)
        wrong = [f"{name} ({here[name]:,} and {there[name]:,})" for name in here if here[name] != there[name]]
        if wrong:
            raise StoreDamaged(
                f"The target has other rows than the source: {', '.join(wrong)}",
                hint="`recollect migrate --verify-only` names them. Nothing was switched.",
            )


def end(database: Database) -> Note | None:
    """Have a store note no more changes, and give up its way back; return what it had noted."""

    def work(connection: sa.Connection) -> Note | None:
        note = read_note(connection)
        if note is not None:
            release(connection)
            drop_note(connection)
        return note

    return database.write_now(work)


def _refuse_twice(connection: sa.Connection) -> None:
    note = read_note(connection)
    if note is not None:
        raise Conflict(
            f"The target is itself being copied to {note.other}", hint="Name another one; nothing was changed."
        )


def _now() -> int:
    return time.time_ns() // 1000
