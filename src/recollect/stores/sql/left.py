"""How a store that was left answers whoever writes to it: what its triggers say, and what we make of that."""

from __future__ import annotations

from typing import Final

from recollect.errors import StoreMoved

LEFT: Final = "recollect: this store was left for another one"
"""What a trigger of SQLite says."""

LEFT_STATE: Final = "RC001"
"""How PostgreSQL names the same."""


def moved(other: str = "") -> StoreMoved:
    """Return the error that tells it, and by its address where to."""
    where = f" to {other}" if other else ""
    return StoreMoved(
        f"The store was moved{where}",
        hint="Restart what has it open, so that it reads the settings anew; nothing was written.",
    )
