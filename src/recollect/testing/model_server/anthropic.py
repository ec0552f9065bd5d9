"""Anthropic's form of `/v1/messages`."""

from __future__ import annotations

from typing import Any

from recollect.testing.model_server.behaviour import Answer, Failure, Request
from recollect.testing.model_server.form import EVENTS, Sent, body, event, failed, pieces, tokens, told

FINISH = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}
KINDS = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error", 529: "overloaded_error"}


class Anthropic:
    """Answers as Anthropic does; reasoning stands in a block of its own before the text."""

    def whole(self, request: Request, answer: Answer) -> Sent:
        """Return one JSON body."""
        blocks: list[dict[str, Any]] = []
        if answer.reasoning:
            blocks.append({"type": "thinking", "thinking": answer.reasoning, "signature": "c2ln"})
        blocks.append({"type": "text", "text": told(answer)})
        made = _message(request, answer, blocks)
        return body({**made, "stop_reason": FINISH.get(answer.finish, answer.finish)})

    def streamed(self, request: Request, answer: Answer) -> Sent:
        """Return events from `message_start` to `message_stop`."""
        parts = [_event("message_start", message={**_message(request, answer, []), "stop_reason": None})]
        parts.append(_event("ping"))
        index = 0
        if answer.reasoning:
            thought = {"type": "thinking_delta", "thinking": answer.reasoning}
            parts += _block(index, {"type": "thinking", "thinking": "", "signature": ""}, [thought])
            index += 1
        deltas = [{"type": "text_delta", "text": piece} for piece in pieces(answer)]
        parts += _block(index, {"type": "text", "text": ""}, deltas)
        finish = {"stop_reason": FINISH.get(answer.finish, answer.finish), "stop_sequence": None}
        parts.append(_event("message_delta", delta=finish, usage={"output_tokens": tokens(request, answer)[1]}))
        return Sent([*parts, _event("message_stop")], headers=EVENTS, pause=answer.pause)

    def failure(self, failure: Failure) -> Sent:
        """Return Anthropic's error object."""
        error = {"type": KINDS.get(failure.status, "api_error"), "message": failure.message}
        return failed(failure, {"type": "error", "error": error})


def _message(request: Request, answer: Answer, blocks: list[dict[str, Any]]) -> dict[str, Any]:
    read, written = tokens(request, answer)
    usage = {"input_tokens": read, "output_tokens": written, "cache_read_input_tokens": answer.cached_in}
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": blocks,
        "stop_sequence": None,
        "usage": {**usage, "cache_creation_input_tokens": 0},
    }


def _event(kind: str, **more: Any) -> bytes:
    return event({"type": kind, **more}, kind)


def _block(index: int, empty: dict[str, Any], deltas: list[dict[str, Any]]) -> list[bytes]:
    return [
        _event("content_block_start", index=index, content_block=empty),
        *(_event("content_block_delta", index=index, delta=delta) for delta in deltas),
        _event("content_block_stop", index=index),
    ]
