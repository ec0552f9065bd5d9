"""The one table from errors to HTTP, and the one form of every failure."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recollect import errors

log = logging.getLogger("recollect.api")

STATUS: Final[Mapping[type[Exception], int]] = {
    errors.InvalidInput: 400,
    errors.TooLarge: 413,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Denied: 403,
    errors.StoreBusy: 503,
    errors.StoreMoved: 503,
    errors.StoreFull: 507,
    errors.StoreReadOnly: 507,
    errors.StoreError: 500,
    errors.ProviderError: 502,
    errors.EmbedderMissing: 503,
    errors.RecollectError: 500,
}
"""The nearest class counts."""


CODES: Final[Mapping[int, str]] = {
    400: "invalid_input",
    401: "unauthorized",
    403: "denied",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    412: "conflict",
    413: "too_large",
    415: "unsupported",
    422: "invalid_input",
    429: "rate_limited",
}
"""The code of a failure that came as a bare status."""


def status_of(error: Exception) -> int:
    """Return the HTTP status of an error."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def failure(
    status: int, code: str, message: str, hint: str = "", headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return a failure as every client reads it; `detail` is what Mem0's and FastAPI's clients look at."""
    message, hint = message.encode("utf-8", "replace").decode(), hint.encode("utf-8", "replace").decode()
    body = {"success": False, "error": {"code": code, "message": message, "hint": hint}, "detail": message}
    return JSONResponse(body, status, headers=dict(headers or {}))


def install(app: FastAPI) -> None:
    """Answer every error of the tree, of validation and of routing in the one form."""
    app.add_exception_handler(errors.RecollectError, _told)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _routed)


class Unforeseen:
    """Answers errors nobody foresaw without a word about where they happened, and logs each of them once.

    It stands inside Starlette's own handler, which would tell the server of every error a second time.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 500 for whatever escapes; an answer that had begun is cut off."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except errors.RecollectError as error:  # of what stands before the routes: who asks is looked up in the store
            if started:
                log.exception("An answer broke off")
            else:
                await told(error, to_anyone=True)(scope, receive, send)
        except Exception:  # the last guard: whoever asked is told, and the log says why
            log.exception("An error nobody foresaw")
            if not started:
                answer = failure(500, "failed", "The server failed", "Its log says why; name the request id.")
                await answer(scope, receive, send)


PRIVATE: Final[Mapping[type[Exception], tuple[str, str]]] = {
    errors.StoreError: ("The store failed", "The server's log says why."),
    errors.StoreDamaged: ("The store is damaged", "The server's log says more; `recollect doctor` looks at it."),
    errors.StoreReadOnly: ("The store cannot be written", "The server's log says why."),
    errors.EmbedderMissing: ("The embedder's weights are not on the server", "Run `recollect models pull` there."),
    errors.ProviderError: ("A model failed", "The server's log says why."),
    errors.ProviderFailed: ("A model did not answer", "Try again later; the server's log says why."),
    errors.ProviderRefused: ("A model refused", "The server's log says why."),
    errors.ConfigError: ("A setting cannot be used", "The server's log says which."),
    errors.RecollectError: ("The server failed", "Its log says why."),
}
"""What clients are told of failures whose own words name paths, addresses or what a remote service answered."""


BEFORE: Final = {("body",), ("query",), ("path",), ("header",)}
"""Where a field stands, which its name need not say."""


async def _told(_: Request, error: Exception) -> JSONResponse:
    return told(error)


def told(error: Exception, *, to_anyone: bool = False) -> JSONResponse:
    """Return an error of the tree as clients are told of it; `to_anyone` where it is not known who asks."""
    known = error if isinstance(error, errors.RecollectError) else errors.RecollectError("It failed")
    status = status_of(known)
    if status >= 500:
        log.error("%s: %s", type(known).__name__, known)
    later = {"retry-after": "1"} if known.retryable and status == 503 else {}
    own = ("It cannot be seen who asks", "Try again later.") if to_anyone else (known.message, known.hint)
    message, hint = PRIVATE.get(type(known), own)
    return failure(status, known.code, message, hint, later)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    first = found[0] if found else {"loc": (), "msg": "it cannot be read"}
    places = first["loc"][1:] if first["loc"][:1] in BEFORE else first["loc"]
    name = ".".join(str(part)[:60] for part in places[:8]) or "the request"
    return failure(422, "invalid_input", f"{name}: {first['msg']}", "See /docs for what this route takes.")


async def _routed(_: Request, error: Exception) -> Response:
    status, detail = (error.status_code, str(error.detail)) if isinstance(error, HTTPException) else (500, "failed")
    headers = error.headers if isinstance(error, HTTPException) else None
    if status in {204, 304}:
        return Response(status_code=status, headers=headers)
    return failure(status, CODES.get(status, "failed"), detail, headers=headers)
