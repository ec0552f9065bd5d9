"""One change as clients read it: who may see it, its name, and its line, made once for all listeners."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from recollect.models import Add, Change, Delete, Kind, Memory, Reach, Retire, Revise
from recollect.ops.shape import memory_of, time_of

_NAMES: Final[Mapping[type[object], str]] = {Add: "added", Revise: "revised", Retire: "retired", Delete: "deleted"}
_TEXTS: Final = frozenset({"content", "title", "keywords", "entities", "metadata", "source"})


def _everything(_user: str, _project: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose changes a listener asked for (`None`: everybody's), and whether it wants the texts.

    `sees` tells, at each change, whether it may read that user's memories in that project; `jobs` whether it is told
    of jobs.
    """

    user_id: str | None = None
    project_id: str | None = None
    conversation_id: str | None = None
    agent_id: str | None = None
    content: bool = True
    sees: Callable[[str, str], bool] = _everything
    jobs: bool = True

    @property
    def reach(self) -> Reach | None:
        """What the store can narrow the log to; `None` for all of it."""
        if self.user_id is None and self.project_id is None:
            return None
        return Reach(self.user_id, self.project_id)

    def covers(self, change: Change) -> bool:
        """Whether a change is for this listener.

        Of a deleted memory only user and project are still known: it is told to everyone who listens to these.
        """
        if self.user_id not in {None, change.user_id} or self.project_id not in {None, change.project_id}:
            return False
        if not self.sees(change.user_id, change.project_id):
            return False
        if isinstance(change.event, Delete):
            return True
        scope = change.event.memory.scope
        return self.conversation_id in {None, scope.conversation_id} and self.agent_id in {None, scope.agent_id}


@dataclass(frozen=True, slots=True)
class Told:
    """A change, or news of the jobs (without a change), ready to be sent: with the text and without it."""

    change: Change | None
    full: bytes
    bare: bytes

    def line(self, wanted: Wanted) -> bytes:
        """Return the event as this listener wants it."""
        return self.full if wanted.content else self.bare


def name_of(change: Change) -> str:
    """Return `added`, `revised`, `retired` or `deleted`; a summary that is new or told anew is `summary`."""
    event = change.event
    if isinstance(event, Add | Revise) and event.memory.kind is Kind.SUMMARY:
        return "summary"
    return _NAMES[type(event)]


def body_of(change: Change, *, content: bool) -> dict[str, Any]:
    """Return a change as JSON data; of a deleted memory only its id is left."""
    item = None if isinstance(change.event, Delete) else change.event.memory
    return {
        "id": change.seq,
        "event": name_of(change),
        "at": time_of(change.at),
        "memory_id": change.event.memory_id if isinstance(change.event, Delete) else change.event.memory.id,
        "user_id": change.user_id,
        "project_id": change.project_id,
        "memory": None if item is None else _memory(item, content=content),
    }


def told(change: Change) -> Told:
    """Return a change ready to be sent."""
    name = name_of(change)
    full, bare = (
        b"id: %d\nevent: %s\ndata: %s\n\n" % (change.seq, name.encode(), _json(body_of(change, content=content)))
        for content in (True, False)
    )
    return Told(change, full, bare)


def told_of_jobs(counts: Mapping[str, Mapping[str, int]]) -> Told:
    """Return how many jobs there are, by name and state; it has no id, for it is no change and is not repeated."""
    line = b"event: jobs\ndata: %s\n\n" % _json({"event": "jobs", "jobs": counts})
    return Told(None, line, line)


def _memory(item: Memory, *, content: bool) -> dict[str, Any]:
    made = memory_of(item)
    return made if content else {name: value for name, value in made.items() if name not in _TEXTS}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
