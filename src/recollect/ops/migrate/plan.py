"""What a move would come to: what stands at the target, rows, bytes, and about how long, without touching either."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from recollect.app.moving import address, look_at, size_of
from recollect.settings import Settings
from recollect.stores.sql.copying.look import Look

TO_SERVER: Final = 2_400
TO_FILE: Final = 10_000
"""Rows a second, copied and compared: to PostgreSQL as measured on two busy cores, to a file by its processor time."""


@dataclass(frozen=True, slots=True)
class Plan:
    """From where to where, how many rows of each table, how many bytes they take there, and seconds it may take."""

    source: str
    target: str
    tables: Mapping[str, int]
    bytes: int
    seconds: float
    found: Look

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(self.tables.values())


def plan(source: Settings, target: Settings) -> Plan:
    """Return what moving one store to another's place would come to; raise StoreError where that is out of reach."""
    found = look_at(target)
    tables, size = size_of(source)
    pace = TO_FILE if target.store.url is None else TO_SERVER
    return Plan(address(source), address(target), tables, size, round(sum(tables.values()) / pace, 1), found)
