"""Embeddings from any server that speaks OpenAI's `/embeddings`: SiliconFlow, DashScope, OpenAI, vLLM, and others."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import numpy as np

from recollect.errors import ConfigError, InvalidInput, ProviderFailed, ProviderRefused
from recollect.models import Embedding

try:
    import httpx
except ImportError as error:
    raise ConfigError("an OpenAI-compatible embedder needs httpx", hint='pip install "recollect[openai]"') from error

AGAIN = frozenset({408, 429, 500, 502, 503, 504, 520, 522, 524, 529})
FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0
QUOTED = 200  # characters of a server's answer that an error repeats


class OpenAIEmbed:
    """Embeds over HTTP with one model of one server.

    `dimension` is what the server's vectors must have; None takes it from the first answer. With `ask_dimension` the
    server is asked to shorten its vectors to it (OpenAI's v3 and Qwen3 models can), which makes another space and so
    another name. `retries` counts the repeats after 408, 429, 5xx and broken connections; a server's Retry-After is
    honoured up to a minute. A text longer than `window` tokens, estimated, is cut. `sleep` is there for tests.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        model: str,
        *,
        dimension: int | None = None,
        ask_dimension: bool = False,
        window: int = 8192,
        batch: int = 32,
        timeout: float = 30.0,
        retries: int = 4,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if ask_dimension and not dimension:
            raise ConfigError("a dimension must be given where the server is asked for it")
        if batch < 1:
            raise InvalidInput("a batch holds at least one text", field="batch")
        self._name = model
        self._dimension = dimension
        self._asked = dimension if ask_dimension else None
        self._window = window
        self._batch = batch
        self._retries = retries
        self._sleep = sleep
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        try:
            self._client = httpx.AsyncClient(base_url=f"{base_url.rstrip('/')}/", headers=headers, timeout=timeout)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise ConfigError(f"the embedder's base_url {base_url!r} or its key cannot be used: {error}") from error

    @property
    def model(self) -> str:
        """The server's model name, with `@dimension` where a shorter vector was asked for."""
        return f"{self._name}@{self._asked}" if self._asked else self._name

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
        for start in range(0, len(texts), self._batch):
            found += await self._embed_batch([self._fit(text) for text in texts[start : start + self._batch]])
        return found

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _fit(self, text: str) -> str:
        whole = text.encode("utf-8", "replace").decode()
        if len(whole) > self._window:  # no tokenizer of today makes more tokens than characters of usual text
            wide = sum(character > "\u2e7f" for character in whole)
            tokens = wide + (len(whole) - wide) / 3
            whole = whole[: int(len(whole) * min(1.0, self._window / tokens))]
        return whole if whole.strip() else " "  # servers refuse an empty input

    async def _embed_batch(self, texts: list[str]) -> list[Embedding]:
        body: dict[str, Any] = {"model": self._name, "input": texts, "encoding_format": "float"}
        if self._asked:
            body["dimensions"] = self._asked
        response = await self._ask(body)
        try:
            answer = response.json()
            rows = sorted(answer["data"], key=lambda row: int(row["index"]))
            vectors = [np.asarray(row["embedding"], np.float64) for row in rows]
            usage = int((answer.get("usage") or {}).get("prompt_tokens") or 0)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ProviderFailed(f"{self._where()} answered no embeddings: {response.text[:QUOTED]!r}") from error
        if [int(row["index"]) for row in rows] != list(range(len(texts))):
            raise ProviderFailed(f"{self._where()} answered {len(rows)} vectors for {len(texts)} texts")
        shares = _shares(usage, [len(text) for text in texts])
        return [Embedding(self._unit(vector), 1.0, share) for vector, share in zip(vectors, shares, strict=True)]

    def _unit(self, vector: np.ndarray[Any, np.dtype[np.float64]]) -> bytes:
        if vector.ndim != 1 or not vector.size or not np.isfinite(vector).all():
            raise ProviderFailed(f"{self._where()} answered a vector that is no list of finite numbers")
        self._dimension = self._dimension or vector.size
        if vector.size != self._dimension:
            raise ProviderRefused(
                f"{self._where()} answered vectors of {vector.size} numbers where {self._dimension} are wanted",
                hint="correct the embedder's dimension or its model in the settings",
            )
        length = float(np.linalg.norm(vector))
        if not length:
            raise ProviderFailed(f"{self._where()} answered a vector of length zero")
        return (vector / length).astype("<f4").tobytes()

    async def _ask(self, body: dict[str, Any]) -> httpx.Response:
        for attempt in range(self._retries + 1):
            wait: float | None = None
            cause: Exception | None = None
            try:
                response = await self._client.post("embeddings", json=body)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                problem = f"{self._where()} could not be reached: {type(error).__name__} {error}"
                cause = error
            else:
                if response.is_success:
                    return response
                problem = f"{self._where()} answered {response.status_code}: {response.text[:QUOTED]!r}"
                if response.status_code not in AGAIN:
                    hint = "check the key" if response.status_code in {401, 403} else "check the model and the address"
                    raise ProviderRefused(problem, hint=hint)
                wait = retry_after(response.headers.get("retry-after", ""), datetime.now(UTC))
            if attempt == self._retries:
                raise ProviderFailed(problem) from cause
            await self._sleep(backoff(attempt) if wait is None else wait)
        raise ProviderFailed(f"{self._where()} was not asked: retries is negative")

    def _where(self) -> str:
        return f"the embedder {self._name} at {self._client.base_url}"


def retry_after(header: str, now: datetime) -> float | None:
    """Return the seconds a Retry-After header asks for, 60 at most; None where it cannot be read (RFC 9110, 10.2.3)."""
    try:
        seconds = float(header) if header.strip().isdigit() else (parsedate_to_datetime(header) - now).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def backoff(attempt: int) -> float:
    """Return the seconds to wait after the attempt of that number (from 0): doubling, with up to a half added."""
    return min(FIRST_WAIT * 2.0**attempt * random.uniform(1, 1.5), LONGEST_WAIT)  # noqa: S311 - not a secret


def _shares(total: int, sizes: list[int]) -> list[int]:
    """Divide a usage over texts by their length, so that the shares add up to it."""
    whole = sum(sizes) or 1
    ends = [round(total * sum(sizes[: i + 1]) / whole) for i in range(len(sizes))]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]
