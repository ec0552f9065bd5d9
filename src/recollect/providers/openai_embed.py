"""Embeddings over HTTP, in OpenAI's form, in Azure's and in Ollama's.

OpenAI's is what SiliconFlow, DashScope, Gemini (`/v1beta/openai`), OpenRouter, vLLM and Ollama (`/v1`) speak too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import numpy as np

from recollect.errors import ConfigError, InvalidInput, ProviderFailed, ProviderRefused
from recollect.models import Embedding
from recollect.providers.embed_form import (
    Form,
    body_of,
    headers_of,
    instruction_of,
    limits_of,
    path_of,
    rows_of,
    window_of,
)
from recollect.providers.json_endpoint import QUOTED, JsonEndpoint


class OpenAIEmbed:
    """Embeds over HTTP with one model of one server.

    `form` is how the server is spoken to; for `azure` the model is the deployment's name, the base address that of
    the resource, and `api_version` goes with every request. `space` names the vectors where the server's name for the
    model is another. `dimension` is what the server's vectors must have; None takes it from the first answer. With
    `ask_dimension` the server is asked to shorten its vectors to it (OpenAI's v3, DashScope's and Qwen3 models can),
    which makes another space and so another name. `instruction` is put before questions, `{question}` standing for
    the question: None takes what the model's maker documents. A text longer than `window` tokens, estimated, is cut.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        model: str,
        *,
        form: Form = "openai",
        api_version: str = "",
        space: str = "",
        dimension: int | None = None,
        ask_dimension: bool = False,
        instruction: str | None = None,
        window: int | None = None,
        batch: int = 32,
        timeout: float = 30.0,
        retries: int = 4,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if ask_dimension and not dimension:
            raise ConfigError("a dimension must be given where the server is asked for it")
        if batch < 1:
            raise InvalidInput("a batch holds at least one text", field="batch")
        self._name, self._form = model, form
        self._dimension = dimension
        self._asked = dimension if ask_dimension else None
        self._space = space or model
        self._window = window or window_of(self._space)
        limits = limits_of(base_url)
        self._batch, self._tokens = min(batch, limits.texts), limits.tokens
        self._instruction = instruction_of(self._space) if instruction is None else instruction
        self._endpoint = JsonEndpoint(
            f"the embedder {model}",
            base_url,
            headers_of(form, api_key),
            timeout=timeout,
            retries=retries,
            params={"api-version": api_version} if api_version else None,
            sleep=sleep,
        )

    @property
    def model(self) -> str:
        """The name of the vectors, with `@dimension` where a shorter vector was asked for."""
        return f"{self._space}@{self._asked}" if self._asked else self._space

    @property
    def dimension(self) -> int:
        """How many numbers a vector has; 0 until the first answer where nothing was set."""
        return self._dimension or 0

    @property
    def window(self) -> int:
        """How many tokens of a text count, by estimate."""
        return self._window

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one embedding a text, in order; `known` is 1.0, `tokens` is the share of the usage by length.

        Raises:
            ProviderFailed: the server could not be reached, failed after all retries, or answered nonsense.
            ProviderRefused: it will not answer this request (a key, a model or an input it does not take), or its
                vectors have another dimension than the one set.
        """
        found: list[Embedding] = []
        for batch in self._batches([self._fit(text) for text in texts]):
            found += await self._embed_batch(batch)
        return found

    async def embed_question(self, text: str, *, least: float) -> Embedding | None:  # noqa: ARG002 - all is understood
        """Return the embedding of a question, with what the model wants before it; somebody waits, so ask only once."""
        asked = self._instruction.replace("{question}", text) if self._instruction else text
        return (await self._embed_batch([self._fit(asked)], retries=0))[0]

    async def aclose(self) -> None:
        """Close the connections."""
        await self._endpoint.aclose()

    def _fit(self, text: str) -> str:
        whole = text.encode("utf-8", "replace").decode()
        if len(whole) > self._window:  # no tokenizer of today makes more tokens than characters of usual text
            whole = whole[: int(len(whole) * min(1.0, self._window / _tokens(whole)))]
        return whole if whole.strip() else " "  # servers refuse an empty input

    def _batches(self, texts: Sequence[str]) -> Iterator[list[str]]:
        """Yield texts in runs that the server takes in one request."""
        batch: list[str] = []
        size = 0.0
        for text in texts:
            tokens = _tokens(text)
            if batch and (len(batch) == self._batch or size + tokens > self._tokens):
                yield batch
                batch, size = [], 0.0
            batch.append(text)
            size += tokens
        if batch:
            yield batch

    async def _embed_batch(self, texts: list[str], *, retries: int | None = None) -> list[Embedding]:
        body = body_of(self._form, self._name, texts, self._asked)
        answer = await self._endpoint.post(path_of(self._form, self._name), body, retries=retries)
        try:
            rows, usage = rows_of(self._form, answer)
            vectors = [np.asarray(row, np.float64) for row in rows]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ProviderFailed(f"{self._endpoint.where} answered no embeddings: {str(answer)[:QUOTED]!r}") from error
        if len(vectors) != len(texts):
            raise ProviderFailed(f"{self._endpoint.where} answered {len(vectors)} vectors for {len(texts)} texts")
        shares = _shares(usage, [len(text) for text in texts])
        return [Embedding(self._unit(vector), 1.0, share) for vector, share in zip(vectors, shares, strict=True)]

    def _unit(self, vector: np.ndarray[Any, np.dtype[np.float64]]) -> bytes:
        where = self._endpoint.where
        if vector.ndim != 1 or not vector.size or not np.isfinite(vector).all():
            raise ProviderFailed(f"{where} answered a vector that is no list of finite numbers")
        self._dimension = self._dimension or vector.size
        if vector.size != self._dimension:
            raise ProviderRefused(
                f"{where} answered vectors of {vector.size} numbers where {self._dimension} are wanted",
                hint="correct the embedder's dimension or its model in the settings",
            )
        length = float(np.linalg.norm(vector))
        if not length:
            raise ProviderFailed(f"{where} answered a vector of length zero")
        return (vector / length).astype("<f4").tobytes()


def _tokens(text: str) -> float:
    """Return about how many tokens a text has: a CJK character is one, three others are."""
    wide = 0 if text.isascii() else sum(character > "\u2e7f" for character in text)
    return wide + (len(text) - wide) / 3


def _shares(total: int, sizes: list[int]) -> list[int]:
    """Divide a usage over texts by their length, so that the shares add up to it."""
    whole = sum(sizes) or 1
    ends = [round(total * sum(sizes[: i + 1]) / whole) for i in range(len(sizes))]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]
