"""Posts JSON to a model's server and gets JSON back: retries, deadlines and errors, the same for every such model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from recollect.errors import ConfigError, ProviderFailed, ProviderRefused
from recollect.providers.again import AGAIN, backoff, retry_after

try:
    import httpx
except ImportError as error:
    raise ConfigError("a model behind an address needs httpx", hint='pip install "recollect[openai]"') from error

QUOTED = 200  # characters of a server's answer that an error repeats
MOST = 64_000_000
"""Bytes of one answer."""
PATIENCE = 4
"""One answer may take this many times the timeout as a whole, however lively its server drips."""


class JsonEndpoint:
    """One server, asked with one key. `who` names it in errors: "the embedder x at https://…".

    `timeout` is how long, in seconds, the server may be silent. `retries` counts the repeats after 408, 429, 5xx and
    broken connections; a server's Retry-After is honoured up to a minute. `sleep` is there for tests.
    """

    def __init__(
        self,
        who: str,
        base_url: str,
        headers: Mapping[str, str],
        *,
        timeout: float,
        retries: int,
        params: Mapping[str, str] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._timeout, self._retries, self._sleep = timeout, retries, sleep
        try:
            self._client = httpx.AsyncClient(
                base_url=f"{base_url.rstrip('/')}/", headers=dict(headers), params=params, timeout=timeout
            )
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise ConfigError(f"{who}: the base_url {base_url!r} or its key cannot be used: {error}") from error
        self.where = f"{who} at {self._client.base_url}"

    async def post(self, path: str, body: Mapping[str, Any], *, retries: int | None = None) -> Any:
        """Return the JSON that the server answers.

        Raises:
            ProviderFailed: the server could not be reached, failed after all retries, or answered no JSON.
            ProviderRefused: it will not answer this request (a key, a model or an input it does not take).
        """
        most = self._retries if retries is None else retries
        for attempt in range(most + 1):
            try:
                status, headers, data = await self._once(path, body)
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
                wait: float | None = None
                problem = f"{self.where} could not be reached: {type(error).__name__} {error}"
                if attempt == most:
                    raise ProviderFailed(problem) from error
            else:
                if status < 300:
                    return self._parsed(data)
                problem = f"{self.where} answered {status}: {data.decode('utf-8', 'replace')[:QUOTED]!r}"
                if status not in AGAIN:
                    hint = "check the key" if status in {401, 403} else "check the model and the address"
                    raise ProviderRefused(problem, hint=hint)
                if attempt == most:
                    raise ProviderFailed(problem)
                wait = retry_after(headers.get("retry-after", ""), datetime.now(UTC))
            await self._sleep(backoff(attempt) if wait is None else wait)
        raise ProviderFailed(f"{self.where} was not asked: retries is negative")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _once(self, path: str, body: Mapping[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        async with (
            asyncio.timeout(PATIENCE * self._timeout),
            self._client.stream("POST", path, json=dict(body)) as response,
        ):
            parts, size = [], 0
            async for part in response.aiter_bytes():
                parts.append(part)
                size += len(part)
                if size > MOST:
                    raise ProviderFailed(f"{self.where} answered more than {MOST // 1_000_000} MB")
            return response.status_code, response.headers, b"".join(parts)

    def _parsed(self, data: bytes) -> Any:
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            quoted = data.decode("utf-8", "replace")[:QUOTED]
            raise ProviderFailed(f"{self.where} answered no JSON: {quoted!r}") from error
