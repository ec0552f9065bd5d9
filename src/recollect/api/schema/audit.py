"""Answers of the audit log."""

from __future__ import annotations

from pydantic import BaseModel


class Entry(BaseModel):
    """Who did or tried what, when, from where, to what, and what was decided; and its link of the chain."""

    seq: int
    at: str
    actor: str
    action: str
    decision: str
    origin: str
    token: str
    projects: list[str]
    target: str
    detail: dict[str, str | int | bool]
    times: int
    previous: str
    digest: str


class Entries(BaseModel):
    """A page of the log."""

    entries: list[Entry]
    next_cursor: str | None


class Head(BaseModel):
    """The end of the log: kept elsewhere, it proves later that nothing before it was changed or cut off."""

    seq: int
    digest: str


class Fault(BaseModel):
    """Where the chain is broken, and how."""

    seq: int
    sort: str
    said: str


class Proof(BaseModel):
    """What checking the chain found."""

    whole: bool
    entries: int
    head: Head | None
    faults: list[Fault]
