"""What a hosted service has around memories: keys, projects, members, profiles, webhooks.

This server has one account and one project, and neither instructs a model nor calls webhooks. What it cannot do it
says so: 400 with the code `not_enabled`, and nothing is stored.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response

from recollect.api.deps import Library
from recollect.api.mem0.bodies import Body
from recollect.api.mem0.missing import ANSWERS, Mem0Route, not_enabled
from recollect.api.mem0.shapes import ACCOUNT
from recollect.errors import NotFound

ORGANIZATION: Final = "recollect"
PROJECT: Final = "default"
HOME: Final = "/api/v1/orgs/organizations/{org_id}/projects/"
HOOKS: Final = "/api/v1/webhooks/projects/{project_id}/"

router = APIRouter(tags=["mem0"], route_class=Mem0Route, responses=ANSWERS)


class ProjectBody(Body):
    """Settings of a project; those that say what is so anyway are taken."""

    multilingual: bool | None = None
    decay: bool | None = None


@router.get("/v1/ping/", summary="Who am I")
async def ping() -> dict[str, Any]:
    """Return the one account of this server; clients ask for it first."""
    return {"status": "ok", "org_id": ORGANIZATION, "project_id": PROJECT, "user_email": ACCOUNT}


def _organization(org_id: str) -> None:
    if org_id != ORGANIZATION:
        raise NotFound("Organization not found!", hint=f"There is one: {ORGANIZATION}.")


def _one_project(project_id: str) -> None:
    if project_id != PROJECT:
        raise NotFound("Project not found!", hint=f"There is one: {PROJECT}.")


IN_ORGANIZATION: Final = [Depends(_organization)]
IN_PROJECT: Final = [Depends(_organization), Depends(_one_project)]


def _project() -> dict[str, Any]:
    return {
        "id": PROJECT,
        "project_id": PROJECT,
        "org_id": ORGANIZATION,
        "name": PROJECT,
        "description": None,
        "custom_instructions": None,
        "agent_custom_instructions": None,
        "custom_categories": None,
        "multilingual": True,
        "decay": False,
        "enable_graph": False,
        "memory_depth": None,
        "usecase_setting": None,
        "members": [_owner()],
    }


def _owner() -> dict[str, str]:
    return {"username": ACCOUNT, "role": "OWNER"}


@router.get(HOME, summary="List projects", dependencies=IN_ORGANIZATION)
async def list_projects() -> list[dict[str, Any]]:
    """Return the one project there is."""
    return [_project()]


@router.get(HOME + "{project_id}/", summary="Get a project", dependencies=IN_PROJECT)
async def get_project(fields: Annotated[list[str] | None, Query()] = None) -> dict[str, Any]:
    """Return the settings of the one project; `fields` picks some."""
    return {name: value for name, value in _project().items() if not fields or name in fields}


@router.patch(HOME + "{project_id}/", summary="Change a project", response_model=None, dependencies=IN_PROJECT)
async def update_project(body: ProjectBody) -> Response | dict[str, Any]:
    """Take settings that hold anyway (multilingual, no decay); refuse what only a language model could follow."""
    other = [name for name, value in (body.model_extra or {}).items() if value and name not in {"org_id", "project_id"}]
    if other or body.multilingual is False or body.decay:
        return not_enabled("Custom instructions, categories and decay", "Memories are kept as they are said.")
    return {"message": "Updated project", **_project()}


@router.post(HOME, summary="Make a project", response_model=None, dependencies=IN_ORGANIZATION)
async def create_project() -> Response:
    """Refuse: a namespace comes to be with the first memory that has its `app_id`."""
    return not_enabled("Making projects", "Add memories with an app_id instead.")


@router.delete(HOME + "{project_id}/", summary="Delete a project", response_model=None, dependencies=IN_PROJECT)
async def delete_project() -> Response:
    """Refuse: deleting everything has to be said as such."""
    return not_enabled("Deleting the project", "delete_users() and reset() delete everything in it.")


@router.get(HOME + "{project_id}/members/", summary="List members", dependencies=IN_PROJECT)
async def get_members() -> dict[str, Any]:
    """Return who may use this server: whoever holds its token."""
    return {"members": [_owner()]}


@router.post(HOME + "{project_id}/members/", summary="Add a member", response_model=None, dependencies=IN_PROJECT)
@router.put(HOME + "{project_id}/members/", summary="Change a member", response_model=None, dependencies=IN_PROJECT)
@router.delete(HOME + "{project_id}/members/", summary="Remove a member", response_model=None, dependencies=IN_PROJECT)
async def change_members() -> Response:
    """Refuse: there is one member."""
    return not_enabled("Changing members", "Tokens of this server decide who may use it.")


@router.get("/v2/entities/user/{entity_id:path}/profile/", summary="Profile of a user")
async def get_profile(memory: Library, entity_id: str) -> dict[str, Any]:
    """Say of a user who has memories that no profile is written here."""
    if not await memory.app.owners.owners("user_id", name=entity_id, limit=1):
        raise NotFound("Entity not found!", hint="GET /v1/entities/ lists those that are there.")
    return {
        "profile": None,
        "status": "not_enabled",
        "entity_type": "user",
        "entity_id": entity_id,
        "updated_at": None,
        "generation_count": 0,
    }


@router.get("/v2/profiles/settings/", summary="Settings of profiles")
async def get_profile_settings() -> dict[str, Any]:
    """Return that profiles are off."""
    settings = {"schema": None, "custom_instructions": None}
    return {"enabled": False, "capabilities": {"profiles": False}, "entities": {"user": settings}}


class ProfileSettings(Body):
    """What profiles should be like."""

    enabled: bool | None = None
    entities: dict[str, Any] | None = None


@router.post("/v2/profiles/settings/", summary="Change settings of profiles", response_model=None)
async def update_profile_settings(body: ProfileSettings) -> Response | dict[str, Any]:
    """Take that profiles stay off; refuse anything else."""
    if body.enabled or body.entities:
        return not_enabled("Profiles", "They are written by a language model, which this server does not have.")
    return await get_profile_settings()


@router.post("/v2/profiles/jobs/", summary="Write profiles", response_model=None)
async def create_profile_job() -> Response:
    """Refuse to write profiles."""
    return not_enabled("Profiles", "They are written by a language model, which this server does not have.")


@router.get("/v2/profiles/jobs/{job_id}/", summary="Get a profile job")
async def get_profile_job(job_id: str) -> dict[str, Any]:
    """Find no job: none is ever made."""
    raise NotFound("Job not found!", hint=f"Profiles are not enabled: {job_id[:40]!a} was never made.")


@router.get(HOOKS, summary="List webhooks", dependencies=[Depends(_one_project)])
async def list_webhooks() -> list[dict[str, Any]]:
    """Return that there are none."""
    return []


@router.post(HOOKS, summary="Make a webhook", response_model=None, dependencies=[Depends(_one_project)])
async def create_webhook() -> Response:
    """Refuse: this server calls nobody."""
    return not_enabled("Webhooks", "This server calls nobody; it streams changes at /api/events.")


@router.put("/api/v1/webhooks/{webhook_id}/", summary="Change a webhook")
@router.delete("/api/v1/webhooks/{webhook_id}/", summary="Delete a webhook")
async def change_webhook(webhook_id: str) -> dict[str, Any]:
    """Find no webhook: none is ever made."""
    raise NotFound("Webhook not found!", hint=f"Webhooks are not enabled: {webhook_id[:40]!a} was never made.")
