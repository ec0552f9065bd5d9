"""Moves a store that is in use: a first copy, catching up, comparing, asking, and the change-over."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from recollect.app.moving import INDEX, Moving, index_url
from recollect.errors import Conflict, IndexAway, StoreDamaged
from recollect.ops.migrate.searches import differing
from recollect.ports import Embed, Tracker
from recollect.stores.sql.copying.compare import Compared

QUESTIONS = 50


@dataclass(slots=True)
class Moved:
    """What came of it. `held` is for how many seconds writers had to wait; `None`: nothing was changed over."""

    rows: int = 0
    seconds: float = 0.0
    caught_up: int = 0
    told_index: int = 0
    tables: list[Compared] = field(default_factory=list)
    asked: int = 0
    differing: list[str] = field(default_factory=list)
    held: float | None = None
    before: bool = False
    """Whether it had been changed over before."""

    @property
    def good(self) -> bool:
        """Whether both stores were found to be the same."""
        return all(table.same for table in self.tables) and not self.differing


def move(moving: Moving, tracker: Tracker, *, switch: bool, embed: Embed | None = None) -> Moved:
    """Bring the target to what the source is, prove it, and with `switch` have it take the source's place.

    Broken off, it goes on where it was when it is called again. Without a switch changes go on being noted, so that a
    later call has only those to take over. What differs is told in the answer, and nothing is switched.
    """
    done, pair = Moved(), moving.pair
    if pair.switched():
        done.before = True
        return done
    begun = time.monotonic()
    note = pair.begin()
    pair.copy(note, _Counted(done, tracker, sum(pair.sizes().values()), "copied"))
    done.seconds = time.monotonic() - begun
    done.caught_up = pair.follow()
    done.told_index = moving.index()
    done.caught_up += pair.follow()
    return _proven(moving, done, tracker, embed, switch=switch)


def verify(moving: Moving, tracker: Tracker, *, embed: Embed | None = None) -> Moved:
    """Compare the two stores after catching up; raise Conflict where nothing was copied, or all of it is over."""
    if not moving.pair.begun():
        raise Conflict("There is no copy to compare", hint="`recollect migrate --to` with its address makes one.")
    note = moving.pair.begin()
    moving.pair.copy(note, lambda _table, _rows: None)
    moving.pair.follow()
    return _proven(moving, Moved(), tracker, embed, switch=False)


def _proven(moving: Moving, done: Moved, tracker: Tracker, embed: Embed | None, *, switch: bool) -> Moved:
    pair = moving.pair
    done.tables = pair.compare(_Counted(Moved(), tracker, sum(pair.sizes().values()), "compared"))
    if not done.good:
        return done
    asked = moving.questions(QUESTIONS)
    done.asked = len(asked)
    # Others write meanwhile: what was answered differently is asked again while they wait.
    doubtful = differing(moving, asked, embed)
    done.caught_up += pair.follow(check=True)
    if not switch:
        again = differing(moving, doubtful, embed)
        done.differing = [one.text for one in again]
        return done

    def last_look() -> None:
        wrong = differing(moving, doubtful, embed)
        if wrong:
            raise StoreDamaged(
                f"{len(wrong)} of {done.asked} questions are answered differently, the first is {wrong[0].text!r}",
                hint="Nothing was switched.",
            )

    done.held = pair.change_over(last_look, {INDEX: index_url(moving.source)})
    return done


def finish(moving: Moving) -> None:
    """See to what may wait until the settings name the target: whoever wrote to the source waits for that."""
    moving.pair.confirm()
    with suppress(IndexAway):  # whose jobs wait for it
        moving.tell_index()


class _Counted:
    """Adds rows up for a progress bar."""

    def __init__(self, done: Moved, tracker: Tracker, total: int, verb: str) -> None:
        self._done, self._tracker, self._total, self._verb = done, tracker, total, verb
        self._tables: Counter[str] = Counter()

    def __call__(self, table: str, rows: int) -> None:
        """Hear of rows of a table."""
        self._done.rows += rows
        self._tables[table] += rows
        self._tracker(self._done.rows, max(self._total, self._done.rows), f"{table} {self._verb}")
