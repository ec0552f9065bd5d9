"""The library's verbs over HTTP, for programs that do not hold the store themselves; standard library only."""

from recollect.client.verbs import Client

__all__ = ["Client"]
