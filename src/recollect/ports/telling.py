"""The time of day, and how far something is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """The time of day, so that tests need not wait."""

    def now(self) -> datetime:
        """Return the time now, aware, in UTC."""


class Tracker(Protocol):
    """Told about progress of long work; every long verb takes one."""

    def __call__(self, done: int, total: int | None, note: str = "") -> Any:
        """Hear that `done` of `total` (`None`: unknown) is done."""
