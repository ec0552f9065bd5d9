"""`POST /api/viewer/stream`: a page of the memories that one client sent, the newest first."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Response
from pydantic import Field

from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.schema.field import Identifier
from recollect.api.schema.memory import ListRequest
from recollect.library import AsyncMemory
from recollect.models import Memory
from recollect.ops.shape import memory_of

router = APIRouter(prefix="/api/viewer", include_in_schema=False)

STEP: Final = 500
READ: Final = 10_000
"""Memories that one request looks through at most; a page may be short, or empty, and still have a next one."""


class ClientRequest(ListRequest):
    """Which memories to list, and the client that sent them."""

    client: Annotated[Identifier, Field(description="As in `source.client`.")]


@router.post("/stream")
async def stream(asked: ClientRequest, memory: Library) -> Response:
    """Return what of a page of memories came from a client, and the cursor to go on from."""
    found, cursor = await _from(asked, memory)
    return Json({"memories": [memory_of(item) for item in found], "next_cursor": cursor})


async def _from(asked: ClientRequest, memory: AsyncMemory) -> tuple[list[Memory], str | None]:
    given = asked.model_dump(exclude={"client", "limit", "cursor"})
    found: list[Memory] = []
    cursor, read = asked.cursor, 0
    while read < READ and len(found) < asked.limit:
        page = await memory.list(**given, limit=min(STEP, asked.limit), cursor=cursor)
        found += [item for item in page.memories if item.source.client == asked.client]
        read += len(page.memories)
        cursor = page.cursor
        if cursor is None:
            break
    return found, cursor
