"""Long-term memory for AI assistants."""

from recollect.version import __version__

__all__ = ["__version__"]
