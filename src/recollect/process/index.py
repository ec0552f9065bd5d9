"""Prepares what a memory is found by: its chunks with their search terms, and the text of a chunk that is embedded."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from recollect.models import Chunk, Memory
from recollect.process.chunk import chunks
from recollect.text.words import terms

_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


def index(memory: Memory) -> tuple[Chunk, ...]:
    """Return the chunks of a memory in order, each with its terms joined by single spaces.

    Speaker, title and the words of the day it was said stand once in every chunk: BM25 over text, speaker and date
    together beats text alone by far on conversations (LoCoMo), and nobody repeats a date in what he says.
    """
    text = memory.text
    about = _about(memory.speaker, memory.title, memory.occurred_at.date(), text.isascii())
    return tuple(
        Chunk(position, start, end, " ".join([*terms(text[start:end]), *about]))
        for position, (start, end) in enumerate(chunks(text))
    )


def embed_text(memory_text: str, speaker: str | None, start: int, end: int, before: str = "") -> str:
    """Return what is embedded for characters `start` to `end` of a memory: the speaker's name and the raw text.

    `before` is what the turn before said ("Bo: Where are you going?"); a short turn is understood only after it.
    """
    text = memory_text[start:end]
    spoken = f"{speaker}: {text}" if speaker else text
    return f"{before}\n{spoken}" if before else spoken


@lru_cache(maxsize=4096)
def _about(speaker: str | None, title: str | None, day: date, western: bool) -> tuple[str, ...]:
    """Return the terms of what stands around a text; few different ones occur, so they are kept."""
    parts = [speaker or "", title or "", f"{day.day} {_MONTHS[day.month - 1]} {day.year} {day.isoformat()}"]
    if not western:
        parts.append(f"{day.year}年{day.month}月{day.day}日")
    return tuple(dict.fromkeys(term for part in parts for term in terms(part)))
