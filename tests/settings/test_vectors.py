"""Older names of embedders and rerankers are read as ours, and half of one is told plainly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recollect.app.embedders import embedder
from recollect.app.rerank import reranking
from recollect.errors import ConfigError
from recollect.meters import Meters
from recollect.settings import Settings, load


def loaded(home: Path, **environ: str) -> Settings:
    return load(home, environ=environ).settings


def test_the_seeds_models_are_read_with_their_makers_name_and_key(home: Path) -> None:
    settings = loaded(
        home,
        EMBEDDING_MODEL="Qwen3-Embedding-8B@siliconflow",
        RERANK_MODEL="Qwen3-Reranker-8B@siliconflow",
        SILICONFLOW_API_KEY="sk-1",
        RETRIEVAL_TOP_K="20",
        RERANK_TOP_K="5",
        SIMILARITY_THRESHOLD="0.7",
        HYBRID_SEARCH_ALPHA="0.0",
    )
    assert (settings.embedder.provider, settings.embedder.model) == ("openai", "Qwen/Qwen3-Embedding-8B")
    assert (settings.rerank.model, settings.rerank.first, settings.rerank.keep) == ("Qwen/Qwen3-Reranker-8B", 20, 5)
    assert settings.rerank.base_url == "https://api.siliconflow.cn/v1"
    for key in (settings.embedder.api_key, settings.rerank.api_key):
        assert key is not None
        assert key.get_secret_value() == "sk-1"
    assert settings.retrieve.top_k == 20
    assert settings.retrieve.similarity_threshold == 0.7
    assert settings.retrieve.word_weight == 0.0
    assert embedder(settings).model == "Qwen/Qwen3-Embedding-8B"
    made = reranking(settings.rerank, Meters())
    assert made is not None
    assert made.model.model == "Qwen/Qwen3-Reranker-8B"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            {"EMBEDDING_MODEL": "text-embedding-v4@dashscope", "MEM0_DASHSCOPE_API_KEY": "d"},
            {"base_url": "https://dashscope.aliyuncs.com/compatible-mode/v1", "model": "text-embedding-v4"},
        ),
        (
            {
                "EMBEDDING_MODEL": "my-deployment@azure",
                "AZURE_OPENAI_ENDPOINT": "https://mine.openai.azure.com/",
                "AZURE_OPENAI_API_KEY": "a",
                "AZURE_OPENAI_API_VERSION": "2025-01-01",
            },
            {"provider": "azure", "base_url": "https://mine.openai.azure.com/", "api_version": "2025-01-01"},
        ),
        (
            {"EMBEDDING_MODEL": "gemini-embedding-001@gemini", "MODELS__PROVIDERS__GEMINI__API_KEY": "g"},
            {"base_url": "https://generativelanguage.googleapis.com/v1beta/openai"},
        ),
        ({"EMBEDDING_MODEL": "qwen3-embedding:8b@ollama"}, {"base_url": "http://localhost:11434/v1", "api_key": None}),
        ({"EMBEDDING_MODEL": "some-other-program's"}, {"provider": "minilm"}),
        ({"RETRIEVAL_TOP_K": "30", "RERANK_TOP_K": "7"}, {"provider": "minilm"}),
    ],
)
def test_each_provider_is_asked_where_it_is(home: Path, environ: dict[str, str], expected: dict[str, Any]) -> None:
    settings = loaded(home, **environ)
    assert {name: getattr(settings.embedder, name) for name in expected} == expected
    embedder(settings)
    assert settings.rerank.model is None
    assert settings.rerank.first == 20


@pytest.mark.parametrize("variable", ["EMBEDDING_MODEL", "RERANK_MODEL"])
def test_a_provider_nobody_knows_is_named(home: Path, variable: str) -> None:
    with pytest.raises(ConfigError, match=f"{variable} names the provider 'nobody'"):
        loaded(home, **{variable: "m@nobody"})


def test_fallbacks_can_be_said_in_the_environment_and_must_serve_the_same_model(home: Path) -> None:
    other = {"base_url": "http://127.0.0.1:1/v1", "model": "qwen3-embedding:8b"}
    settings = loaded(
        home,
        RECOLLECT_EMBEDDER__PROVIDER="openai",
        RECOLLECT_EMBEDDER__MODEL="Qwen/Qwen3-Embedding-8B",
        RECOLLECT_EMBEDDER__BASE_URL="http://127.0.0.1:2/v1",
        RECOLLECT_EMBEDDER__FALLBACKS=json.dumps([other, {**other, "form": "ollama"}]),
    )
    assert [one.form for one in settings.embedder.fallbacks] == ["openai", "ollama"]
    assert embedder(settings).model == "Qwen/Qwen3-Embedding-8B"
    with pytest.raises(ConfigError, match=r"embedder\.fallbacks"):
        loaded(home, RECOLLECT_EMBEDDER__FALLBACKS="oops")


@pytest.mark.parametrize(("half", "missing"), [({"model": "m"}, "base_url"), ({"base_url": "http://x/v1"}, "model")])
def test_half_a_reranker_is_told_plainly(home: Path, half: dict[str, str], missing: str) -> None:
    settings = load(home, {"rerank": half}, environ={}).settings
    with pytest.raises(ConfigError, match=rf"rerank\.{missing} is missing"):
        reranking(settings.rerank, Meters())
