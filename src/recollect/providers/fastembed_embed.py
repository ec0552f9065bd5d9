"""Embedders of the fastembed package (multilingual ones among them); it fetches a model from its hub at first use."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recollect.errors import ConfigError, EmbedderMissing, ProviderFailed
from recollect.models import Embedding
from recollect.providers.quiet import quiet

try:
    quiet()
    import fastembed
except ImportError as error:
    raise ConfigError(
        "a fastembed embedder needs the package fastembed", hint='pip install "recollect[fastembed]"'
    ) from error

MULTILINGUAL = "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"
WINDOW = 512


class FastEmbed:
    """Embeds with one of fastembed's models, kept below `home`/models/fastembed; loaded at the first text."""

    def __init__(
        self, home: Path, model: str = MULTILINGUAL, *, threads: int = 2, batch: int = 16, window: int = WINDOW
    ) -> None:
        self._home = home
        self._name = model
        self._threads = threads
        self._batch = batch
        self._window = window
        self._dimension = _dimension(model)
        self._loading = threading.Lock()
        self._loaded: Any = None

    @property
    def model(self) -> str:
        """The model's name in fastembed."""
        return self._name

    @property
    def dimension(self) -> int:
        """How many numbers a vector has, as fastembed lists it."""
        return self._dimension

    @property
    def window(self) -> int:
        """How many word pieces of a text count."""
        return self._window

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one embedding a text, in order, from a worker thread; `known` is 1.0 and `tokens` 0.

        Raises:
            EmbedderMissing: the model is not here and could not be fetched.
            ProviderFailed: the run failed or gave vectors that cannot be used.
        """
        return await asyncio.to_thread(self._embed, list(texts)) if texts else []

    def _embed(self, texts: list[str]) -> list[Embedding]:
        whole = [text.encode("utf-8", "replace").decode() for text in texts]
        try:
            vectors = np.asarray(list(self._load().embed(whole, batch_size=self._batch)), np.float64)
        except (RuntimeError, ValueError, OSError) as error:
            raise ProviderFailed(f"fastembed could not embed {len(texts)} texts: {error}") from error
        if vectors.shape != (len(texts), self._dimension) or not np.isfinite(vectors).all():
            raise ProviderFailed(f"fastembed gave {vectors.shape} numbers for {len(texts)} texts of {self._dimension}")
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit = (vectors / np.where(lengths > 0, lengths, 1)).astype("<f4")
        return [Embedding(vector.tobytes()) for vector in unit]

    def _load(self) -> Any:
        with self._loading:
            if self._loaded is None:
                cache = str(self._home / "models" / "fastembed")
                try:
                    self._loaded = fastembed.TextEmbedding(self._name, cache_dir=cache, threads=self._threads)
                except (RuntimeError, ValueError, OSError) as error:  # a hub's errors are OSErrors
                    raise EmbedderMissing(
                        f"the fastembed model {self._name} could not be fetched: {error}",
                        hint="check the network, or set another embedder",
                    ) from error
            return self._loaded


def _dimension(model: str) -> int:
    for listed in fastembed.TextEmbedding.list_supported_models():
        if listed["model"] == model:
            return int(listed["dim"])
    raise ConfigError(f"fastembed knows no model {model!r}", hint=f"for example {MULTILINGUAL}")
