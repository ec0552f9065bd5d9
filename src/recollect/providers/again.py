"""When a request that failed is made again, and after how long."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

AGAIN = frozenset({408, 429, 500, 502, 503, 504, 520, 522, 524, 529})
"""Statuses after which the same request may succeed."""

FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0


def retry_after(header: str, now: datetime) -> float | None:
    """Return the seconds a Retry-After header asks for, 60 at most; None where it cannot be read (RFC 9110, 10.2.3)."""
    try:
        seconds = float(header) if header.strip().isdigit() else (parsedate_to_datetime(header) - now).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def backoff(attempt: int) -> float:
    """Return the seconds to wait after the attempt of that number (from 0): doubling, with up to a half added."""
    return min(FIRST_WAIT * 2.0**attempt * random.uniform(1, 1.5), LONGEST_WAIT)  # noqa: S311 - not a secret


class Rest:
    """How long something that failed is left alone: longer each time it fails again, up to ten times as long."""

    def __init__(self, seconds: float = 15.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._failures, self._until = 0, 0.0

    @property
    def left(self) -> float:
        """Seconds of rest that are left; 0 when it may be asked."""
        return max(0.0, self._until - self._clock())

    def failed(self) -> None:
        """Begin a rest."""
        self._failures += 1
        self._until = self._clock() + self._seconds * min(2.0 ** (self._failures - 1), 10.0)

    def answered(self) -> None:
        """End the rest: it works again."""
        self._failures, self._until = 0, 0.0
