"""The piece of a memory that is indexed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """Characters `start` to `end` of a memory's text, and the prepared terms (space separated) words are searched by."""

    position: int
    start: int
    end: int
    terms: str
