"""Making the columns that searches return."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recollect.errors import InvalidInput
from recollect.exchange import Scored
from recollect.models import Kind, Role

if TYPE_CHECKING:
    from recollect.exchange import Keys, Scores

KINDS = tuple(Kind)
ROLES = tuple(Role)
KIND_CODES = {kind.value: code for code, kind in enumerate(KINDS)}
ROLE_CODES: dict[str | None, int] = {role.value: code for code, role in enumerate(ROLES)} | {None: -1}


class Counts:
    """Count, sum and sum of squares of scores, for their mean and deviation."""

    def __init__(self, unlisted: int = 0) -> None:
        self.count, self.sum, self.squares = unlisted, 0.0, 0.0

    def add(self, scores: Scores) -> None:
        """Count these scores in."""
        self.count += len(scores)
        self.sum += float(scores.sum(dtype=np.float64))
        self.squares += float(np.dot(scores, scores))

    @property
    def mean(self) -> float:
        """The mean, 0 of nothing."""
        return self.sum / self.count if self.count else 0.0

    @property
    def deviation(self) -> float:
        """The standard deviation, 0 of nothing."""
        return max(self.squares / self.count - self.mean**2, 0.0) ** 0.5 if self.count else 0.0


def best(keys: Keys, scores: Scores, chunks: Keys, limit: int, counts: Counts) -> Scored:
    """Return the best `limit` of these rows, best first, older first among equals."""
    if len(keys) > limit:
        top = np.argpartition(scores, len(scores) - limit)[len(scores) - limit :]
        keys, scores, chunks = keys[top], scores[top], chunks[top]
    order = np.lexsort((keys, -scores))
    return Scored(keys[order], scores[order], chunks[order], counts.mean, counts.deviation)


def every(keys: Keys, scores: Scores, chunks: Keys, counts: Counts) -> Scored:
    """Return all of these rows, each memory once by its best, best first, older first among equals."""
    order = np.lexsort((keys, -scores))
    _, once = np.unique(keys[order], return_index=True)
    order = order[np.sort(once)]
    return Scored(keys[order], scores[order], chunks[order], counts.mean, counts.deviation)


def placed(keys: Keys, some: Keys) -> Keys:
    """Return where each of some of the keys stands among all of them, in whatever order they are."""
    order = np.argsort(keys)
    return np.asarray(order[np.searchsorted(keys, some, sorter=order)])


def check_dimension(model: str, dimension: int, given: int) -> None:
    """Raise InvalidInput when a vector has not the dimension that a model's vectors have."""
    if given != dimension:
        raise InvalidInput(
            f"Vectors of {model} have {dimension} dimensions, not {given}",
            field="vector",
            hint="Give another model another name, or run 'recollect reindex --vectors'.",
        )


def nothing() -> Scored:
    """Return an empty result."""
    none = np.empty(0, np.int64)
    return Scored(none, np.empty(0, np.float32), none, 0.0, 0.0)
