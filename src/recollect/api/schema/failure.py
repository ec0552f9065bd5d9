"""How every failure looks, and which statuses every route may answer with."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field


class Error(BaseModel):
    """What went wrong, for programs and for people."""

    code: str = Field(examples=["not_found"])
    message: str = Field(examples=["There is no memory 0190…"])
    hint: str = Field(examples=["Ids are shown by search, list and add."])


class Failure(BaseModel):
    """The one form of every failure; nothing of the request was written."""

    success: bool = Field(examples=[False])
    error: Error
    detail: str = Field(description="The message once more, where other clients look for it.")


WHY: Final = {
    400: "The request cannot be used.",
    401: "No token, or one that is not known.",
    403: "The token or the origin may not do this.",
    404: "There is no such thing.",
    405: "The route has other methods.",
    408: "The request took too long.",
    409: "It changed meanwhile, or exists in another form.",
    412: "It is no longer in the version that If-Match names.",
    413: "The request, or a part of it, is too large.",
    415: "The body is of a type this route does not read.",
    421: "The host is not this server.",
    422: "The request does not have the form that is written here.",
    429: "Too many requests; Retry-After says when to come again.",
    431: "The headers are too large.",
    500: "The server failed; its log says why.",
    502: "A model failed.",
    503: "Not now: the store is busy, a part is missing, or the server is starting or stopping.",
    504: "The answer took too long.",
    507: "The disk is full or cannot be written.",
}


def told(why: str, form: type[BaseModel]) -> dict[str, Any]:
    """Return the description of a failure whose form `docs.described` puts among the schemas.

    It names the form instead of handing it to FastAPI, which would make a validator of it for every status of every
    route: 2,900 of them, a quarter of what importing the routes takes.
    """
    schema = {"$ref": f"#/components/schemas/{form.__name__}"}
    return {"description": why, "content": {"application/json": {"schema": schema}}}


FAILURES: Final[dict[int | str, dict[str, Any]]] = {status: told(why, Failure) for status, why in WHY.items()}
"""The statuses of failures, for `responses=` of every router."""
