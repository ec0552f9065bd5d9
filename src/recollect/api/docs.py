"""The page that shows every route and lets one try it; it loads nothing from anywhere but this server."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse, Response
from pydantic.json_schema import models_json_schema

from recollect.api.guard.open import OPEN
from recollect.api.mem0.missing import Missing
from recollect.api.schema.failure import Failure

router = APIRouter()


def described(app: FastAPI, *, secured: bool) -> None:
    """Have an application's description hold the forms of failures.

    A secured one also says which tokens it takes, and which routes ask for none.
    """
    plain = app.openapi

    def full() -> dict[str, Any]:
        told = plain()
        parts = told.setdefault("components", {})
        parts["schemas"] = dict(sorted({**parts.get("schemas", {}), **_failures()}.items()))
        if not secured:
            return told
        schemes = parts.setdefault("securitySchemes", {})
        schemes["bearer"] = {"type": "http", "scheme": "bearer"}
        schemes["key"] = {"type": "apiKey", "in": "header", "name": "X-API-Key"}
        told["security"] = [{"bearer": []}, {"key": []}]
        for path in OPEN & told["paths"].keys():
            for operation in told["paths"][path].values():
                operation["security"] = []
        return told

    app.openapi = full  # type: ignore[method-assign] # FastAPI's own way


def _failures() -> dict[str, Any]:
    _, made = models_json_schema(
        [(Failure, "serialization"), (Missing, "serialization")], ref_template="#/components/schemas/{model}"
    )
    forms: dict[str, Any] = made["$defs"]
    return forms


@cache
def page() -> tuple[str, str]:
    """Return the page and the policy that lets it run its own script and style, and nothing else."""
    text = (files("recollect") / "data" / "docs.html").read_text(encoding="utf-8")
    script, style = (_hash(text, name) for name in ("script", "style"))
    policy = (
        f"default-src 'none'; script-src '{script}'; style-src '{style}'; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return text, policy


def _hash(text: str, name: str) -> str:
    inside = re.search(f"<{name}>(.*?)</{name}>", text, re.DOTALL)
    digest = hashlib.sha256(inside[1].encode() if inside else b"").digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


@router.get("/docs", include_in_schema=False)
async def docs() -> Response:
    """Show the page."""
    text, policy = page()
    return HTMLResponse(text, headers={"Content-Security-Policy": policy})
