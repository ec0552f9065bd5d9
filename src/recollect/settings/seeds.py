"""The names that older systems used for settings, read as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recollect.settings.project import ProjectSettings

BASE_URLS = {
    "siliconflow": "https://api.siliconflow.cn/v1",
    "dashscope": "https://dashscope.aliyuncs.com/compatible-mode/v1",
    "openai": "https://api.openai.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
}
"""Where `EMBEDDING_MODEL=model@provider` is asked."""


def from_seeds(env: Mapping[str, str]) -> dict[str, Any]:
    """Read the names that older systems used: EMBEDDING_MODEL=model@provider and its key, thresholds and weights."""
    values: dict[str, Any] = {}
    model, _, provider = env.get("EMBEDDING_MODEL", "").partition("@")
    if model and provider in BASE_URLS:
        key = env.get(f"{provider.upper()}_API_KEY")
        values["embedder"] = {"provider": "openai", "model": model, "base_url": BASE_URLS[provider]}
        if key:
            values["embedder"]["api_key"] = key
    retrieve: dict[str, Any] = {}
    if top_k := env.get("RETRIEVAL_TOP_K"):
        retrieve["top_k"] = top_k
    if threshold := env.get("SIMILARITY_THRESHOLD"):
        retrieve["similarity_threshold"] = threshold
    if alpha := env.get("HYBRID_SEARCH_ALPHA"):
        retrieve["word_weight"] = alpha
    if retrieve:
        values["retrieve"] = retrieve
    project = {
        name: value
        for name in ProjectSettings.model_fields
        if (value := env.get(f"PROJECT__{name.upper()}")) is not None
    }
    if project:
        values["project"] = project
    if endpoint := env.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        values["telemetry"] = {"endpoint": endpoint}
    return values
