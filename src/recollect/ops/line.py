"""The form of recollect's own export: one JSON object a line, and what each must hold to be taken over."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from recollect.capture.file import CLIENT
from recollect.errors import InvalidInput
from recollect.models import EntityType, Kind, Role, Tier

FORM: Final = "recollect"
VERSION: Final = 1
MAX_NAME: Final = 512
MAX_TEXT: Final = 4_000_000
LAST: Final = 7_289_654_400_000_000
"""Microseconds from 1970 to 2201; no time lies beyond."""
ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Check = Callable[[Any], bool]


def header() -> dict[str, Any]:
    """Return the first line of an export."""
    return {FORM: "export", "version": VERSION}


def encoded(value: Mapping[str, Any]) -> bytes:
    """Return one line; equal values give equal bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def is_header(value: Mapping[str, Any]) -> bool:
    """Tell whether a line is the first one of an export; raise InvalidInput for one of a later release."""
    if value.get(FORM) != "export":
        return False
    if value.get("version") != VERSION:
        raise InvalidInput(
            f"The export has version {str(value.get('version'))[:20]}, this release reads {VERSION}",
            field="path",
            hint="Upgrade recollect.",
        )
    return True


def read(value: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return (sort, values) of a line; raise InvalidInput saying what is wrong with it."""
    sort, values = next(iter(value.items()), ("", None))
    checks = SORTS.get(sort)
    if checks is None or len(value) != 1:
        raise InvalidInput(f"a line of the unknown sort {sort[:40]!r}", field="line")
    if not isinstance(values, Mapping):
        raise InvalidInput(f"{sort} is not an object", field="line")
    values = {**LATER.get(sort, {}), **values}
    if odd := values.keys() ^ checks.keys():
        name = min(odd)
        raise InvalidInput(f"{sort}.{name[:40]} is {'unknown' if name in values else 'missing'}", field="line")
    for name, check in checks.items():
        if not check(values[name]):
            raise InvalidInput(f"{sort}.{name} cannot be used", field="line")
    if sort == "memory" and not _says(values):
        raise InvalidInput("memory.text cannot be used", field="line")
    if sort == "change" and (values["verb"] == "delete") != (values["before"] is None):
        raise InvalidInput("change.before does not fit its verb", field="line")
    try:
        json.dumps(values, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise InvalidInput(f"{sort} holds what cannot be kept (broken characters, no number)", field="line") from None
    return sort, dict(values)


def _text(least: int, most: int) -> Check:
    return lambda value: isinstance(value, str) and least <= len(value) <= most


def _whole(least: int, most: int) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _number(least: float, most: float) -> Check:
    return lambda value: (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and least <= value <= most
    )


def _one_of(names: type[Kind | Role | Tier | EntityType] | Sequence[str]) -> Check:
    known = frozenset(str(name) for name in names)
    return lambda value: isinstance(value, str) and value in known


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _list(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _row(*checks: Check) -> Check:
    return lambda value: (
        isinstance(value, list) and len(value) == len(checks) and all(c(v) for c, v in zip(checks, value, strict=True))
    )


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and ID.fullmatch(value) is not None


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_payload(value: Any) -> bool:
    """Tell whether the jobs that complete memories can read this."""
    talks = _list(_row(_NAME, _NAME, _NAME))
    return _is_object(value) and all(
        (name == "ids" and _list(_is_id)(part)) or (name == "conversations" and talks(part))
        for name, part in value.items()
    )


_NAME, _TEXT, _SHARE = _text(1, MAX_NAME), _text(1, MAX_TEXT), _number(0, 1)
_TIME, _COUNT = _whole(0, LAST), _whole(0, 2**53)
_SCOPE: Final[Mapping[str, Check]] = {"user_id": _NAME, "project_id": _NAME}
_SNAPSHOT: Final[Mapping[str, Check]] = {
    **_SCOPE,
    "id": _is_id,
    "agent_id": _or_none(_NAME),
    "conversation_id": _or_none(_NAME),
    "position": _whole(0, 2**31),
    "kind": _one_of(Kind),
    "role": _or_none(_one_of(Role)),
    "speaker": _or_none(_text(0, MAX_NAME)),
    "title": _or_none(_text(0, MAX_TEXT)),
    "text": _text(0, MAX_TEXT),  # `_says` tells whose may be empty
    "keywords": _list(_text(0, MAX_TEXT)),
    "entities": _list(_text(0, MAX_TEXT)),
    "importance": _SHARE,
    "urgency": _SHARE,
    "tier": _one_of(Tier),
    "metadata": _is_object,
    "client": _or_none(_text(0, MAX_TEXT)),
    "file": _or_none(_text(0, MAX_TEXT)),
    "message_id": _or_none(_text(0, MAX_NAME)),
    "sources": _list(_text(1, MAX_NAME)),
    "repeats": _COUNT,
    "dense": _is_flag,
    "standing": _is_flag,
    "created_at": _TIME,
    "occurred_at": _TIME,
    "valid_from": _or_none(_TIME),
    "valid_to": _or_none(_TIME),
    "superseded_by": _or_none(_is_id),
    "expires_at": _or_none(_TIME),
    "content_hash": _NAME,
    "version": _whole(1, 2**31),
}


def _is_snapshot(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == _SNAPSHOT.keys()
        and all(check(value[name]) for name, check in _SNAPSHOT.items())
        and _says(value)
    )


def _says(value: Mapping[str, Any]) -> bool:
    """Tell whether a memory has a text, which only a file may lack."""
    return bool(value["text"]) or value["client"] == CLIENT


_THING = _one_of(EntityType)
SORTS: Final[Mapping[str, Mapping[str, Check]]] = {
    "conversation": {**_SCOPE, "name": _NAME, "turns": _whole(0, 2**31), "started_at": _TIME, "ended_at": _TIME},
    "memory": {
        **_SNAPSHOT,
        "dedupe": _NAME,
        "added_at": _TIME,
        "added_version": _whole(1, 2**31),
        "mentions": _list(_row(_TEXT, _THING)),
        "relations": _list(_row(_TEXT, _THING, _TEXT, _TEXT, _THING, _or_none(_TIME), _or_none(_TIME))),
    },
    "change": {
        **_SCOPE,
        "at": _TIME,
        "verb": _one_of(("revise", "retire", "delete")),
        "memory_id": _is_id,
        "version": _whole(0, 2**31),
        "before": _or_none(_is_snapshot),
    },
    "link": {"memory": _is_id, "other": _is_id, "name": _NAME},
    "usage": {
        "at": _TIME,
        "purpose": _text(0, MAX_NAME),
        "provider": _text(0, MAX_NAME),
        "tokens_in": _COUNT,
        "tokens_out": _COUNT,
        "cost": _number(0, 1e12),
        "milliseconds": _number(0, 1e15),
        "project_id": _NAME,
        "outcome": _text(0, MAX_NAME),
    },
    "job": {"name": _one_of(("derive", "summarise")), "payload": _is_payload},
    "vector": {
        "memory": _is_id,
        "start": _COUNT,
        "end": _COUNT,
        "model": _NAME,
        "dimension": _whole(1, 8192),
        "code": _text(8, 40_000),
    },
}
"""What each sort of line holds: every field, and nothing else."""
LATER: Final[Mapping[str, Mapping[str, Any]]] = {"usage": {"outcome": ""}}
"""What lines of earlier releases do not say."""
