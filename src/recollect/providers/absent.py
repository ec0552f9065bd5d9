"""The embedder of those who want none: search goes by words."""

from __future__ import annotations

from collections.abc import Sequence

from recollect.errors import EmbedderMissing
from recollect.models import Embedding


class NoEmbedder:
    """Embeds nothing."""

    model = "none"
    dimension = 1
    window = 1

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:  # noqa: ARG002 - the port's signature
        """Raise EmbedderMissing."""
        raise EmbedderMissing("No embedder is set", hint="Set embedder.provider to search by meaning as well.")
