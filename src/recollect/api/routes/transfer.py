"""`GET /api/export` and `POST /api/import`: everything out, and back in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from recollect.api.backlog import UNLESS_BEHIND
from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.field import Identifier
from recollect.api.schema.transfer import Imported
from recollect.api.spool import NAME, failing_plainly, fill, nameless, poured, uploads
from recollect.capture.identifier import identifier
from recollect.errors import InvalidInput
from recollect.models import Person
from recollect.ops.counts import Counts
from recollect.ops.export import export
from recollect.ops.import_ import Place, bring_in, untold
from recollect.ops.readers.detect import detect

router = APIRouter(prefix="/api", tags=["transfer"], responses=FAILURES)

LINES: Final = "application/x-ndjson"
FormName = Literal["claude-code", "chatgpt", "claude-ai", "mem0", "messages", "recollect"]
UPLOAD: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {LINES: {"schema": {"type": "string"}}, "application/octet-stream": {"schema": {"type": "string"}}},
    }
}
STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "JSON lines.", "content": {LINES: {"schema": {"type": "string"}}}}
}


@router.get("/export", response_class=StreamingResponse, responses=STREAM, summary="Export")
async def exported(
    memory: Library,
    user_id: Annotated[Identifier | None, Query(description="Only this user's.")] = None,
    project_id: Annotated[Identifier | None, Query(description="Only this project's.")] = None,
    vectors: Annotated[bool, Query(description="Vectors too, so that they need not be made again.")] = False,
) -> Response:
    """Return everything, or what is of a user or project, as `recollect export` writes it: from one consistent view."""
    named = user_id is not None or project_id is not None
    reach = await memory.reading(user_id, project_id) if named else None
    file = nameless(memory.app.settings.home)
    try:
        with failing_plainly():
            await export(memory.app.dump, file, untold, reach=reach, vectors=vectors)
            size = file.tell()
    except BaseException:  # a request that is broken off leaves no file open either
        file.close()
        raise
    headers = {"content-disposition": 'attachment; filename="recollect.jsonl"', "content-length": str(size)}
    return StreamingResponse(poured(file), media_type=LINES, headers=headers)


@router.post("/import", response_model=Imported, dependencies=[UNLESS_BEHIND], openapi_extra=UPLOAD, summary="Import")
async def imported(
    memory: Library,
    request: Request,
    form: Annotated[FormName | None, Query(description="The form of the upload; found out where not given.")] = None,
    user_id: Annotated[Identifier | None, Query(description="Whose it shall be.")] = None,
    project_id: Annotated[Identifier | None, Query(description="Into which project.")] = None,
    conversation_id: Annotated[Identifier | None, Query(description="Into which conversation.")] = None,
    agent_id: Annotated[Identifier | None, Query(description="Of which agent.")] = None,
) -> Response:
    """Take over the body: recollect's own export exactly as it is, or what other programs remembered.

    What is there already is passed over, so that an import that broke off is simply repeated. The four ids take the
    place of what the upload says; an export of recollect keeps its own.
    """
    own = memory.user_id if isinstance(memory.actor, Person) else None
    given = {
        "user_id": user_id or own,
        "project_id": project_id,
        "conversation_id": conversation_id,
        "agent_id": agent_id,
    }
    place = Place(**{name: None if value is None else identifier(value, name) for name, value in given.items()})
    with uploads(memory.app.settings.home) as path:
        await fill(path, request.stream())
        try:
            name = form or detect(path)
            counts = await bring_in(memory.app, path, name, place, file=NAME)
        except InvalidInput as error:
            hint = f"Name its form: {', '.join(get_args(FormName))}." if "--from" in error.hint else error.hint
            raise type(error)(_unplaced(error.message, path), field=error.field, hint=hint) from error
        return Json({"form": name, **_shape(counts, path)})


def _shape(counts: Counts, path: Path) -> dict[str, Any]:
    return {
        **counts.figures(),
        "faults": [{"line": fault.line, "reason": _unplaced(fault.reason, path)} for fault in counts.faults],
    }


def _unplaced(text: str, path: Path) -> str:
    """Return a message without the place where the upload lay."""
    return text.replace(str(path), "The upload")
