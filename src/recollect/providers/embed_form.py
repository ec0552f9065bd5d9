"""What embedding servers differ in: how they are asked, how they answer, and how much they take at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote, urlsplit

Form = Literal["openai", "azure", "ollama"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one request may hold: texts, and their tokens together."""

    texts: int = 2048
    tokens: int = 250_000


def limits_of(base_url: str) -> Limits:
    """Return what a server takes in one request, as its maker documents it; the usual where nothing is known.

    OpenAI and Azure: 2,048 texts and 300,000 tokens together (we estimate tokens, so less). DashScope: 10 texts for
    text-embedding-v3 and v4. SiliconFlow: 32. Gemini: 100.
    """
    host = urlsplit(base_url).hostname or ""
    for end, texts in (
        ("aliyuncs.com", 10),
        ("siliconflow.cn", 32),
        ("siliconflow.com", 32),
        ("generativelanguage.googleapis.com", 100),
    ):
        if host == end or host.endswith(f".{end}"):
            return Limits(texts)
    return Limits()


def window_of(model: str) -> int:
    """Return how many tokens of a text a model reads, as its maker documents it; 8,192 where nothing is known."""
    name = model.lower().rsplit("/", 1)[-1]
    for start, window in (
        ("qwen3-embedding", 32_768),
        ("text-embedding-3", 8_191),
        ("text-embedding-ada", 8_191),
        ("text-embedding-004", 2_048),
        ("gemini-embedding", 2_048),
    ):
        if name.startswith(start):
            return window
    return 8192


def instruction_of(model: str) -> str:
    """Return what is put before a question for a model, `{question}` being the question; "" for nothing.

    Qwen3-Embedding is trained with an instruction before questions and none before texts (its model card).
    """
    if model.lower().rsplit("/", 1)[-1].startswith("qwen3-embedding"):
        return "Instruct: Given a question, retrieve what was said or noted before that answers it\nQuery:{question}"
    return ""


def path_of(form: Form, model: str) -> str:
    """Return where texts are posted, below the base address."""
    if form == "azure":
        return f"openai/deployments/{quote(model, safe='')}/embeddings"
    return "api/embed" if form == "ollama" else "embeddings"


def body_of(form: Form, model: str, texts: Sequence[str], dimension: int | None) -> dict[str, Any]:
    """Return what is posted."""
    body: dict[str, Any] = {"input": list(texts)}
    if form != "azure":
        body["model"] = model
    if form != "ollama":
        body["encoding_format"] = "float"
    if dimension:
        body["dimensions"] = dimension
    return body


def headers_of(form: Form, api_key: str) -> dict[str, str]:
    """Return how the key is shown."""
    if not api_key:
        return {}
    return {"api-key": api_key} if form == "azure" else {"Authorization": f"Bearer {api_key}"}


def rows_of(form: Form, answer: Any) -> tuple[list[Any], int]:
    """Return the vectors in the order of the texts, and how many tokens they cost.

    Raises ValueError, TypeError, KeyError or AttributeError where the answer is none.
    """
    if form == "ollama":
        return list(answer["embeddings"]), int(answer.get("prompt_eval_count") or 0)
    rows = answer["data"]
    places = [int(row["index"]) for row in rows]
    if sorted(places) != list(range(len(rows))):
        return [], 0
    ordered = sorted(zip(places, rows, strict=True), key=lambda pair: pair[0])
    usage: Mapping[str, Any] = answer.get("usage") or {}
    return [row["embedding"] for _, row in ordered], int(usage.get("prompt_tokens") or usage.get("total_tokens") or 0)
