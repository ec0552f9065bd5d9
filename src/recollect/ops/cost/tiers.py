"""What is kept of turns as they grow older, and what that takes: as measured for three kinds of texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final

from recollect.errors import InvalidInput

GIGABYTE: Final = 1_000_000_000
TEXTS: Final = ("talk", "answers", "between")
UNDO_MONTHS: Final = 1.0
"""For how long what was deleted can be brought back: `retention.undo_days` as it ships."""
ORDER: Final = ("hot", "warm", "cold", "wasted", "deleted")


@dataclass(frozen=True, slots=True)
class Texts:
    """Bytes that a memory of one kind of texts takes on each tier; `away` are those of a cold one in object storage."""

    name: str
    what: str
    said: int
    hot: int
    warm: int
    cold: int
    away: int
    quantised: int
    wasted: int
    deleted: int

    def share(self, tier: str, *, quantised: bool) -> float:
        """Return how much of what a hot memory takes in the database it takes on a tier."""
        size = {"hot": self.hot, "warm": self.warm, "cold": self.cold, "wasted": self.wasted, "deleted": self.deleted}
        saved = self.hot - self.quantised if quantised and tier in ("hot", "warm", "cold") else 0
        return (size[tier] - saved) / self.hot


@dataclass(frozen=True, slots=True)
class Keeping:
    """After how many months turns are put away, as policies do it (`None`: never), and what a gigabyte away costs.

    `texts` names the kind of texts that shares were measured with; `away` is dollars for a gigabyte a month.
    """

    texts: str = "between"
    warm_after: float | None = None
    cold_after: float | None = None
    delete_after: float | None = None
    quantised: bool = False
    away: float = 0.023

    @property
    def asked(self) -> bool:
        """Whether anything is put away."""
        return self.quantised or any(one is not None for one in (self.warm_after, self.cold_after, self.delete_after))

    def checked(self) -> Keeping:
        """Return this where it can be; raise InvalidInput for tiers in another order than turns come to them."""
        steps = [("warm_after", self.warm_after), ("cold_after", self.cold_after), ("delete_after", self.delete_after)]
        named = [(name, after) for name, after in steps if after is not None]
        for (first, early), (second, late) in pairwise(named):
            if late < early:
                raise InvalidInput(
                    f"{second} ({late:g} months) comes before {first} ({early:g})", field=second,
                    hint="Turns become warm, then cold, then go.",
                )  # fmt: skip
        return self


@dataclass(frozen=True, slots=True)
class Stage:
    """What lies on one tier in the end: for how many months turns are there, and what that takes."""

    tier: str
    months: float
    gigabytes: float
    away: float
    dollars: float


@cache
def measured() -> dict[str, Texts]:
    """Return the kinds of texts by name, as they were measured when this was released."""
    return {name: Texts(name, **one) for name, one in _data()["texts"].items()}


def source() -> str:
    """Return where these figures are from."""
    return str(_data()["source"])


def stages(keeping: Keeping, monthly: float, months: float, gigabyte: float) -> Sequence[Stage]:
    """Return what is on each tier after `months` in which `monthly` bytes came that were hot."""
    texts = measured()[keeping.texts]
    found = []
    for tier, stay in _stays(keeping, months):
        size = monthly * stay * texts.share(tier, quantised=keeping.quantised) / GIGABYTE
        away = monthly * stay * texts.away / texts.hot / GIGABYTE if tier == "cold" else 0.0
        found.append(Stage(tier, stay, size, away, size * gigabyte + away * keeping.away))
    return found


def _stays(keeping: Keeping, months: float) -> list[tuple[str, float]]:
    """Return for how many months of their age turns are on each tier they come to."""
    begins = {"hot": 0.0, "warm": keeping.warm_after, "cold": keeping.cold_after, "wasted": keeping.delete_after}
    if keeping.delete_after is not None:
        begins["deleted"] = keeping.delete_after + UNDO_MONTHS
    come = [(tier, min(begin, months)) for tier in ORDER if (begin := begins.get(tier)) is not None]
    ends = [begin for _, begin in come[1:]] + [months]
    return [(tier, end - begin) for (tier, begin), end in zip(come, ends, strict=True) if end > begin]


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("recollect") / "data" / "keep.json").read_text(encoding="utf-8"))
    return found
