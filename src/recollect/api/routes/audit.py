"""`/api/audit`: who did what to several projects, and proof that the log of it is whole."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.pages import after, before
from recollect.api.schema.audit import Entries, Proof
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.field import Cursor, Identifier, Limit, Moment
from recollect.errors import InvalidInput
from recollect.models import AuditHead
from recollect.ops.audit_shape import entry_of, proof_of

router = APIRouter(prefix="/api/audit", tags=["audit"], responses=FAILURES)

Name = Annotated[str, Query(min_length=1, max_length=256)]


@router.get("", response_model=Entries, summary="List the audit log")
async def entries(
    memory: Library,
    actor: Name | None = None,
    action: Name | None = None,
    project_id: Annotated[Identifier | None, Query()] = None,
    decision: Annotated[Literal["allowed", "denied", "failed"] | None, Query()] = None,
    since: Annotated[Moment | None, Query()] = None,
    until: Annotated[Moment | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 100,
    cursor: Annotated[Cursor | None, Query()] = None,
) -> Response:
    """Return a page of entries, the newest first. With ADMIN in a project, its entries; else for who may see all."""
    found = await memory.audit(
        actor=actor,
        action=action,
        project_id=project_id,
        decision=decision,
        since=since,
        until=until,
        limit=limit,
        beyond=after(cursor),
    )
    return Json({"entries": [entry_of(one) for one in found], "next_cursor": before(found, limit, lambda one: one.seq)})


@router.get("/verify", response_model=Proof, summary="Verify the audit log")
async def verify(
    memory: Library,
    head: Annotated[
        str | None, Query(max_length=90, description="An end that was kept elsewhere: `17:5d…`.", examples=["17:5d41"])
    ] = None,
) -> Response:
    """Read the whole log and tell where its chain is broken, and whether it still holds an end that was kept."""
    return Json(proof_of(await memory.verify_audit(known=[] if head is None else [_head(head)])))


def _head(given: str) -> AuditHead:
    seq, _, digest = given.partition(":")
    if not (seq.isdecimal() and len(seq) < 19 and digest):
        raise InvalidInput("That is no end of a log", field="head", hint="Give its number and digest, as 17:5d41….")
    return AuditHead(int(seq), digest)
