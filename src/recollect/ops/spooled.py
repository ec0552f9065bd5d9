"""Looks at the spool: events of hooks that still wait, that nothing could be made of, or that are lost."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from recollect.hooks import spool
from recollect.ops.check import Check, Status

LONG: Final = 60.0
"""Seconds an event may wait without anything being wrong: a server may be starting."""


def spooled(home: Path) -> Check:
    """Return how the events of hooks stand."""
    place = spool.folder(str(home))
    waiting = spool.pending(place)
    aside = len(spool.pending(str(Path(place, spool.FAILED))))
    lost = spool.dropped(place)
    detail = f"{len(waiting):,} waiting, {aside:,} set aside, {lost:,} dropped"
    if aside:
        remedy = f"Look at {Path(place, spool.FAILED)}, the server's log says why; remove them when done."
        return Check("hooks", Status.WARN, detail, remedy)
    if waiting and _age(place, waiting[0]) > LONG:
        return Check("hooks", Status.WARN, detail, "Start the server: recollect serve --background")
    if lost:
        remedy = f"Nothing brings them back; remove {Path(place, spool.DROPPED)} to count anew."
        return Check("hooks", Status.WARN, detail, remedy)
    return Check("hooks", Status.OK, detail if waiting else "none waiting")


def _age(place: str, name: str) -> float:
    try:
        return time.time() - Path(place, name).stat().st_mtime
    except OSError:  # it was delivered meanwhile
        return 0.0
