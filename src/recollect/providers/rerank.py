"""Reranking over HTTP, in the form that Cohere, Jina, SiliconFlow, DashScope, vLLM and others share."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from recollect.errors import ProviderFailed
from recollect.providers.json_endpoint import QUOTED, JsonEndpoint
from recollect.providers.spending import Spending
from recollect.text.tokens import count


class HttpRerank:
    """Scores texts with one model of one server.

    The request goes to `base_url`/rerank, or to the address itself where it ends in rerank or reranks already.
    `instruction` is what the model is told to look for (Qwen3-Reranker takes one); "" sends none. With a
    `spending` a call is made while the day's budget lasts, and what it took is noted: tokens as the server tells them,
    else by our own estimate. `sleep` is there for tests.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        model: str,
        *,
        instruction: str = "",
        timeout: float = 10.0,
        retries: int = 1,
        spending: Spending | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._model, self._instruction, self._spending = model, instruction, spending
        whole = base_url.rstrip("/")
        direct = whole.rsplit("/", 1)[-1] in {"rerank", "reranks"}
        place, self._path = whole.rsplit("/", 1) if direct else (whole, "rerank")
        self._endpoint = JsonEndpoint(
            f"the reranker {model}",
            place,
            {"Authorization": f"Bearer {api_key}"} if api_key else {},
            timeout=timeout,
            retries=retries,
            sleep=sleep,
        )

    @property
    def model(self) -> str:
        """The server's name for the model."""
        return self._model

    async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return one score (0..1) a text, in order; scores of a model that knows no such bounds are brought into them.

        Raises:
            ProviderFailed: the server could not be reached, failed after all retries, or answered nonsense.
            ProviderRefused: it will not answer this request (a key, a model or an input it does not take), or the
                budget is spent.
        """
        if not texts:
            return []
        documents = [_clean(text) for text in texts]
        body: dict[str, Any] = {"model": self._model, "query": _clean(question), "documents": documents}
        body |= {"top_n": len(documents), "return_documents": False}
        if self._instruction:
            body["instruction"] = self._instruction
        if self._spending is None:
            return self._scores(await self._endpoint.post(self._path, body), len(documents))
        estimated = _estimated(question, documents)
        async with self._spending.call(estimated) as taken:
            answer = await self._endpoint.post(self._path, body)
            taken.tokens = _tokens(answer) or estimated
        return self._scores(answer, len(documents))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._endpoint.aclose()

    def _scores(self, answer: Any, count: int) -> list[float]:
        where = self._endpoint.where
        try:
            rows = answer["results"] if "results" in answer else answer["data"]
            found = {int(row["index"]): float(row["relevance_score"]) for row in rows}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ProviderFailed(f"{where} answered no scores: {str(answer)[:QUOTED]!r}") from error
        if len(rows) != count or found.keys() != set(range(count)):
            raise ProviderFailed(f"{where} answered {len(rows)} scores for {count} texts")
        scores = [found[place] for place in range(count)]
        if not all(math.isfinite(score) for score in scores):
            raise ProviderFailed(f"{where} answered a score that is no finite number")
        if all(0 <= score <= 1 for score in scores):
            return scores
        return [_share(score) for score in scores]


def _tokens(answer: Any) -> int:
    """Return the tokens a server says it read: SiliconFlow and Cohere tell them in `meta`, others in `usage`."""
    try:
        meta, usage = answer.get("meta") or {}, answer.get("usage") or {}
        told = (meta.get("tokens") or {}).get("input_tokens") or usage.get("total_tokens") or 0
        return max(0, int(told))
    except (AttributeError, TypeError, ValueError, OverflowError):
        return 0


def _estimated(question: str, texts: Sequence[str]) -> int:
    """Return about how many tokens are read: the question once with every text."""
    return len(texts) * count(question) + sum(count(text) for text in texts)


def _share(score: float) -> float:
    """Return a logit as a share."""
    return 1 / (1 + math.exp(-score)) if score > -700 else 0.0


def _clean(text: str) -> str:
    whole = text.encode("utf-8", "replace").decode()
    return whole if whole.strip() else " "  # servers refuse an empty text
