"""The one table from errors to HTTP, and the one form of every failure."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from recollect import errors

log = logging.getLogger("recollect.api")

STATUS: Final[Mapping[type[Exception], int]] = {
    errors.InvalidInput: 400,
    errors.TooLarge: 413,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Denied: 403,
    errors.StoreBusy: 503,
    errors.StoreFull: 507,
    errors.StoreReadOnly: 507,
    errors.StoreError: 500,
    errors.ProviderError: 502,
    errors.EmbedderMissing: 503,
    errors.RecollectError: 500,
}
"""The nearest class counts."""


def status_of(error: Exception) -> int:
    """Return the HTTP status of an error."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def failure(status: int, code: str, message: str, hint: str = "", headers: Mapping[str, str] | None = None) -> Any:
    """Return a failure as every client reads it; `detail` is what Mem0's and FastAPI's clients look at."""
    body = {"success": False, "error": {"code": code, "message": message, "hint": hint}, "detail": message}
    return JSONResponse(body, status, headers=dict(headers or {}))


def install(app: FastAPI) -> None:
    """Answer every error of the tree, of validation and of routing in the one form."""
    app.add_exception_handler(errors.RecollectError, _told)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _routed)
    app.add_exception_handler(Exception, _unforeseen)


async def _told(_: Request, error: Exception) -> JSONResponse:
    known = error if isinstance(error, errors.RecollectError) else errors.RecollectError("It failed")
    status = status_of(known)
    if status >= 500:
        log.error("%s: %s", type(known).__name__, known.code)
    answer: JSONResponse = failure(status, known.code, known.message, known.hint)
    return answer


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    first = found[0] if found else {"loc": (), "msg": "it cannot be read"}
    name = ".".join(str(part) for part in first["loc"] if part not in {"body", "query", "path"}) or "the request"
    answer: JSONResponse = failure(
        422, "invalid_input", f"{name}: {first['msg']}", "See /docs for what this route takes."
    )
    return answer


async def _routed(_: Request, error: Exception) -> JSONResponse:
    status, detail = (error.status_code, str(error.detail)) if isinstance(error, HTTPException) else (500, "failed")
    headers = error.headers if isinstance(error, HTTPException) else None
    code = {401: "unauthorized", 403: "denied", 404: "not_found", 405: "method_not_allowed", 429: "rate_limited"}
    answer: JSONResponse = failure(status, code.get(status, "failed"), detail, headers=headers)
    return answer


async def _unforeseen(_: Request, error: Exception) -> JSONResponse:
    log.error("an error nobody foresaw", exc_info=error)
    answer: JSONResponse = failure(500, "failed", "The server failed", "Its log says why.")
    return answer
