"""The routes of Mem0's self-hosted server, under `/mem0-oss`: no version, no slash at the end, other shapes."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import Field

from recollect.api.deps import Library
from recollect.api.mem0 import shapes
from recollect.api.mem0.bodies import AddBody, Owning, SearchBody, UpdateBody
from recollect.api.mem0.entities import counted
from recollect.api.mem0.filters import ENTITIES, entity
from recollect.api.mem0.find import Found, Question, erase, listed, search, stamps
from recollect.api.mem0.missing import not_enabled
from recollect.api.mem0.remember import remember
from recollect.api.mem0.sieve import Tree, joined
from recollect.api.mem0.single import change, held
from recollect.api.schema.failure import FAILURES
from recollect.errors import InvalidInput, NotFound
from recollect.settings import Settings

EVERYBODY: Final = "*"

router = APIRouter(prefix="/mem0-oss", tags=["mem0-oss"], responses=FAILURES)


class Create(AddBody):
    """What is to be remembered: a list of messages."""

    messages: list[dict[str, Any]]


class Search(SearchBody):
    """A question; the default of `top_k` is the self-hosted server's."""

    top_k: int | None = Field(None, ge=1, le=1000)


@router.get("/", include_in_schema=False)
async def home() -> RedirectResponse:
    """Lead to the description of all routes."""
    return RedirectResponse("/docs")


@router.post("/memories", summary="Create memories")
async def create(memory: Library, body: Create) -> dict[str, Any]:
    """Keep messages and return what was kept."""
    kept = await remember(memory, body.said())
    return {"results": [{"id": one.memory.id, "memory": one.memory.text, "event": one.event} for one in kept]}


@router.get("/memories", summary="List memories", response_model=None)
async def get_all(
    memory: Library,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    top_k: Annotated[int, Query(ge=1, le=1000)] = 100,
    show_expired: bool = False,
) -> dict[str, Any] | list[dict[str, Any]]:
    """Return memories of somebody as `results`; with nobody named, those of everybody as a list."""
    named = Owning(user_id=user_id, agent_id=agent_id, run_id=run_id).conditions()
    found, _ = await listed(memory, _all_of(named), size=top_k, stale=show_expired)
    shown = [shapes.self_hosted(one) for one in found]
    return {"results": shown} if named else shown


@router.delete("/memories", summary="Delete memories of somebody")
async def delete_all(
    memory: Library, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None
) -> dict[str, Any]:
    """Delete all memories of a user, agent or run."""
    named = Owning(user_id=user_id, agent_id=agent_id, run_id=run_id).conditions()
    if not named:
        raise InvalidInput(
            "At least one identifier is required", field="user_id", hint="Name whose memories; /reset deletes all."
        )
    await erase(memory, _all_of(named))
    return {"message": "All relevant memories deleted"}


@router.get("/memories/{memory_id:path}/history", summary="History of a memory")
async def get_history(memory: Library, memory_id: str) -> list[dict[str, Any]]:
    """Return what became of a memory, oldest first; of an unknown one nothing."""
    changes = await memory.app.engine.stores.records.history(memory_id)
    entries = shapes.history(changes)
    names = ("id", "memory_id", "old_memory", "new_memory", "event", "created_at", "updated_at")
    return [{name: entry[name] for name in names} | {"is_deleted": entry["event"] == "DELETE"} for entry in entries]


@router.get("/memories/{memory_id:path}", summary="Get a memory", response_model=None)
async def get_one(memory: Library, memory_id: str) -> Response | dict[str, Any]:
    """Return one memory; `null` when it is not there."""
    found = await memory.app.engine.stores.records.get([memory_id])
    if not found:
        return JSONResponse(None)
    return shapes.self_hosted(Found(found[0], (await stamps(memory, found))[found[0].id]))


@router.put("/memories/{memory_id:path}", summary="Change a memory")
async def update(memory: Library, memory_id: str, body: UpdateBody) -> dict[str, Any]:
    """Change a memory's text, metadata or expiry."""
    changes = body.changes()
    await change(memory, await held(memory, memory_id), changes)
    return {"message": "Memory updated successfully!"}


@router.delete("/memories/{memory_id:path}", summary="Delete a memory")
async def delete(memory: Library, memory_id: str) -> dict[str, Any]:
    """Delete a memory."""
    await memory.delete((await held(memory, memory_id)).id)
    return {"message": "Memory deleted successfully"}


@router.post("/search", summary="Search memories")
async def search_memories(memory: Library, body: Search) -> dict[str, Any]:
    """Return the memories that answer a question; `explain` adds what each score is made of."""
    question = Question(
        text=body.text(),
        tree=body.tree(),
        limit=body.top_k or body.limit or 20,
        threshold=0.1 if body.threshold is None else body.threshold,
        stale=body.stale,
        explain=bool(body.explain),
    )
    return {"results": [shapes.self_hosted(one) for one in await search(memory, question)]}


@router.post("/reset", summary="Delete everything")
async def reset(memory: Library) -> dict[str, Any]:
    """Delete all memories of everybody."""
    await erase(memory, entity("user_id", EVERYBODY))
    return {"message": "All memories reset"}


@router.get("/entities", summary="List entities")
async def list_entities(memory: Library) -> list[dict[str, Any]]:
    """Return users, agents and runs that have memories."""
    found = [await counted(memory, ENTITIES[name]) for name in ("user_id", "agent_id", "run_id")]
    return [one for owners in found for one in owners]


@router.delete("/entities/{entity_type}/{entity_id:path}", summary="Delete an entity")
async def delete_entity(
    memory: Library, entity_type: Literal["user", "agent", "run"], entity_id: str
) -> dict[str, Any]:
    """Delete all memories of a user, agent or run."""
    await erase(memory, entity(f"{entity_type}_id", entity_id))
    return {"message": "Entity deleted successfully"}


@router.get("/configure", summary="What is configured")
async def get_configuration(request: Request) -> dict[str, Any]:
    """Return which backends this server uses; it is configured by its own settings."""
    settings: Settings = request.app.state.settings
    return {
        "version": "v1.1",
        "vector_store": {"provider": "recollect", "config": {}},
        "embedder": {"provider": settings.embedder.provider, "config": {"model": settings.embedder.model}},
        "llm": None,
    }


@router.get("/configure/providers", summary="What can be configured")
async def get_providers() -> dict[str, Any]:
    """Return the providers that this server's settings can name."""
    return {"llm": [], "embedder": ["minilm", "openai", "fastembed", "none"], "vector_store": ["recollect"]}


@router.post("/configure", summary="Configure", response_model=None)
async def configure() -> Response:
    """Refuse: settings come from this server's own files."""
    return not_enabled("Configuring by request", "Change recollect.toml and start the server anew.")


@router.post("/generate-instructions", summary="Write instructions", response_model=None)
async def generate_instructions() -> Response:
    """Refuse: it takes a language model."""
    return not_enabled("Instructions", "They are written by a language model, which this server does not have.")


@router.get("/requests", summary="Recent requests", response_model=None)
async def requests() -> Response:
    """Refuse: requests are not kept."""
    return not_enabled("A log of requests", "See /metrics, and the log file of this server.")


@router.get("/auth/setup-status", summary="Is there an account")
async def setup_status() -> dict[str, Any]:
    """Return that nothing is to be set up: a token is made at the first start."""
    return {"needsSetup": False, "needs_setup": False}


@router.get("/auth/me", summary="Who am I")
async def me() -> dict[str, Any]:
    """Return the one account of this server."""
    return {"id": shapes.ACCOUNT, "name": shapes.ACCOUNT, "email": None, "role": "admin"}


@router.patch("/auth/me", summary="Change the account", response_model=None)
async def change_me() -> Response:
    """Refuse: the account is not kept here."""
    return not_enabled("Changing the account", "Use this server's token as X-API-Key or as a Bearer token.")


@router.post("/auth/{action}", summary="Register, log in and the like", response_model=None)
async def accounts(action: str) -> Response:
    """Refuse: there are tokens, not accounts."""
    return not_enabled(f"Accounts ({action[:40]!a})", "Use this server's token as X-API-Key or as a Bearer token.")


@router.get("/api-keys", summary="List keys", response_model=None)
@router.post("/api-keys", summary="Make a key", response_model=None)
async def keys() -> Response:
    """Refuse: tokens are looked after elsewhere."""
    return not_enabled("Keys", "Tokens of this server are looked after on its own command line.")


@router.delete("/api-keys/{key_id}", summary="Revoke a key")
async def revoke_key(key_id: str) -> dict[str, Any]:
    """Find no key: none is ever made here."""
    raise NotFound(
        f"There is no key {key_id[:40]!a}", hint="Tokens of this server are looked after on its own command line."
    )


def _all_of(named: list[Tree]) -> Tree:
    return joined(named) if named else entity("user_id", EVERYBODY)
