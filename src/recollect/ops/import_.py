"""Brings what other programs remembered, or recollect's own export, into a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from recollect.app import App
from recollect.capture import intake
from recollect.capture.ids import new_id
from recollect.clock import SystemClock
from recollect.engine import Engine
from recollect.errors import InvalidInput
from recollect.models import DEFAULT, Scope, Source
from recollect.ops.counts import Counts
from recollect.ops.line import FORM
from recollect.ops.readers.detect import detect, read
from recollect.ops.readers.spoken import Fault, Item, Noted, Spoken
from recollect.ops.restore import restore
from recollect.ports import Tracker

BATCH: Final = 500
"""Turns written in one transaction."""
MOST_TURNS, MOST_CHARACTERS = 4_000, 8_000_000
"""What may be held back, so that the turns of conversations that alternate are written together."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything is put instead of where the file says; `None` leaves that to the file."""

    user_id: str | None = None
    project_id: str | None = None
    conversation_id: str | None = None
    agent_id: str | None = None


def untold(done: int, total: int | None, note: str = "") -> None:
    """Show no progress."""


async def bring_in(
    app: App,
    path: Path,
    form: str | None = None,
    place: Place | None = None,
    tracker: Tracker = untold,
    *,
    file: str | None = None,
    passing: Callable[[Item], bool] | None = None,
) -> Counts:
    """Import a file or folder and return what came of it; what is there already is passed over.

    `form` is a name of `readers.detect.FORMS`, found out where it is not given. Safe to break off and to repeat: every
    batch is durable once it is written, and a second run adds only what is missing. A line that cannot be read is
    counted and reading goes on. `file` is what memories name as their source instead of the path. What `passing` holds
    true of is passed over. Raises InvalidInput where the file as a whole cannot be read, and StoreError.
    """
    name = form or detect(path)
    if name == FORM:
        return await restore(app, path, tracker)
    taking = _Intake(app.engine, place or Place(), tracker)
    for item in read(path, name):
        if passing is not None and passing(item):
            continue
        await taking.take(item if file is None else _renamed(item, file))
    await taking.finish()
    return taking.counts


_Key = tuple[Scope, str | None, str | None]


class _Intake:
    """Gathers turns by conversation and writes them in batches, each batch the same in every run."""

    def __init__(self, engine: Engine, place: Place, tracker: Tracker) -> None:
        self._engine, self._place, self._tracker = engine, place, tracker
        self._clock = SystemClock()
        self._held: dict[_Key, list[Spoken]] = {}
        self._turns = self._characters = 0
        self._seen: set[tuple[str, str, str | None]] = set()
        self._start = new_id(self._clock.now())
        self.counts = Counts()

    async def take(self, item: Item) -> None:
        """Take one item of a reader."""
        if isinstance(item, Fault):
            self.counts.add_fault(item)
        elif isinstance(item, Noted):
            await self._note(item)
        else:
            await self._hold(item)

    async def finish(self) -> None:
        """Write what is still held back."""
        for key in list(self._held):
            await self._write(key)
        self._tell()

    async def _hold(self, item: Spoken) -> None:
        scope = self._scope(None, item.project_id, item.conversation_id, item.agent_id)
        key = (scope, item.source.client, item.source.file)
        run = self._held.setdefault(key, [])
        run.append(item)
        self._turns += 1
        self._characters += len(item.turn.content)
        if len(run) >= BATCH:
            await self._write(key)
        elif self._turns >= MOST_TURNS or self._characters >= MOST_CHARACTERS:
            await self.finish()

    async def _write(self, key: _Key) -> None:
        run = self._held.pop(key)
        scope, client, file = key
        self._turns -= len(run)
        self._characters -= sum(len(item.turn.content) for item in run)
        self._seen.add((scope.user_id, scope.project_id, scope.conversation_id))
        done = await self._engine.capture(_turns(run), scope, source=Source(client, file))
        kept = sum(name is not None for name in done.ids)
        counts = self.counts
        counts.turns += len(run)
        counts.new += kept - done.duplicates
        counts.duplicates += done.duplicates
        counts.empty += len(run) - kept
        counts.redacted.update(done.redacted)
        counts.conversations = len(self._seen)
        self._tell()

    async def _note(self, item: Noted) -> None:
        scope = self._scope(item.user_id, item.project_id, None, item.agent_id)
        self.counts.notes += 1
        given: dict[str, Any] = {
            "metadata": item.metadata,
            "occurred_at": item.created_at,
            "message_id": item.source.message_id,
        }
        try:
            made = intake.note(item.text, scope, self._clock.now(), source=item.source, **given)
        except InvalidInput:
            self.counts.empty += 1
            return
        kept = await self._engine.add(item.text, scope, source=item.source, **given)
        new = kept.id > self._start and kept.repeats == 1
        self.counts.new += new
        self.counts.duplicates += not new
        self.counts.redacted.update(made.redacted)
        self._tell()

    def _scope(self, user: str | None, project: str | None, talk: str | None, agent: str | None) -> Scope:
        place = self._place
        return Scope(
            place.user_id or user or DEFAULT,
            place.project_id or project or DEFAULT,
            place.conversation_id or talk,
            place.agent_id or agent,
        )

    def _tell(self) -> None:
        counts = self.counts
        self._tracker(counts.turns + counts.notes, None, f"{counts.new:,} new, {counts.duplicates:,} known")


def _renamed(item: Item, file: str) -> Item:
    if isinstance(item, Fault):
        return replace(item, file=file)
    return replace(item, source=replace(item.source, file=file))


def _turns(run: Sequence[Spoken]) -> list[dict[str, object]]:
    fields: tuple[str, ...] = ("role", "content", "speaker", "occurred_at", "message_id", "metadata")
    return [{name: getattr(item.turn, name) for name in fields} for item in run]
