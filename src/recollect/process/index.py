"""Prepares what a memory is found by: its chunks with their search terms."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from recollect.models import Chunk, Memory
from recollect.process.chunk import chunks
from recollect.text.script import CJK
from recollect.text.words import terms

_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
_SIGN = re.compile(f"[{CJK}]")


def index(memory: Memory) -> tuple[Chunk, ...]:
    """Return the chunks of a memory in order, each with its terms joined by single spaces.

    Speaker, title and the words of the day it was said stand once in every chunk: BM25 over text, speaker and date
    together beats text alone by far on conversations (LoCoMo), and nobody repeats a date in what he says.
    """
    text = memory.text
    about = _about(memory.speaker, memory.title, memory.occurred_at.date(), text.isascii())
    return tuple(
        Chunk(position, start, end, " ".join([*terms(text[start:end]), about]), length(text[start:end]))
        for position, (start, end) in enumerate(chunks(text))
    )


def length(text: str) -> float:
    """Return the length of a text in words; a CJK character counts as two thirds of one."""
    if text.isascii():
        return float(len(text.split()))
    signs = len(_SIGN.findall(text))
    return len(_SIGN.sub(" ", text).split()) + signs / 1.5


@lru_cache(maxsize=4096)
def _about(speaker: str | None, title: str | None, day: date, western: bool) -> str:
    """Return the terms of what stands around a text, which has a date; few different ones occur, so they are kept."""
    parts = [speaker or "", title or "", f"{day.day} {_MONTHS[day.month - 1]} {day.year} {day.isoformat()}"]
    if not western:
        parts.append(f"{day.year}年{day.month}月{day.day}日")
    return " ".join(dict.fromkeys(term for part in parts for term in terms(part)))
