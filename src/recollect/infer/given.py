"""Reads what a model answered value by value: what is not what was asked for is `None`, never an error."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

FAR = timedelta(days=366 * 60)
"""How far from the moment of a turn a date in it may lie: a life's memories and a life's plans."""

_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_SPACE = re.compile(r"\s+")


def objects(data: Any, name: str, most: int) -> Iterator[Mapping[str, Any]]:
    """Yield the first `most` objects of a list in an answer."""
    found = data.get(name) if isinstance(data, Mapping) else None
    for value in found[:most] if isinstance(found, list) else ():
        if isinstance(value, Mapping):
            yield value


def text(value: Any, longest: int) -> str | None:
    """Return a text as one line, `None` for an empty one or one longer than `longest` characters."""
    if not isinstance(value, str) or len(value) > 2 * longest:
        return None
    found = _SPACE.sub(" ", value).strip()
    return found if 0 < len(found) <= longest else None


def texts(value: Any, longest: int, most: int) -> list[str]:
    """Return the first `most` good texts of a list."""
    found = [text(part, longest) for part in value[:most]] if isinstance(value, list) else []
    return [part for part in found if part is not None]


def share(value: Any) -> float | None:
    """Return a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return round(float(value), 3) if 0 <= value <= 1 else None


def day(value: Any, near: datetime) -> datetime | None:
    """Return the beginning of a day YYYY-MM-DD that lies within 60 years of a moment, in UTC."""
    match = _DAY.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        found = datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
    except ValueError:
        return None
    return found if abs(found - near) <= FAR else None


def labels(value: Any, known: Mapping[str, Any]) -> list[str] | None:
    """Return the labels a list names, each once; `None` when it names none or one that was not given."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        return None
    found = [part.strip("[] ") if isinstance(part, str) else "" for part in value]
    return list(dict.fromkeys(found)) if all(part in known for part in found) else None
