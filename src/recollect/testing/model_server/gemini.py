"""Gemini's form: `models/{model}:generateContent` and `:streamGenerateContent`."""

from __future__ import annotations

from typing import Any

from recollect.testing.model_server.behaviour import Answer, Failure, Request
from recollect.testing.model_server.form import EVENTS, Sent, body, event, failed, pieces, tokens, told

FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
KINDS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED"}


class Gemini:
    """Answers as Gemini does; reasoning stands in parts marked as thoughts."""

    def whole(self, request: Request, answer: Answer) -> Sent:
        """Return one JSON body."""
        return body(_chunk(request, answer, [*_thought(answer), {"text": told(answer)}], last=True))

    def streamed(self, request: Request, answer: Answer) -> Sent:
        """Return events; the last one says why it stopped and what it took."""
        chunks = [_thought(answer)] if answer.reasoning else []
        chunks += [[{"text": piece}] for piece in pieces(answer)] or [[{"text": ""}]]
        parts = [
            event(_chunk(request, answer, chunk, last=place == len(chunks) - 1)) for place, chunk in enumerate(chunks)
        ]
        return Sent(parts, headers=EVENTS, pause=answer.pause)

    def failure(self, failure: Failure) -> Sent:
        """Return Google's error object."""
        status = KINDS.get(failure.status, "INTERNAL")
        return failed(failure, {"error": {"code": failure.status, "message": failure.message, "status": status}})


def _thought(answer: Answer) -> list[dict[str, Any]]:
    return [{"text": answer.reasoning, "thought": True}] if answer.reasoning else []


def _chunk(request: Request, answer: Answer, parts: list[dict[str, Any]], *, last: bool) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    made: dict[str, Any] = {"candidates": [candidate], "modelVersion": request.model, "responseId": "r1"}
    if last:
        read, written = tokens(request, answer)
        candidate["finishReason"] = FINISH.get(answer.finish, answer.finish)
        counts = {"promptTokenCount": read, "candidatesTokenCount": written, "totalTokenCount": read + written}
        made["usageMetadata"] = {**counts, "cachedContentTokenCount": answer.cached_in}
    return made
