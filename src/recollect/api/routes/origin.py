"""`GET /api/memory/{memory_id}/origin`: the file and line a memory was heard from."""

from __future__ import annotations

import asyncio
from uuid import UUID

from fastapi import APIRouter, Request, Response

from recollect.api.deps import Library
from recollect.api.envelope import enveloped
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.memory import Envelope
from recollect.api.schema.origin import Origin
from recollect.ops.transcript import line_of

router = APIRouter(prefix="/api/memory", tags=["memory"], responses=FAILURES)


@router.get("/{memory_id:uuid}/origin", response_model=Envelope[Origin], summary="Tell where a memory was heard")
async def origin(memory_id: UUID, memory: Library, request: Request) -> Response:
    """Return the client, file, line and message a memory comes from.

    An import notes the line. Of what hooks told live it is looked up in the transcript, if that lies on the server's
    machine in a folder of `agents.transcripts`; else it is null.
    """
    item = await memory.get(str(memory_id))
    line = await asyncio.to_thread(line_of, item, memory.app.settings.agents.transcripts)
    source = item.source
    told = {"client": source.client, "file": source.file, "line": line, "message_id": source.message_id}
    return enveloped(request, "got", {"memory_id": item.id, **told})
