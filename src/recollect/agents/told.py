"""Remembers for a while which events were heard and what each session has been told; losing it costs a repetition."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

SESSIONS: Final = 1_000
EVENTS: Final = 20_000
IDS: Final = 2_000
"""Most that is kept of each; the oldest goes first. What is written is known by keys in the store, however old."""


@dataclass(slots=True)
class _Session:
    """A session's project, and the memories it has been told, in order."""

    project: str
    ids: dict[str, None] = field(default_factory=dict)


class Told:
    """What was heard and told, bounded."""

    def __init__(self, *, sessions: int = SESSIONS, events: int = EVENTS, ids: int = IDS) -> None:
        self._most = (sessions, events, ids)
        self._sessions: OrderedDict[str, _Session] = OrderedDict()
        self._events: OrderedDict[str, None] = OrderedDict()

    def is_first(self, event_id: str) -> bool:
        """Whether an event comes for the first time; from now on it has come."""
        if event_id in self._events:
            return False
        self._events[event_id] = None
        if len(self._events) > self._most[1]:
            self._events.popitem(last=False)
        return True

    def unheard(self, event_id: str) -> None:
        """Let an event be new again: it could not be kept, and will come once more."""
        self._events.pop(event_id, None)

    def project(self, session: str, project: str) -> str:
        """Return a session's project: the one it began in, wherever its assistant has walked since."""
        found = self._sessions.get(session)
        if found is None:
            found = self._sessions[session] = _Session(project)
            if len(self._sessions) > self._most[0]:
                self._sessions.popitem(last=False)
        self._sessions.move_to_end(session)
        return found.project

    def add(self, session: str, ids: Iterable[str]) -> None:
        """Note that a session has been told these memories."""
        found = self._sessions.get(session)
        if found is not None:
            found.ids.update(dict.fromkeys(ids))
            while len(found.ids) > self._most[2]:
                del found.ids[next(iter(found.ids))]

    def has(self, session: str, memory_id: str) -> bool:
        """Whether a session has been told a memory."""
        found = self._sessions.get(session)
        return found is not None and memory_id in found.ids

    def clear(self, session: str) -> None:
        """Forget what a session was told: its conversation has been compacted."""
        found = self._sessions.get(session)
        if found is not None:
            found.ids.clear()
