"""The fastembed embedder over a stand-in for the package: its own models need a network."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recollect.errors import ConfigError, EmbedderMissing, ProviderFailed

MODULE = "recollect.providers.fastembed_embed"


class TextEmbedding:
    """Answers as fastembed's class of that name does."""

    made: list[dict[str, Any]]
    failure: Exception | None
    size: int

    def __init__(self, model: str, **options: Any) -> None:
        if self.failure:
            raise self.failure
        self.made.append({"model": model, **options})

    @classmethod
    def list_supported_models(cls) -> list[dict[str, Any]]:
        """List one model."""
        return [{"model": "some/model", "dim": 3}]

    def embed(self, texts: list[str], batch_size: int) -> Iterator[np.ndarray[Any, Any]]:
        """Yield vectors that are not normalised."""
        assert batch_size > 0
        for text in texts:
            yield np.full(self.size, len(text), np.float32)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    stand_in = types.ModuleType("fastembed")
    fresh = type("TextEmbedding", (TextEmbedding,), {"made": [], "failure": None, "size": 3})
    stand_in.TextEmbedding = fresh  # type: ignore[attr-defined] # a module made by hand
    monkeypatch.setitem(sys.modules, "fastembed", stand_in)
    sys.modules.pop(MODULE, None)
    yield fresh
    sys.modules.pop(MODULE, None)


async def test_vectors_come_in_order_and_normalised_from_a_model_loaded_once(package: Any, tmp_path: Path) -> None:
    embedder = importlib.import_module(MODULE).FastEmbed(tmp_path, "some/model", threads=1)
    assert (embedder.model, embedder.dimension, embedder.window) == ("some/model", 3, 512)
    assert package.made == []
    found = [*await embedder.embed(["a", "", "\ud800"]), *await embedder.embed(["b"])]
    rows = np.stack([np.frombuffer(embedding.vector, "<f4") for embedding in found])
    assert np.linalg.norm(rows, axis=1).tolist() == pytest.approx([1, 0, 1, 1])
    assert package.made == [{"model": "some/model", "cache_dir": str(tmp_path / "models" / "fastembed"), "threads": 1}]
    assert await embedder.embed([]) == []


async def test_a_model_that_cannot_be_fetched_is_missing(package: Any, tmp_path: Path) -> None:
    package.failure = OSError("no network")
    embedder = importlib.import_module(MODULE).FastEmbed(tmp_path, "some/model")
    with pytest.raises(EmbedderMissing, match="no network"):
        await embedder.embed(["a"])


async def test_vectors_of_another_size_are_refused(package: Any, tmp_path: Path) -> None:
    package.size = 5
    with pytest.raises(ProviderFailed, match="5"):
        await importlib.import_module(MODULE).FastEmbed(tmp_path, "some/model").embed(["a"])


def test_an_unknown_model_is_refused_at_once(package: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="other"):
        importlib.import_module(MODULE).FastEmbed(tmp_path, "other")


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastembed", None)
    sys.modules.pop(MODULE, None)
    with pytest.raises(ConfigError, match=r"recollect\[fastembed\]"):
        importlib.import_module(MODULE)
