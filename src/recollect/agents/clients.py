"""Reads the payloads of the clients' hooks into events, by the table `data/clients.toml`, and writes their answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from recollect.agents.event import Answered, Asked, Compacted, Event, Paused, Place, Started, Used, Way
from recollect.agents.folder import begun_in, parents_of
from recollect.agents.observation import result_of
from recollect.text.rules import rules

LONGEST_ID: Final = 120
"""Characters of an id that count: a session and a subagent together must make one of 256."""
LONGEST_PATH: Final = 1_000
_SUMMARY: Final = re.compile(r"<summary>\s*(.*?)\s*(?:</summary>|\Z)", re.DOTALL)
_ANALYSIS: Final = re.compile(r"<analysis>.*?(?:</analysis>\s*|\Z)", re.DOTALL)
_WAYS: Final = {**{way.value: way for way in Way}, "new": Way.STARTUP}


@dataclass(frozen=True, slots=True)
class _Payload:
    """What a hook was given, read by the table's names."""

    client: str
    values: Mapping[str, Any]
    place: Place

    def text(self, name: str) -> str:
        """Return a text of the payload, empty where there is none."""
        found = _found(self.values, name)
        return found if isinstance(found, str) else ""


def known() -> tuple[str, ...]:
    """Return the names of the clients whose hooks are understood."""
    return tuple(rules("clients")["client"])


def parse(client: str, event: str, payload: Mapping[str, Any], event_id: str, at: datetime) -> Event | None:
    """Return what a payload tells, `None` where it tells nothing that is kept; never raises, whatever it holds.

    `event_id` stands for the prompt's id in clients that have none, so that an event that comes twice is known.
    """
    meaning = _events(client).get(event)
    session = _id(_found(payload, "session"))
    if meaning is None or session is None:
        return None
    prompt = _id(_found(payload, "prompt_id")) or event_id
    transcript = _found(payload, "transcript")
    folder = _folder(_found(payload, "folder"), transcript)
    place = Place(client, session, folder, prompt, at, _id(_found(payload, "agent")), _file(transcript))
    return _READERS[meaning](_Payload(client, payload, place))


def answer(client: str, event: str, text: str) -> dict[str, Any] | None:
    """Return a context in the form that a client takes at this event, `None` where it takes none."""
    form = rules("clients")["client"].get(client, {}).get("takes", {}).get(event)
    if form == "hook":
        return {"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}}
    return {"additional_context": text} if form == "plain" else None


def takes(client: str, event: str) -> bool:
    """Whether a client takes a context at this event."""
    return event in rules("clients")["client"].get(client, {}).get("takes", {})


def is_machine(text: str, source: str | None = None) -> bool:
    """Whether a prompt was written by a program: the client's own notices and commands, and what wakes it up."""
    table = rules("clients")["machine"]
    start = text.lstrip()
    return start.startswith(tuple(table["starts"])) or source in table["sources"] or _command().match(start) is not None


@cache
def _command() -> re.Pattern[str]:
    return re.compile(rules("clients")["machine"]["command"])


def _events(client: str) -> Mapping[str, str]:
    table = rules("clients")["client"]
    own = table.get(client, {})
    found: Mapping[str, str] = own.get("event") or table.get(own.get("like", ""), {}).get("event", {})
    return found


def _found(values: Mapping[str, Any], name: str) -> Any:
    return next((values[key] for key in rules("clients")["field"][name] if values.get(key) is not None), None)


def _id(value: object) -> str | None:
    """Return an id as one that may be kept, `None` for what is none."""
    if not isinstance(value, str):
        return None
    plain = "".join(sign if sign.isprintable() else "-" for sign in value[:LONGEST_ID]).strip()
    return plain or None


def _file(path: object) -> str | None:
    return path if isinstance(path, str) and 0 < len(path) <= LONGEST_PATH and path.isprintable() else None


def _folder(folder: object, transcript: object) -> str:
    place = folder[0] if isinstance(folder, list) and folder else folder
    if not isinstance(place, str) or not place:
        return ""
    return begun_in(place, parents_of(transcript)) if isinstance(transcript, str) else place


def _started(payload: _Payload) -> Event:
    idle = _found(payload.values, "idle")
    seconds = float(idle) if isinstance(idle, int | float) and 0 <= idle < 10**9 else None
    return Started(payload.place, _WAYS.get(payload.text("source"), Way.STARTUP), seconds)


def _asked(payload: _Payload) -> Event | None:
    text = payload.text("prompt")
    if not text.strip() or is_machine(text, payload.text("prompt_source") or None):
        return None
    return Asked(payload.place, text)


def _used(payload: _Payload, *, failed: bool = False) -> Event | None:
    tool, given = payload.text("tool"), _found(payload.values, "given")
    response = _found(payload.values, "result")
    error = _found(payload.values, "error")
    if isinstance(response, Mapping) and not failed:  # Gemini tells a failure inside of the answer
        error = response.get("error")
        failed = bool(error)
    result = result_of(error if failed else response)
    call = _id(_found(payload.values, "call")) or f"{payload.place.prompt}/{tool[:LONGEST_ID]}"
    subagent = _id(response.get("agentId")) if isinstance(response, Mapping) else None
    known_input = given if isinstance(given, Mapping) else {}
    return Used(payload.place, tool[:200], known_input, result, failed, call, subagent) if tool else None


def _answered(payload: _Payload) -> Event | None:
    text = payload.text("answer").strip()
    # The one who sums up for /compact stops as a subagent of no type: PostCompact tells what it wrote.
    nameless = payload.values.get("agent_type") == ""
    return Answered(payload.place, text) if text and not nameless else None


def _compacted(payload: _Payload) -> Event | None:
    text = payload.text("summary")
    found = _SUMMARY.search(text)
    summary = (found[1] if found else _ANALYSIS.sub("", text)).strip()
    return Compacted(payload.place, summary) if summary else None


_READERS: Final[Mapping[str, Callable[[_Payload], Event | None]]] = {
    "started": _started,
    "asked": _asked,
    "used": _used,
    "failed": lambda payload: _used(payload, failed=True),
    "answered": _answered,
    "compacted": _compacted,
    "paused": lambda payload: Paused(payload.place),
}
