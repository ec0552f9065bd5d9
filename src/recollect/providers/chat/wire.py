"""One model of a provider, asked through Pydantic AI, which speaks the forms of them all."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

from recollect.errors import ConfigError, ProviderError, ProviderFailed, ProviderRefused
from recollect.exchange import Asking, Spoken
from recollect.providers.chat.text import meant

try:
    import httpx2
    from pydantic_ai import exceptions as failure
    from pydantic_ai.direct import model_request, model_request_stream
    from pydantic_ai.messages import (
        ModelMessage,
        ModelRequest,
        ModelResponse,
        PartDeltaEvent,
        PartStartEvent,
        SystemPromptPart,
        TextPart,
        TextPartDelta,
        ThinkingPart,
        UserPromptPart,
    )
    from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
    from pydantic_ai.output import OutputObjectDefinition
    from pydantic_ai.settings import ModelSettings
except ImportError as error:
    raise ConfigError(
        "language models of providers need Pydantic AI", hint='pip install "recollect[models]"'
    ) from error

Kind = Literal["openai", "compatible", "openrouter", "azure", "anthropic", "gemini"]
PATIENCE: Final = 10
"""A streamed answer may take this many times the timeout as a whole, however lively its server drips."""
QUOTED: Final = 300
"""Characters of a server's message that an error repeats."""
LASTING: Final = (failure.ModelAuthenticationError, failure.ModelNotFoundError, failure.ModelQuotaExceededError)
PASSING: Final = frozenset({408, 409, 425, 429})
"""Statuses below 500 after which the same request may succeed."""
OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "temperature": ("temperature",),
    "thinking": ("enable_thinking", "thinking", "reasoning"),
    "json": ("response_format", "json_object", "responsemimetype", "response_mime_type", "json mode"),
    "cache": ("cache_control",),
    "limit": ("max_tokens", "max_completion_tokens", "maxoutputtokens"),
}
"""Options that some models do not take, and the words by which their refusal is known."""
JSON_WANTED: Final = "Answer with one JSON object that fits this schema, and with nothing before or after it:\n"

JSON_MODE: Final = ModelRequestParameters(
    output_mode="prompted",
    output_object=OutputObjectDefinition(json_schema={"type": "object"}),
    prompted_output_template=False,
)
"""Asks for JSON; of the schema only the prompt tells, and it is not walked through for every question."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where models are asked: the provider's name, the form it speaks, its address and its key."""

    provider: str
    kind: Kind
    base_url: str
    api_key: str = ""
    api_version: str = ""
    timeout: float = 60.0


class WireChat:
    """One model of a server. Options that it turns out not to take are left out from then on."""

    def __init__(self, model: Model, server: Server, label: str, *, thinking: bool) -> None:
        self._model, self._server, self._label, self._thinking = model, server, label, thinking
        self._left_out: set[str] = set()

    @property
    def model(self) -> str:
        """What it is called here."""
        return self._label

    async def answer(self, asking: Asking) -> Spoken:
        """Return the whole answer."""
        while True:
            try:
                with self._translated():
                    response = await model_request(
                        self._model,
                        self._messages(asking),
                        model_settings=self._settings(asking, self._server.timeout),
                        model_request_parameters=self._parameters(asking),
                    )
                    return self._spoken(response)
            except _Unwilling as error:
                self._leave_out(error)

    async def stream(self, asking: Asking) -> AsyncGenerator[str | Spoken]:
        """Yield the answer piece by piece, and last what it came to; a server that cannot stream gives one piece."""
        begun = False
        while not begun:
            try:
                async for piece in self._streamed(asking):
                    begun = True
                    yield piece
            except _Unwilling as error:
                if begun:
                    raise
                self._leave_out(error)
            except _Mute:
                spoken = await self.answer(asking)
                begun = True
                yield spoken.text
                yield spoken

    async def _streamed(self, asking: Asking) -> AsyncGenerator[str | Spoken]:
        said = False
        with self._translated():
            async with model_request_stream(
                self._model,
                self._messages(asking),
                model_settings=self._settings(asking, PATIENCE * self._server.timeout),
                model_request_parameters=self._parameters(asking),
            ) as stream:
                async for piece in _texts(stream):
                    said = True
                    yield piece
                response = stream.get()
            if response.finish_reason is None:
                raise ProviderFailed(f"{self._where()} broke off in the middle of its answer")
            spoken = self._spoken(response)
        if not said:
            yield spoken.text
        yield spoken

    def _messages(self, asking: Asking) -> list[ModelMessage]:
        """Return the messages as Pydantic AI has them; what the system says first stands in one piece."""
        turns = [(one["role"], _clean(one["content"])) for one in asking.messages]
        first = next((place for place, (role, _) in enumerate(turns) if role != "system"), len(turns))
        rules = [text for _, text in turns[:first]]
        if asking.schema is not None:
            rules.append(JSON_WANTED + json.dumps(asking.schema, ensure_ascii=False))
        made: list[ModelMessage] = []
        parts: list[Any] = [SystemPromptPart("\n\n".join(rules))] if rules else []
        for role, text in turns[first:]:
            if role == "assistant":
                made += [ModelRequest(parts=parts)] if parts else []
                made.append(ModelResponse(parts=[TextPart(text)]))
                parts = []
            else:
                parts.append(SystemPromptPart(text) if role == "system" else UserPromptPart(text))
        return [*made, ModelRequest(parts=parts)] if parts else made

    def _settings(self, asking: Asking, patience: float) -> ModelSettings:
        """Return what is asked for; the providers' own caches keep what the system says, and the talk of a chat."""
        told: Any = self._model.profile
        made: Any = {
            "timeout": self._server.timeout,
            "request_timeout": patience,
            "temperature": asking.temperature or 0.0,
            "cache": {"messages": asking.task == "completion"},
        }
        reasons = told.get("openai_supports_reasoning") and not told.get("openai_supports_reasoning_effort_none")
        if reasons or told.get("anthropic_disallows_sampling_settings"):
            del made["temperature"]  # models that always reason take none
        if asking.limit is not None:
            made["max_tokens"] = asking.limit
        if not self._thinking:
            made["thinking"] = False
            if self._server.provider in {"siliconflow", "dashscope"} and "qwen3" in self._model.model_name.lower():
                made["extra_body"] = {"enable_thinking": False}
        names = {"temperature": ("temperature",), "thinking": ("thinking", "extra_body"), "cache": ("cache",)}
        names["limit"] = ("max_tokens",)
        for option in self._left_out:
            for name in names.get(option, ()):
                made.pop(name, None)
        settings: ModelSettings = made
        return settings

    def _parameters(self, asking: Asking) -> ModelRequestParameters:
        """Return what asks for JSON, where the model knows how to be asked; the prompt says it in any case."""
        if asking.schema is None or "json" in self._left_out:
            return ModelRequestParameters()
        return JSON_MODE

    def _spoken(self, response: ModelResponse) -> Spoken:
        said = "".join(part.content for part in response.parts if isinstance(part, TextPart))
        thought = "".join(part.content for part in response.parts if isinstance(part, ThinkingPart))
        complete = response.finish_reason != "length"
        text = meant(_clean(said), _clean(thought) if complete else "")
        if response.finish_reason == "content_filter" and not text:
            raise ProviderRefused(f"{self._where()} will not answer this: its provider filters it")
        if not text:
            why = "answered nothing" if complete else "used up all its tokens before it answered"
            raise ProviderFailed(f"{self._where()} {why}")
        usage = response.usage
        return Spoken(
            text, usage.input_tokens or None, usage.output_tokens or None, usage.cache_read_tokens, complete=complete
        )

    def _leave_out(self, error: _Unwilling) -> None:
        if error.option in self._left_out:
            raise ProviderRefused(error.message, hint="check the model and the address") from error
        self._left_out.add(error.option)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn every failure of the client library into one of ours."""
        try:
            yield
        except failure.ModelAPIError as error:
            raise self._told(error) from error
        except failure.UnexpectedModelBehavior as error:
            if "without content" in str(error):
                raise _Mute(f"{self._where()} answered nothing") from error
            raise ProviderFailed(f"{self._where()} answered nonsense: {self._quoted(error)}") from error
        except (failure.UserError, failure.AgentRunError) as error:
            raise ProviderRefused(f"{self._where()} cannot be asked: {self._quoted(error)}") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            raise ProviderFailed(f"{self._where()} broke off: {type(error).__name__}") from error
        except (TypeError, AttributeError, KeyError, IndexError, ValueError, AssertionError) as error:
            # The client libraries take the shape of a success for granted.
            raise ProviderFailed(f"{self._where()} answered nonsense: {type(error).__name__}") from error

    def _told(self, error: failure.ModelAPIError) -> ProviderError:
        status = error.status_code if isinstance(error, failure.ModelHTTPError) else None
        said = f"answered {status}" if status else "could not be reached, or broke off"
        problem = f"{self._where()} {said}: {self._quoted(error if error.body is None else error.body)}"
        if isinstance(error, LASTING):
            return ProviderRefused(problem, hint="check its key, its name and its account", lasting=True)
        if status is None or status >= 500 or status in PASSING:
            return ProviderFailed(problem, wait=error.retry_after)
        text = str(error.body).lower()
        for option, words in OPTIONS.items():
            if option not in self._left_out and any(word in text for word in words):
                return _Unwilling(problem, option)
        return ProviderRefused(problem, hint="check the model and the address")

    def _quoted(self, said: object) -> str:
        text = str(said)
        return (text.replace(self._server.api_key, "******") if self._server.api_key else text)[:QUOTED]

    def _where(self) -> str:
        return f"the model {self._label}"


class _Unwilling(ProviderRefused):
    """The model does not take an option."""

    def __init__(self, message: str, option: str) -> None:
        super().__init__(message)
        self.option = option


class _Mute(ProviderFailed):
    """A success that holds no answer, as of a server that was asked to stream and cannot."""


async def _texts(stream: StreamedResponse) -> AsyncIterator[str]:
    async for event in stream:
        if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
            piece = event.part.content
        elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
            piece = event.delta.content_delta
        else:
            continue
        if piece:
            yield _clean(piece)


def _clean(text: str) -> str:
    """Return a text that can be sent and kept: halves of surrogate pairs cannot."""
    return text.encode("utf-8", "replace").decode()
