"""The piece of a memory that is indexed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """Characters `start` to `end` of a memory's text, and what it is found by.

    `terms` are the prepared terms that words are searched by, joined by single blanks; `words` is the length in words
    (a CJK character counts as two thirds of one).
    """

    position: int
    start: int
    end: int
    terms: str
    words: float = 0.0
