"""OpenAI's form of `/chat/completions`, which OpenRouter, SiliconFlow, DashScope, Azure and Ollama speak too."""

from __future__ import annotations

from typing import Any

from recollect.testing.model_server.behaviour import Answer, Failure, Request
from recollect.testing.model_server.form import EVENTS, Sent, body, event, failed, pieces, tokens, told


class OpenAI:
    """Answers as OpenAI does; reasoning stands in `reasoning_content`, as DeepSeek, Qwen and others put it."""

    def whole(self, request: Request, answer: Answer) -> Sent:
        """Return one JSON body."""
        message: dict[str, Any] = {"role": "assistant", "content": told(answer)}
        if answer.reasoning:
            message["reasoning_content"] = answer.reasoning
        choice = {"index": 0, "message": message, "finish_reason": answer.finish, "native_finish_reason": answer.finish}
        made = {**_head(request, "chat.completion"), "choices": [choice]}
        return body({**made, "usage": _usage(request, answer)} if answer.usage else made)

    def streamed(self, request: Request, answer: Answer) -> Sent:
        """Return events up to `[DONE]`; the usage comes in one of its own where `stream_options` asks for it."""
        parts = [b": keep-alive\n\n", _delta(request, {"role": "assistant", "content": ""})]
        if answer.reasoning:
            parts.append(_delta(request, {"reasoning_content": answer.reasoning}))
        parts += [_delta(request, {"content": piece}) for piece in pieces(answer)]
        parts.append(_delta(request, {}, answer.finish))
        wanted = (request.body.get("stream_options") or {}).get("include_usage")
        if wanted and answer.usage:
            last = {**_head(request, "chat.completion.chunk"), "choices": [], "usage": _usage(request, answer)}
            parts.append(event(last))
        return Sent([*parts, b"data: [DONE]\n\n"], headers=EVENTS, pause=answer.pause)

    def failure(self, failure: Failure) -> Sent:
        """Return OpenAI's error object."""
        return failed(failure, {"error": {"message": failure.message, "type": "error", "param": None, "code": None}})


def _head(request: Request, kind: str) -> dict[str, Any]:
    head = {"id": "chatcmpl-1", "object": kind, "created": 1_700_000_000, "model": request.model}
    return {**head, "provider": "scripted"}  # as OpenRouter says who answered


def _delta(request: Request, delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None, "native_finish_reason": finish}
    return event({**_head(request, "chat.completion.chunk"), "choices": [choice]})


def _usage(request: Request, answer: Answer) -> dict[str, Any]:
    read, written = tokens(request, answer)
    details = {"prompt_tokens_details": {"cached_tokens": answer.cached_in}}
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written, **details}
