"""What a move would come to: rows, bytes, and about how long, without touching either store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from recollect.app.moving import address, size_of
from recollect.settings import Settings

ROWS_A_SECOND: Final = 15_000
"""Copied, indexed and compared, measured on two busy cores; see docs/migrate.md."""


@dataclass(frozen=True, slots=True)
class Plan:
    """From where to where, how many rows of each table, how many bytes they take there, and seconds it may take."""

    source: str
    target: str
    tables: Mapping[str, int]
    bytes: int
    seconds: float

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(self.tables.values())


def plan(source: Settings, target: Settings) -> Plan:
    """Return what moving one store to another's place would come to."""
    tables, size = size_of(source)
    return Plan(address(source), address(target), tables, size, round(sum(tables.values()) / ROWS_A_SECOND, 1))
