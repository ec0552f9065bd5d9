"""The routes that are open: they answer before the server is ready, ask for no token, and tell nothing private."""

from __future__ import annotations

from typing import Final

from starlette.types import Scope

LIVE: Final = "/health/live"
READY: Final = "/health/ready"
OPEN: Final = frozenset({"/health", LIVE, READY})

INSTANCE: Final = "x-recollect-instance"
"""The header of /health/live by which a server proves to commands of its data directory that it is theirs."""

SESSION: Final = "/api/session"
"""Where browsers sign in: it asks for no token, but answers only once the server is ready."""
VIEWER: Final = "/viewer/"
NODES: Final = "/api/sync/"


def is_viewer(scope: Scope) -> bool:
    """Whether a browser asks for the viewer's page or one of its files, which hold nothing of anybody."""
    if scope["method"] != "GET" or scope["path"] != "/":
        return bool(scope["path"].startswith(VIEWER))
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def is_of_nodes(scope: Scope) -> bool:
    """Whether a node of this center asks: its token, which opens nothing else, is looked at by the route."""
    return bool(scope["path"].startswith(NODES))
