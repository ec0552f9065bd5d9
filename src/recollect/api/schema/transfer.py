"""Answers of export and import."""

from __future__ import annotations

from pydantic import BaseModel


class BrokenLine(BaseModel):
    """A line (from 1; 0: the upload as a whole) that could not be read, and why."""

    line: int
    reason: str


class Imported(BaseModel):
    """What an import did; `faults` are the first thousand lines that could not be read, `faulty` counts all of them."""

    form: str
    conversations: int
    turns: int
    notes: int
    new: int
    duplicates: int
    empty: int
    redacted: dict[str, int]
    faulty: int
    faults: list[BrokenLine]
