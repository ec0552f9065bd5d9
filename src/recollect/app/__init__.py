"""The composition root: builds everything from settings, and is the only place that picks backends."""

from recollect.app.app import App, open_app
from recollect.app.embedders import embedder

__all__ = ["App", "embedder", "open_app"]
