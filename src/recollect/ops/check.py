"""What one check of the doctor found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """A check by name, how it came out, what was found, and what to do about it (empty when nothing)."""

    name: str
    status: Status
    detail: str
    remedy: str = ""
