"""What an import did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from recollect.ops.readers.spoken import Fault

MOST_FAULTS: Final = 1000
"""Faults that are kept word for word; of a file of rubbish the rest is only counted."""


@dataclass(slots=True)
class Counts:
    """What came in: conversations, turns and notes read, how many memories of them were new or there already.

    `empty` counts turns and notes of which nothing was left (private as a whole). `redacted` counts what was masked, by
    kind. `faults` are the first thousand lines that could not be read, `faulty` is how many there were.
    """

    conversations: int = 0
    turns: int = 0
    notes: int = 0
    new: int = 0
    duplicates: int = 0
    empty: int = 0
    redacted: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    faulty: int = 0

    def add_fault(self, fault: Fault) -> None:
        """Note a line that could not be read."""
        self.faulty += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)

    def figures(self) -> dict[str, Any]:
        """Return every figure by its name, as JSON tells them; the faults, which name files, are left to the edges."""
        return {
            "conversations": self.conversations,
            "turns": self.turns,
            "notes": self.notes,
            "new": self.new,
            "duplicates": self.duplicates,
            "empty": self.empty,
            "redacted": dict(self.redacted),
            "faulty": self.faulty,
        }
