"""The routes that are open: they answer before the server is ready, ask for no token, and tell nothing private."""

from __future__ import annotations

from typing import Final

LIVE: Final = "/health/live"
READY: Final = "/health/ready"
OPEN: Final = frozenset({"/health", LIVE, READY})

INSTANCE: Final = "x-recollect-instance"
"""The header of /health/live by which a server proves to commands of its data directory that it is theirs."""
