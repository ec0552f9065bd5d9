"""The viewer: the built web page at `/` for browsers, and its scripts and styles below `/viewer/`.

Where it was not built, a page says how that is done; everything else of the server works without it.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from recollect.api.errors import failure

router = APIRouter(include_in_schema=False)

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
A_YEAR: Final = "public, max-age=31536000, immutable"
TYPES: Final = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}
"""What a built viewer consists of; nothing else is handed out."""

MISSING: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>recollect</title>
<h1>recollect is running</h1>
<p>The viewer was not built into this copy. With Node 20 or later, run <code>make viewer</code> in the repository, then
reload this page.</p>
<p>The routes are at <a href="/docs">/docs</a>.</p>
"""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the viewer, plain and packed."""

    plain: bytes
    packed: bytes


def folder() -> Traversable:
    """Return where the built viewer is, should there be one."""
    return files("recollect") / "viewer"


def is_page_wanted(accept: str) -> bool:
    """Whether whoever asks is a browser that opens a page."""
    return any(part.partition(";")[0].strip().lower() == "text/html" for part in accept.split(","))


def page() -> Response:
    """Return the page; it is never kept, so that a new release is seen at once."""
    index = folder() / "index.html"
    text = index.read_text(encoding="utf-8") if index.is_file() else MISSING
    return HTMLResponse(text, headers={"Content-Security-Policy": POLICY, "Vary": "Accept"})


def _asset(name: str) -> Asset | None:
    """Return a file of the viewer, `None` when there is none of that name."""
    there = folder() / "assets"
    found = next((one for one in there.iterdir() if one.name == name), None) if there.is_dir() else None
    return None if found is None else _packed(name)


@lru_cache(maxsize=64)
def _packed(name: str) -> Asset:
    """Return a file that the build has named after its content, so that it can be kept for good."""
    plain = (folder() / "assets" / name).read_bytes()
    return Asset(plain, gzip.compress(plain, 9, mtime=0))


@router.get("/viewer/assets/{name}")
async def asset(name: str, request: Request) -> Response:
    """Return a script or a style of the viewer."""
    kind = TYPES.get(name.rpartition(".")[2])
    found = _asset(name) if kind is not None else None
    if found is None:
        return failure(404, "not_found", "The viewer has no such file", "Reload the page.")
    headers = {"Cache-Control": A_YEAR, "Content-Type": str(kind), "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(found.plain, headers=headers)
    return Response(found.packed, headers={**headers, "Content-Encoding": "gzip"})
