"""Runs the command line with a clock that is wrong: `python skewed.py SECONDS serve …`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

from recollect.cli.main import main
from recollect.clock import SystemClock


def wrong(seconds: float) -> None:
    """Let every clock of this process be so many seconds off."""

    def now(_: SystemClock) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=seconds)

    setattr(SystemClock, "now", now)  # noqa: B010 - a clock has no other seam in a process of its own


if __name__ == "__main__":
    wrong(float(sys.argv.pop(1)))
    main()
