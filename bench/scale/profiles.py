"""Who uses it and how much: what the simulation is asked about. All of this is assumed, nothing measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HOURS, PEAK, ACTIVE = 8, 4.0, 0.3
"""Hours of a working day, the busiest minutes against its average, and the share of people who are active then."""

SESSION = 30
"""Memories of a coding session: 20 turns, and the 10 observations that the seed's table counts for each."""

YEAR, MONTH = 250, 21
"""Working days."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A size: people, what each says on a working day, and how much is stored."""

    name: str
    people: int
    turns: float
    memories: int
    file: bool = False

    @property
    def rate(self) -> float:
        """Return the turns a second in the busiest minutes."""
        return self.people * self.turns / (HOURS * 3600) * PEAK


def seed(name: str, people: int, sessions: int, *, file: bool) -> Profile:
    """Return the profile of a row of the seed's table: so many sessions a month, kept for a year."""
    return Profile(name, people, sessions * SESSION / MONTH / people, sessions * SESSION * 12, file)


PROFILES: Final = (
    Profile("a laptop", 1, 200, 50_000, file=True),
    Profile("a team of 10", 10, 200, 500_000, file=True),
    seed("seed: small", 5, 500, file=True),
    seed("seed: medium", 50, 5_000, file=False),
    seed("seed: large", 200, 10_000, file=False),
    Profile("1 million", 100, 40, 1_000_000),
    Profile("10 million", 1_000, 40, 10_000_000),
    Profile("100 million", 10_000, 40, 100_000_000),
)
CONTEXTS, SEARCHES = 0.5, 0.1
"""Contexts and searches for each turn: every question of a person brings one context."""
