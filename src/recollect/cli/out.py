"""How commands answer: JSON, or lines of text."""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata
from datetime import datetime
from typing import Any

import click

from recollect.models import Hit, Memory

NARROWEST, USUAL, WIDEST = 60, 100, 120


def emit(value: Any) -> None:
    """Write a JSON document to stdout."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def width() -> int:
    """Return how wide lines may be."""
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((USUAL, 24)).columns))


def cells(text: str) -> int:
    """Return how many columns a text takes; Chinese, Japanese and Korean characters take two."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide - sum(unicodedata.combining(sign) > 0 for sign in text)


def cut(text: str, room: int) -> str:
    """Return the text on one line, cut to `room` columns."""
    line = " ".join(text.split())
    if cells(line) <= room:
        return line
    kept, used = [], 1
    for sign in line:
        used += cells(sign)
        if used > room:
            break
        kept.append(sign)
    return "".join(kept).rstrip() + "…"


def day(moment: datetime) -> str:
    """Return the day of a time, where the reader is."""
    return f"{moment.astimezone():%Y-%m-%d}"


def minute(moment: datetime | None) -> str:
    """Return the day and minute of a time, where the reader is."""
    return "" if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M}"


def short(memory_id: str) -> str:
    """Return the end of an id, which names a memory well enough."""
    return memory_id[-8:]


def who(item: Memory) -> str:
    """Return who said something, or what it is."""
    said = item.speaker or (item.role.value if item.role else "")
    return said if item.role and said else item.kind.value


def headline(rank: int, hit: Hit) -> str:
    """Return the first line of a hit: rank, score, day, who, and the short id at the right."""
    item = hit.memory
    left = f"{rank:>3}  {hit.score:.2f}  {day(item.occurred_at)}  {cut(who(item), 40)}"
    if item.superseded_by:
        left += "  (superseded)"
    if item.flags:
        left += f"  (flagged: {', '.join(item.flags)})"
    gap = max(2, width() - cells(left) - 8)
    return f"{click.style(left, bold=True)}{' ' * gap}{click.style(short(item.id), dim=True)}"


def is_terminal() -> bool:
    """Whether somebody sits at both ends."""
    return sys.stdin.isatty() and sys.stdout.isatty()
