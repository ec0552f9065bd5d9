"""A progress bar on stderr for what takes longer than a second."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Any, Self

PATIENCE = 1.0
"""Seconds that pass without a word."""
PACE = 0.05
"""Seconds between two looks at the bar."""


class Bar:
    """A tracker that becomes visible once the work has lasted; silent where stderr is not a terminal."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._start = time.monotonic()
        self._last = 0.0
        self._shown: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown is not None:
            self._shown.stop()

    def __call__(self, done: int, total: int | None, note: str = "") -> None:
        """Show that `done` of `total` is done."""
        now = time.monotonic()
        if now - self._last < PACE or now - self._start < PATIENCE or not sys.stderr.isatty():
            return
        self._last = now
        if self._shown is None:
            self._begin()
        self._shown.update(self._task, completed=done, total=total or None, note=note)

    def _begin(self) -> None:
        from rich.console import Console  # noqa: PLC0415 - most commands are done before a bar is worth its import
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
        )
        self._shown = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._shown.add_task(self._label, total=None, note="")
        self._shown.start()
