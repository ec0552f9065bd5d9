"""What routes are handed: the library as whoever asks may use it, and nothing global."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Request

from recollect.api.guard.auth import Principal
from recollect.errors import Denied
from recollect.library import AsyncMemory
from recollect.models import Action, Actor, System


def actor_of(request: Request) -> Actor:
    """Return who asks. Where tokens are asked for, a request that showed none is nobody: raises Denied."""
    principal = getattr(request.state, "principal", None)
    if isinstance(principal, Principal):
        return principal.actor
    if request.app.state.auth:
        raise Denied("This is not open to everybody", hint="Send `Authorization: Bearer …`.")
    return System()


async def _memory(request: Request) -> AsyncMemory:
    return cast("AsyncMemory", request.app.state.memory).acting(actor_of(request))


async def _watched(request: Request) -> None:
    memory = await _memory(request)
    await memory.app.access.require(memory.actor, Action.WATCH)


async def _operated(request: Request) -> None:
    memory = await _memory(request)
    await memory.app.access.require(memory.actor, Action.OPERATE)


Library = Annotated[AsyncMemory, Depends(_memory)]
"""The library this server holds, as whoever asks may use it: each of its verbs and ports asks for a decision."""

WATCHED = Depends(_watched)
"""For routes that show figures over all projects: it needs READ in every project."""

OPERATED = Depends(_operated)
"""For routes that look after the store as a whole: it needs ADMIN in every project."""
