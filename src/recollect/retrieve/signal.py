"""What is known about each candidate when it is ranked: columns of one length, and what is known about the question."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recollect.exchange import Traits

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scored, Scores


WORDS_FLOOR = 0.03
"""Floor under the deviation of word scores, in shares of the most a text could score."""

USUAL, FEW = 0.1, 5
"""The deviation that cosines of a question with memories have as a rule, and as how many vectors that rule counts."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Mean and deviation of a score over all memories in reach.

    `floor` stands under the deviation, so that where hardly anything matches a small score is not made a large one.
    """

    mean: float
    deviation: float
    floor: float = 0.0

    def of(self, scores: Scores) -> Scores:
        """Return scores in deviations from the mean; what has no score stands at the mean."""
        deviation = math.hypot(self.deviation, self.floor) or 1.0
        found = (scores - np.float32(self.mean)) / np.float32(deviation)
        return np.where(np.isfinite(found), found, np.float32(0))


def meaning_scale(found: Scored) -> Scale:
    """Return the scale of cosines: what a few vectors say about their deviation is held against the usual one."""
    known = len(found.keys)
    spread = (known * found.deviation**2 + FEW * USUAL**2) / (known + FEW)
    return Scale(found.mean, math.sqrt(spread))


@dataclass(frozen=True, slots=True)
class Asked:
    """What ranking knows of the question.

    `meaning` (0..1) is how far the embedder understood it. `names` are the codes of the people it names. `spoken_by`
    scales the preference for users' turns: 1 normally, less when it asks what the assistant said. `spans` are stretches
    of time it speaks of, in seconds. `moment` is when it was asked.
    """

    meaning: float
    names: frozenset[int]
    by_user: float
    spans: tuple[tuple[float, float], ...]
    newest: bool
    moment: float


@dataclass(frozen=True, slots=True)
class Signals:
    """The candidates and their neighbours: traits, standardised scores, and the rows of the neighbours (-1: none).

    `mentions` marks memories that mention a thing the question names, `echoes` those that ask just the same.
    """

    traits: Traits
    words: Scores
    meaning: Scores
    mentions: NDArray[np.bool_]
    echoes: NDArray[np.bool_]
    before: Keys
    after: Keys


def union(*parts: Keys) -> Keys:
    """Return every key once, ascending; several times as fast as `np.unique` where there are hundreds."""
    keys = np.concatenate(parts)
    keys.sort(kind="stable")  # most parts ascend already: they are merged
    first = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return keys[first]


def places(keys: Keys, wanted: Keys) -> Keys:
    """Return where each wanted key stands among ascending keys, -1 where it does not."""
    if not len(keys):
        return np.full(len(wanted), -1, np.int64)
    at = np.minimum(keys.searchsorted(wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, at, -1)


def at(values: Scores, rows: Keys) -> Scores:
    """Return the values at these rows, 0 where a row is -1."""
    ending = np.zeros(len(values) + 1, np.float32)
    ending[:-1] = values
    return ending[rows]
