"""The connections to one server of models, in the form it speaks; its models share them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from recollect.errors import ConfigError
from recollect.providers.chat.wire import Server, WireChat

try:
    import httpx2
    from anthropic import AsyncAnthropic
    from openai import AsyncAzureOpenAI, AsyncOpenAI
    from pydantic_ai.models import Model
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.models.openrouter import OpenRouterModel
    from pydantic_ai.profiles import ModelProfile, merge_profile
    from pydantic_ai.profiles.openai import OpenAIModelProfile
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.providers.azure import AzureProvider
    from pydantic_ai.providers.google import GoogleProvider
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
    from pydantic_ai.providers.openrouter import OpenRouterProvider
except ImportError as error:
    raise ConfigError(
        "language models of providers need Pydantic AI", hint='pip install "recollect[models]"'
    ) from error

MOST: Final = 8_000_000
"""Bytes of one answer as it comes over the wire."""
CONNECT: Final = 10.0
"""Seconds a connection may take to be made."""


class Line:
    """The connections to one server, shared by its models."""

    def __init__(self, server: Server) -> None:
        self.server = server
        try:
            httpx2.Headers({"authorization": f"Bearer {server.api_key}"})
            httpx2.URL(server.base_url)
        except (httpx2.InvalidURL, UnicodeError, ValueError) as error:
            raise ConfigError(f"The address or the key of {server.provider} cannot be used: {error}") from error
        hooks: dict[str, list[Any]] = {"request": [self._keyless], "response": [_bounded]}
        timeout = httpx2.Timeout(server.timeout, connect=min(CONNECT, server.timeout))
        self._client = httpx2.AsyncClient(timeout=timeout, event_hooks=hooks)

    def chat(self, model: str, *, label: str, thinking: bool = False) -> WireChat:
        """Return a model of the server; `label` is what it is called here."""
        return WireChat(self._model(model), self.server, label, thinking=thinking)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _model(self, name: str) -> Model:
        server = self.server
        if server.kind == "anthropic":
            anthropic = AsyncAnthropic(
                api_key=server.api_key, base_url=server.base_url, http_client=self._client, max_retries=0
            )
            return AnthropicModel(name, provider=AnthropicProvider(anthropic_client=anthropic))
        if server.kind == "gemini":
            google = GoogleProvider(api_key=server.api_key, base_url=server.base_url, http_client=self._client)
            return GoogleModel(name, provider=google)
        more: dict[str, Any] = {"api_key": server.api_key or "none", "http_client": self._client, "max_retries": 0}
        if server.kind == "azure":
            azure = AsyncAzureOpenAI(azure_endpoint=server.base_url, api_version=server.api_version, **more)
            return OpenAIChatModel(name, provider=AzureProvider(openai_client=azure))
        client = AsyncOpenAI(base_url=server.base_url, **more)
        client.organization = client.project = None  # what the environment says of them is meant for other programs
        if server.kind == "openrouter":
            return OpenRouterModel(name, provider=OpenRouterProvider(openai_client=client))
        if server.kind == "openai":
            return OpenAIChatModel(name, provider=OpenAIProvider(openai_client=client))
        compatible = OpenAICompatibleProvider(server.provider, openai_client=client)
        return OpenAIChatModel(name, provider=compatible, profile=_compatible)

    async def _keyless(self, request: Any) -> None:
        if not self.server.api_key:
            request.headers.pop("authorization", None)


async def _bounded(response: Any) -> None:
    """Let an answer be read up to `MOST` bytes of it."""
    response.stream = _Bounded(response.stream)


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._inner:
            size += len(part)
            if size > MOST:
                raise httpx2.ReadError(f"the answer does not come to an end after {MOST} bytes")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


def _compatible(told: ModelProfile) -> ModelProfile:
    """Return what is true of most servers that speak OpenAI's form, whichever model they serve."""
    return merge_profile(told, OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False))
