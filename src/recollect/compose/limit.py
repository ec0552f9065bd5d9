"""The TokenLimiter of seeds/002: keeps a prompt within its budget and never cuts the fused memories for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from recollect.text import tokens

BUDGET = 20_000
"""The seed's default for a whole prompt, in tokens."""
QUOTE = 48
"""Tokens to which a quote of history is shortened before any is dropped: who spoke, and of what."""
_GLUE = "\n\n"


class Rank(IntEnum):
    """What a part of a prompt is; the seed drops notes first, then quoted history, the rest never."""

    NOTE = 0
    HISTORY = 1
    GUIDE = 2
    MEMORIES = 3


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a prompt. History is given oldest first, so that the oldest goes first."""

    rank: Rank
    text: str


@dataclass(frozen=True, slots=True)
class Limited:
    """The parts that stay, in their order, the text they make, its tokens, and how many parts had to go."""

    parts: tuple[Part, ...]
    text: str
    tokens: int
    dropped: int


def limit(parts: Sequence[Part], budget: int = BUDGET) -> Limited:
    """Drop parts until the rest has at most `budget` tokens: notes from the last, then history from the oldest.

    Before any history goes, long quotes in it are shortened, the oldest first. Guide and memories are never dropped or
    cut: when they alone are over the budget, so is the result, and `tokens` tells it.
    """
    kept = [part for part in parts if part.text]
    if tokens.count(joined(kept)) > budget:
        kept = _shortened(kept, budget)
    dropped = 0
    while tokens.count(joined(kept)) > budget:
        victim = next(iter(_victims(kept)), None)
        if victim is None:
            break
        del kept[victim]
        dropped += 1
    text = joined(kept)
    return Limited(tuple(kept), text, tokens.count(text), dropped)


def _shortened(parts: Sequence[Part], budget: int) -> list[Part]:
    """Return the parts with quotes of history shortened, as many as it takes to fit once the notes are gone."""
    kept = list(parts)
    for at, part in enumerate(parts):
        if tokens.count(joined(one for one in kept if one.rank is not Rank.NOTE)) <= budget:
            break
        if part.rank is Rank.HISTORY and tokens.count(part.text) > QUOTE:
            kept[at] = Part(part.rank, f"{tokens.cut(part.text, QUOTE)}…")
    return kept


def joined(parts: Iterable[Part]) -> str:
    """Return the text of parts, a blank line between them."""
    return _GLUE.join(part.text for part in parts)


def _victims(parts: Sequence[Part]) -> list[int]:
    """Return the places of the parts that may go, the first to go first."""
    notes = [at for at, part in enumerate(parts) if part.rank is Rank.NOTE]
    history = [at for at, part in enumerate(parts) if part.rank is Rank.HISTORY]
    return [*reversed(notes), *history]
