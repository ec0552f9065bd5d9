"""Long-term memory for AI assistants: capture, find and compose, offline and in milliseconds."""

from __future__ import annotations

from importlib import import_module

from recollect.version import __version__

TYPE_CHECKING = False  # `typing` alone takes as long to import as Python takes to start, and a hook is over by then
if TYPE_CHECKING:
    from typing import Any

    from recollect.client import Client
    from recollect.errors import RecollectError
    from recollect.library import AsyncMemory
    from recollect.models import Captured, Context, Hit
    from recollect.sync import Memory

__all__ = ["AsyncMemory", "Captured", "Client", "Context", "Hit", "Memory", "RecollectError", "__version__"]

_HOMES = {
    "AsyncMemory": "recollect.library",
    "Memory": "recollect.sync",
    "Client": "recollect.client",
    "Captured": "recollect.models",
    "Context": "recollect.models",
    "Hit": "recollect.models",
    "RecollectError": "recollect.errors",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing the package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'recollect' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
