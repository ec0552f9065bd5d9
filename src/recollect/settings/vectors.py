"""Searching as older systems set it: embedders and rerankers as `model@provider`, keys under their usual names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from recollect.errors import ConfigError

BASE_URLS: Final = {
    "siliconflow": "https://api.siliconflow.cn/v1",
    "dashscope": "https://dashscope.aliyuncs.com/compatible-mode/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
    "openai": "https://api.openai.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "ollama": "http://localhost:11434/v1",
    "azure": "",
}
"""Where `EMBEDDING_MODEL=model@provider` is asked; Azure's address is one's own (`AZURE_OPENAI_ENDPOINT`)."""

RERANK_URLS: Final = {
    "siliconflow": "https://api.siliconflow.cn/v1",
    "dashscope": "https://dashscope.aliyuncs.com/compatible-api/v1/reranks",
    "cohere": "https://api.cohere.com/v2",
    "jina": "https://api.jina.ai/v1",
}
"""Where `RERANK_MODEL=model@provider` is asked."""

KEYS: Final = {"azure": ("AZURE_OPENAI_API_KEY",), "dashscope": ("DASHSCOPE_API_KEY", "MEM0_DASHSCOPE_API_KEY")}
"""Variables of keys that are not named after their provider alone."""


def embedder_of(env: Mapping[str, str]) -> dict[str, Any]:
    """Return the `embedder` settings that `EMBEDDING_MODEL` says; nothing where it names no provider."""
    model, provider = _named(env, "EMBEDDING_MODEL", BASE_URLS)
    if not model:
        return {}
    values: dict[str, Any] = {"provider": "openai", "model": model, "base_url": BASE_URLS[provider]}
    if provider == "azure":
        values |= {"provider": "azure", "base_url": env.get("AZURE_OPENAI_ENDPOINT", "")}
        if version := env.get("AZURE_OPENAI_API_VERSION"):
            values["api_version"] = version
    return values | _key(env, provider)


def spares(names: Sequence[str], model: str, env: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return, of the fallbacks that older settings name (`provider/model`), the servers of the embedder's own model.

    Another model's vectors cannot be compared with its: such a fallback is passed over.
    """
    found = []
    for name in names:
        provider, _, rest = name.partition("/")
        if provider in BASE_URLS and provider != "azure" and _bare(rest) == _bare(model):
            found.append({"base_url": BASE_URLS[provider], "model": _full(rest, provider), **_key(env, provider)})
    return found


def _bare(model: str) -> str:
    return model.rpartition("/")[2].lower()


def rerank_of(env: Mapping[str, str]) -> dict[str, Any]:
    """Return the `rerank` settings that `RERANK_MODEL`, `RERANK_TOP_K` and, beside a model, `RETRIEVAL_TOP_K` say."""
    values: dict[str, Any] = {}
    model, provider = _named(env, "RERANK_MODEL", RERANK_URLS)
    if model:
        values = {"model": model, "base_url": RERANK_URLS[provider], **_key(env, provider)}
        if first := env.get("RETRIEVAL_TOP_K"):
            values["first"] = first
    if keep := env.get("RERANK_TOP_K"):
        values["keep"] = keep
    return values


def retrieve_of(env: Mapping[str, str]) -> dict[str, Any]:
    """Return the `retrieve` settings that the older names say."""
    names = {
        "RETRIEVAL_TOP_K": "top_k",
        "SIMILARITY_THRESHOLD": "similarity_threshold",
        "HYBRID_SEARCH_ALPHA": "word_weight",
    }
    return {ours: value for name, ours in names.items() if (value := env.get(name))}


def _named(env: Mapping[str, str], variable: str, known: Mapping[str, str]) -> tuple[str, str]:
    """Return a model and its provider, both "" where the variable names no provider: it is another program's then."""
    model, at, provider = env.get(variable, "").strip().rpartition("@")
    if not at or not model:
        return "", ""
    if provider not in known:
        raise ConfigError(
            f"{variable} names the provider {provider!r}, which is not known",
            hint=f"Known are {', '.join(known)}; any other goes into the settings file by its base_url.",
        )
    return _full(model, provider), provider


def _full(model: str, provider: str) -> str:
    """Return a model as its provider knows it: SiliconFlow by its maker too, whom the older settings left out."""
    short = provider == "siliconflow" and "/" not in model and model.lower().startswith("qwen")
    return f"Qwen/{model}" if short else model


def _key(env: Mapping[str, str], provider: str) -> dict[str, str]:
    usual = KEYS.get(provider, (f"{provider.upper()}_API_KEY",))
    names = (f"MODELS__PROVIDERS__{provider.upper()}__API_KEY", *usual)
    found = next((key for name in names if (key := env.get(name))), None)
    return {"api_key": found} if found else {}
