"""`/api/projects`: projects, their members and grants."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from recollect.api.deps import Library
from recollect.api.envelope import Json
from recollect.api.idempotency import IdempotentRoute
from recollect.api.schema.failure import FAILURES
from recollect.api.schema.field import Identifier
from recollect.api.schema.people import (
    Aliases,
    Erased,
    Gone,
    GrantAnswer,
    GrantList,
    MemberAnswer,
    MemberList,
    MemberRight,
    Merge,
    Moved,
    NewGrant,
    NewProject,
    ProjectAnswer,
    ProjectChanges,
    ProjectList,
    Rename,
    StatusName,
)
from recollect.ops.people_shape import grant_of, member_of, project_of

router = APIRouter(prefix="/api/projects", tags=["projects"], route_class=IdempotentRoute, responses=FAILURES)

ProjectId = Annotated[Identifier, Path(description="The `project_id` of its memories.", examples=["web"])]
UserId = Annotated[Identifier, Path(examples=["alice"])]


@router.get("", response_model=ProjectList, summary="List projects")
async def projects(memory: Library, status: Annotated[StatusName | None, Query()] = None) -> Response:
    """Return the projects you may read."""
    return Json({"projects": [project_of(seen) for seen in await memory.people.projects.list(status=status)]})


@router.post("", status_code=201, response_model=ProjectAnswer, summary="Make a project")
async def create(asked: NewProject, memory: Library) -> Response:
    """Make a project. A user who makes one owns it."""
    given = _ours(asked.model_dump(exclude_unset=True))
    made = await memory.people.projects.create(given.pop("id"), **given)
    return Json(project_of(made), 201)


@router.get("/{project_id}", response_model=ProjectAnswer, summary="Get a project")
async def one(project_id: ProjectId, memory: Library) -> Response:
    """Return a project you may read."""
    return Json(project_of(await memory.people.projects.get(project_id)))


@router.patch("/{project_id}", response_model=ProjectAnswer, summary="Change a project")
async def change(project_id: ProjectId, asked: ProjectChanges, memory: Library) -> Response:
    """Set what is given; its isolation mode and status are for its owners to set."""
    changed = await memory.people.projects.change(project_id, **_ours(asked.model_dump(exclude_none=True)))
    return Json(project_of(changed))


@router.delete("/{project_id}", response_model=Erased, summary="Delete a project")
async def delete(project_id: ProjectId, memory: Library) -> Response:
    """Delete a project and all that is its, for good."""
    gone = await memory.people.projects.delete(project_id)
    return Json({"project_id": project_id, "deleted": gone})


@router.post("/{project_id}/rename", response_model=Moved, summary="Rename a project")
async def rename(project_id: ProjectId, asked: Rename, memory: Library) -> Response:
    """Give a project another id. Memories, history, members, grants and tokens move with it."""
    moved = await memory.people.projects.rename(project_id, asked.new_id)
    return Json({"project_id": asked.new_id.strip(), "memories": moved})


@router.get("/{project_id}/aliases", response_model=Aliases, summary="List what a project was called")
async def aliases(project_id: ProjectId, memory: Library) -> Response:
    """Return the ids that a project had before, by which it is still reached."""
    return Json({"project_id": project_id, "aliases": await memory.people.projects.aliases(project_id)})


@router.delete("/{project_id}/aliases/{alias}", response_model=Gone, summary="Forget what a project was called")
async def forget_alias(project_id: ProjectId, alias: Annotated[Identifier, Path()], memory: Library) -> Response:
    """Have an id that a project had before mean nothing any more."""
    await memory.people.projects.forget_alias(project_id, alias)
    return Json({"id": alias})


@router.post("/{project_id}/merge", response_model=Moved, summary="Merge a project into another")
async def merge(project_id: ProjectId, asked: Merge, memory: Library) -> Response:
    """Move all memories into another project, which keeps its members, and remove this one."""
    moved = await memory.people.projects.merge(project_id, asked.into)
    return Json({"project_id": asked.into.strip(), "memories": moved})


@router.post("/{project_id}/archive", response_model=ProjectAnswer, summary="Archive a project")
async def archive(project_id: ProjectId, memory: Library) -> Response:
    """Make a project read-only; setting its status to `active` undoes it."""
    return Json(project_of(await memory.people.projects.archive(project_id)))


@router.get("/{project_id}/members", response_model=MemberList, summary="List members")
async def members(project_id: ProjectId, memory: Library) -> Response:
    """Return the members of a project you may read."""
    return Json({"members": [member_of(item) for item in await memory.people.members.members(project_id)]})


@router.post("/{project_id}/members", response_model=MemberAnswer, summary="Set a member's right")
async def set_member(project_id: ProjectId, asked: MemberRight, memory: Library) -> Response:
    """Give a user a right in place of the one he had."""
    return Json(member_of(await memory.people.members.set_member(project_id, asked.user_id, asked.right)))


@router.delete("/{project_id}/members/{user_id}", response_model=Gone, summary="Take a member out")
async def remove_member(project_id: ProjectId, user_id: UserId, memory: Library) -> Response:
    """Take a user out of a project; everybody may leave, but for the last owner."""
    await memory.people.members.set_member(project_id, user_id, "NONE")
    return Json({"id": user_id})


@router.get("/{project_id}/grants", response_model=GrantList, summary="List grants")
async def grants(project_id: ProjectId, memory: Library) -> Response:
    """Return the grants of a project that have not ended."""
    return Json({"grants": [grant_of(item) for item in await memory.people.members.grants(project_id)]})


@router.post("/{project_id}/grants", status_code=201, response_model=GrantAnswer, summary="Grant a right for a while")
async def grant(project_id: ProjectId, asked: NewGrant, memory: Library) -> Response:
    """Give a user a right until a time, at which it ends by itself."""
    made = await memory.people.members.grant(project_id, asked.user_id, asked.right, asked.until)
    return Json(grant_of(made), 201)


@router.delete("/{project_id}/grants/{grant_id}", response_model=Gone, summary="End a grant")
async def revoke(project_id: ProjectId, grant_id: Annotated[Identifier, Path()], memory: Library) -> Response:
    """End a grant at once."""
    await memory.people.members.revoke_grant(project_id, grant_id)
    return Json({"id": grant_id})


def _ours(given: dict[str, Any]) -> dict[str, Any]:
    """Return fields under the names the library has for them."""
    names = {"business_type": "business", "isolation_mode": "isolation"}
    return {names.get(name, name): value for name, value in given.items()}
