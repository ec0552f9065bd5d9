"""Answers from any server that speaks OpenAI's `/chat/completions`: OpenAI, OpenRouter, vLLM, Ollama, and others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from recollect.errors import ConfigError, ProviderFailed, ProviderRefused
from recollect.providers.openai_embed import AGAIN, QUOTED, backoff, retry_after

try:
    import httpx
except ImportError as error:
    raise ConfigError("an OpenAI-compatible chat model needs httpx", hint='pip install "recollect[openai]"') from error

PATIENCE = 10
"""An answer may take this many times the timeout as a whole, however lively its server drips."""
MOST = 4_000_000
"""Bytes of one answer, and of one line of it."""
LONGEST_WAIT = 5.0
"""Seconds to wait before asking again: somebody is waiting for the answer."""


class OpenAIChat:
    """Streams answers of one model of one server.

    `timeout` is how long, in seconds, the server may be silent. `retries` counts the repeats after 408, 429, 5xx and
    broken connections; once a piece of the answer is out nothing is repeated. `sleep` is there for tests.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        model: str,
        *,
        timeout: float = 60.0,
        retries: int = 1,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._model, self._timeout, self._retries, self._sleep = model, timeout, retries, sleep
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        try:
            self._client = httpx.AsyncClient(base_url=f"{base_url.rstrip('/')}/", headers=headers, timeout=timeout)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise ConfigError(f"the chat model's base_url {base_url!r} or its key cannot be used: {error}") from error

    @property
    def model(self) -> str:
        """The model's name."""
        return self._model

    async def stream(self, messages: Sequence[Mapping[str, str]], *, temperature: float = 0.2) -> AsyncGenerator[str]:
        """Yield the answer piece by piece, as the server sends it; one that cannot stream gives a single piece.

        Raises:
            ProviderFailed: the server could not be reached, failed, fell silent, broke off or answered nonsense.
            ProviderRefused: it will not answer this request (a key, a model or an input it does not take).
        """
        body: dict[str, Any] = {"model": self._model, "messages": [dict(one) for one in messages], "stream": True}
        body["temperature"] = temperature
        attempt = 0
        while True:
            try:
                async with aclosing(self._once(body)) as pieces:
                    async for piece in pieces:
                        attempt = self._retries
                        yield piece
            except _Unwilling:
                del body["temperature"]
            except ProviderFailed as error:
                if attempt >= self._retries:
                    raise
                wait = error.wait if isinstance(error, _Later) else None
                await self._sleep(min(LONGEST_WAIT, backoff(attempt) if wait is None else wait))
                attempt += 1
            else:
                return

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _once(self, body: Mapping[str, Any]) -> AsyncGenerator[str]:
        async with self._asked(body) as response:
            if response.headers.get("content-type", "").startswith("application/json"):
                yield self._whole(await _read(response))
                return
            async for event in self._events(response):
                if piece := self._piece(event):
                    yield piece

    @asynccontextmanager
    async def _asked(self, body: Mapping[str, Any]) -> AsyncIterator[httpx.Response]:
        """Send the request and hand over an answer that is a success; translate every failure of the connection."""
        try:
            async with self._client.stream("POST", "chat/completions", json=body) as response:
                if not response.is_success:
                    await self._refused(response, body)
                yield response
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            raise ProviderFailed(f"{self._where()} broke off: {type(error).__name__}") from error

    async def _refused(self, response: httpx.Response, body: Mapping[str, Any]) -> None:
        text = (await _read(response)).decode("utf-8", "replace")[:QUOTED]
        problem = f"{self._where()} answered {response.status_code}: {text!r}"
        if response.status_code in AGAIN:
            raise _Later(problem, retry_after(response.headers.get("retry-after", ""), datetime.now(UTC)))
        if response.status_code == httpx.codes.BAD_REQUEST and "temperature" in body and "temperature" in text:
            raise _Unwilling(problem)
        hint = "check the key" if response.status_code in {401, 403} else "check the model and the address"
        raise ProviderRefused(problem, hint=hint)

    async def _events(self, response: httpx.Response) -> AsyncIterator[Any]:
        """Yield the JSON of each event up to `[DONE]`; raise ProviderFailed where the stream ends before the answer."""
        ended = False
        async for line in self._lines(response):
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == b"[DONE]":
                return
            event = self._parsed(data)
            ended = ended or _finished(event)
            yield event
        if not ended:
            raise ProviderFailed(f"{self._where()} broke off in the middle of its answer")

    async def _lines(self, response: httpx.Response) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE * self._timeout
        rest, size = b"", 0
        async for data in response.aiter_bytes():
            size += len(data)
            if size > MOST or loop.time() > until:
                raise ProviderFailed(f"{self._where()} does not come to an end")
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                yield line
        yield rest

    def _piece(self, event: Any) -> str:
        if isinstance(event, dict) and event.get("error"):
            raise ProviderFailed(f"{self._where()} failed while answering: {str(event['error'])[:QUOTED]!r}")
        try:
            choices = event["choices"]
            content = choices[0]["delta"].get("content") if choices else None
        except (TypeError, KeyError, IndexError, AttributeError) as error:
            raise ProviderFailed(f"{self._where()} answered no piece of an answer: {str(event)[:QUOTED]!r}") from error
        return _clean(content) if isinstance(content, str) else ""

    def _whole(self, data: bytes) -> str:
        answer = self._parsed(data)
        try:
            content = answer["choices"][0]["message"]["content"]
        except (TypeError, KeyError, IndexError) as error:
            raise ProviderFailed(f"{self._where()} answered no message: {data[:QUOTED]!r}") from error
        if not isinstance(content, str):
            raise ProviderFailed(f"{self._where()} answered a message without text")
        return _clean(content)

    def _parsed(self, data: bytes) -> Any:
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise ProviderFailed(f"{self._where()} answered no JSON: {data[:QUOTED]!r}") from error

    def _where(self) -> str:
        return f"the chat model {self._model} at {self._client.base_url.host}"


class _Later(ProviderFailed):
    """The server asks to come again, in `wait` seconds where it says so."""

    def __init__(self, message: str, wait: float | None) -> None:
        super().__init__(message)
        self.wait = wait


class _Unwilling(ProviderRefused):
    """The model takes no temperature, as reasoning models do not."""


def _finished(event: Any) -> bool:
    choices = event.get("choices") if isinstance(event, dict) else None
    return bool(
        isinstance(choices, list) and choices and isinstance(choices[0], dict) and choices[0].get("finish_reason")
    )


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


async def _read(response: httpx.Response) -> bytes:
    """Return the body, up to `MOST` bytes of it."""
    data = b""
    async for piece in response.aiter_bytes():
        data += piece
        if len(data) > MOST:
            break
    return data[:MOST]
