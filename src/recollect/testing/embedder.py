"""An embedder without a model: texts that share words lie near each other, in every run and on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from recollect.models import Embedding
from recollect.text.words import terms


class FakeEmbedder:
    """The Embed port over hashed bags of words.

    Each term adds to four numbers of the vector, as its hash says. `failure` is raised by the next `failures` calls (by
    all of them when that is `None`). `texts` holds what was embedded so far.
    """

    def __init__(
        self,
        model: str = "fake",
        dimension: int = 256,
        *,
        window: int = 256,
        failure: Exception | None = None,
        failures: int | None = None,
    ) -> None:
        self.model = model
        self.dimension = dimension
        self.window = window
        self.failure = failure
        self.failures = failures
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one embedding a text, in order; raise the failure it was told to."""
        if self.failure is not None and (self.failures is None or self.failures > 0):
            if self.failures is not None:
                self.failures -= 1
            raise self.failure
        self.texts += texts
        return [self.one(text) for text in texts]

    def one(self, text: str) -> Embedding:
        """Return the embedding of a text at once."""
        found = terms(text)[: self.window]
        vector = np.zeros(self.dimension, np.float32)
        for term in found:
            digest = blake2b(f"{self.model}/{term}".encode(), digest_size=16).digest()
            for start in range(0, 16, 4):
                number = int.from_bytes(digest[start : start + 4], "little")
                vector[(number >> 1) % self.dimension] += 1.0 if number & 1 else -1.0
        length = float(np.linalg.norm(vector))
        if length == 0.0:
            vector[0], length = 1.0, 1.0
        return Embedding((vector / np.float32(length)).astype("<f4").tobytes(), 1.0, len(found))
