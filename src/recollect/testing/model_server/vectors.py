"""OpenAI's form of `/embeddings`, Ollama's `/api/embed`, and the `/rerank` form of Cohere, Jina and SiliconFlow."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Any

from recollect.testing.model_server.behaviour import Request, Scores, Vectors
from recollect.testing.model_server.form import Sent, body

DIMENSION = 32
"""Numbers in a vector where the request names none."""


def embedded(request: Request, given: Vectors | None = None) -> Sent:
    """Return one vector a text: those given, or ones that depend on the text alone."""
    texts = _listed(request.body.get("input", []))
    size = int(request.body.get("dimensions") or DIMENSION)
    vectors = [vector_of(text, size) for text in texts] if given is None else given.vectors
    read = sum(len(text.split()) for text in texts)
    if request.path.endswith("/api/embed"):
        made = [list(one) for one in vectors]
        return body({"model": request.model, "embeddings": made, "prompt_eval_count": read})
    rows = [{"object": "embedding", "index": place, "embedding": list(one)} for place, one in enumerate(vectors)]
    usage = {"prompt_tokens": read, "total_tokens": read}
    return body({"object": "list", "model": request.model, "data": rows, "usage": usage})


def reranked(request: Request, given: Scores | None = None) -> Sent:
    """Return the texts' places and scores, best first: those given, or the share of the question's words in a text."""
    texts = [_text(one) for one in request.body.get("documents", [])]
    words = set(str(request.body.get("query", "")).lower().split())
    shares = [len(words & set(text.lower().split())) / max(1, len(words)) for text in texts]
    scores = shares if given is None else given.scores
    rows = [{"index": place, "relevance_score": score} for place, score in enumerate(scores)]
    rows.sort(key=lambda row: -row["relevance_score"])
    most = int(request.body.get("top_n") or len(rows))
    read = sum(len(text.split()) for text in texts)
    meta = {"tokens": {"input_tokens": read, "output_tokens": 0}}
    return body({"id": "rerank-1", "model": request.model, "results": rows[:most], "meta": meta})


def vector_of(text: str, size: int) -> list[float]:
    """Return a unit vector that depends on the text alone."""
    data = b""
    while len(data) < size:
        data += hashlib.sha256(f"{len(data)}:{text}".encode()).digest()
    numbers = [byte - 127.5 for byte in data[:size]]
    length = math.sqrt(sum(number * number for number in numbers))
    return [number / length for number in numbers]


def _listed(value: Any) -> Sequence[str]:
    return [value] if isinstance(value, str) else [str(one) for one in value]


def _text(document: Any) -> str:
    return str(document.get("text", "")) if isinstance(document, dict) else str(document)
