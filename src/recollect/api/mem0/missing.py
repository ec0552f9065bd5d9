"""How Mem0's routes say that something is not there, and what this server does not do."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from recollect.api.errors import failure
from recollect.api.schema.failure import FAILURES, WHY, Error, told
from recollect.errors import NotFound


class Missing(BaseModel):
    """How Mem0 says that something is not there; where no route is, it is said as everywhere else."""

    success: bool = Field(examples=[False])
    error: str | Error = Field(examples=["Memory not found!"])
    detail: str = Field(examples=["Memory not found!"])
    code: str = Field("not_found", examples=["not_found"])
    hint: str = ""


ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    **FAILURES,
    400: {**FAILURES[400], "description": "The request cannot be used, or asks for what is not enabled here."},
    404: told(WHY[404], Missing),
}
"""The statuses of failures, for `responses=` of the hosted service's routers."""


class Mem0Route(APIRoute):
    """A route whose 404 has Mem0's form: `error` is a sentence, and `detail` the same."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with the table of this edge's errors before it."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except NotFound as error:
                body = {
                    "success": False,
                    "error": error.message,
                    "code": error.code,
                    "detail": error.message,
                    "hint": error.hint,
                }
                return JSONResponse(body, 404)

        return handled


def not_enabled(what: str, hint: str) -> Response:
    """Return the answer to a call for what this server does not do: 400, code `not_enabled`."""
    answer: Response = failure(400, "not_enabled", f"{what}: not enabled on this server", hint)
    return answer
