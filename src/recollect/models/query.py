"""A question, and which memories may answer it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recollect.models.filter import Filter
from recollect.models.memory import Kind
from recollect.models.scope import Reach


@dataclass(frozen=True, slots=True)
class Where:
    """Which memories may answer: the reach, and conditions that all must hold.

    `valid_at` keeps memories that were true and not yet expired then. `stale` lets superseded and expired ones in.
    """

    reach: Reach
    kinds: tuple[Kind, ...] = ()
    filter: Filter | None = None
    valid_at: datetime | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A question as a caller asks it; `asked_at` is what words like 'yesterday' are counted from."""

    text: str
    where: Where
    asked_at: datetime
    limit: int = 10
    explain: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, from `start` up to but not including `end`; both aware, in UTC."""

    start: datetime
    end: datetime
