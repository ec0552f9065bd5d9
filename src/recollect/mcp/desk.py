"""What every tool is handed: the library, and whose memories a call is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver import Context

from recollect.capture.identifier import identifier
from recollect.errors import InvalidInput, NotFound
from recollect.library import AsyncMemory
from recollect.models import DEFAULT, Actor, Memory, Person, System
from recollect.project_name import project_of

Call = Context[Any, Any]

SHORTEST, WHOLE = 8, 36
"""Characters of an id's end that name a memory, as a composed context shows them; the longest is the id itself."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose memories a call is about."""

    user_id: str = DEFAULT
    project_id: str = DEFAULT

    def named(self) -> dict[str, Any]:
        """Return both as the library's arguments."""
        return {"user_id": self.user_id, "project_id": self.project_id}


def _owner(_request: object) -> Actor:
    return System()


@dataclass(frozen=True, slots=True)
class Desk:
    """The library, whose memories are meant where a call does not say, and whether another process does its jobs.

    `actor_of` says who sent a request; without it, whoever can reach this is the owner.
    """

    memory: AsyncMemory
    usual: Whose = Whose()
    helped: bool = False
    actor_of: Callable[[Any], Actor] = _owner

    def of(self, call: Call) -> AsyncMemory:
        """Return the library as whoever calls may use it: over stdio that is its owner, over HTTP the token's holder.

        Raises Denied where a request shows no token and tokens are asked for.
        """
        request = call.request_context.request
        return self.memory if request is None else self.memory.acting(self.actor_of(request))

    def whose(self, call: Call, user_id: str | None, project_id: str | None) -> Whose:
        """Return whose memories a call means: by its arguments, else the address it came to, else as usual."""
        address = _address(call)
        actor = self.of(call).actor
        own = actor.user_id if isinstance(actor, Person) else self.usual.user_id
        user = user_id or address.get("user_id") or own
        folder = address.get("folder")
        project = project_id or address.get("project_id") or (project_of(folder) if folder else self.usual.project_id)
        return Whose(identifier(user, "user_id"), identifier(project, "project_id"))

    async def find(self, call: Call, given: str, user_id: str, project_id: str | None = None) -> Memory:
        """Return the memory with this id, or whose id ends so; a project counts only when one is named.

        Raises NotFound also for what belongs to somebody else, InvalidInput for an end that several ids share.
        """
        app = self.of(call).app
        name = given.strip().strip("`[]()").removeprefix("memory://").lower()
        if not SHORTEST <= len(name) <= WHOLE:
            raise InvalidInput(
                f"{given[:60]!r} is no id", field="ids", hint="search_memories shows ids; the last 8 characters do."
            )
        ids = [name] if len(name) == WHOLE else await app.upkeep.ending(name)
        held = await app.engine.stores.records.get(ids)
        found = [item for item in held if _belongs(item, user_id, project_id)]
        if not found:
            raise NotFound(
                f"There is no memory {name}", hint="It may have been forgotten, or belong to another user or project."
            )
        if len(found) > 1:
            raise InvalidInput(f"Several ids end in {name}", field="ids", hint="Give the whole id.")
        return found[0]


def _belongs(item: Memory, user_id: str, project_id: str | None) -> bool:
    return item.scope.user_id == user_id and project_id in {None, item.scope.project_id}


def _address(call: Call) -> dict[str, str]:
    """Return what stands behind the question mark of the address a call came to; nothing over stdio."""
    request = call.request_context.request
    return {} if request is None else dict(request.query_params)
