"""An actor at work: the decisions that all its ports share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from recollect.access.access import Access
from recollect.models import Action, Actor, Memory, Reach, Scope, System, Where, Within, walled

X = TypeVar("X")


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts, and where decisions come from. What is narrowed already in this call is not decided again."""

    access: Access
    actor: Actor

    @property
    def is_system(self) -> bool:
        """Whether it may read everything."""
        return isinstance(self.actor, System)

    async def reach(self, asked: Reach, action: Action = Action.READ) -> Reach:
        """Return a reach narrowed to what the actor may reach; raise Denied where it is nothing of what is named."""
        if self.is_system and action is Action.READ:
            return asked
        return asked if asked.within is not None else await self.access.reach(self.actor, action, asked)

    async def where(self, where: Where) -> Where:
        """Return conditions with the reach narrowed for reading."""
        return where if self.is_system else replace(where, reach=await self.reach(where.reach))

    async def all(self, asked: Reach | None) -> Reach | None:
        """Return what is meant by a reach or by `None`, everything: for the system that, for others what they may."""
        return asked if self.is_system else await self.reach(asked or Reach(None, None))

    @asynccontextmanager
    async def wall(self) -> AsyncIterator[None]:
        """Have the store show nothing that the actor may not read, where it has walls: for what is asked for by id."""
        if self.is_system:
            yield
            return
        verdict = await self.access.verdict(self.actor, Action.READ, Reach(None, None))
        within = verdict.within if verdict.allowed else Within()
        with walled(None if within is None else Reach(None, None, within=within)):
            yield

    async def readable(self, items: Sequence[X], scope_of: Callable[[X], Scope]) -> list[X]:
        """Return those of the items that the actor may read."""
        if self.is_system:
            return list(items)
        allowed = await self._allowed({_place(scope_of(item)) for item in items})
        return [item for item in items if _place(scope_of(item)) in allowed]

    async def memories(self, items: Sequence[Memory]) -> list[Memory]:
        """Return those of the memories that the actor may read."""
        return await self.readable(items, lambda item: item.scope)

    async def check(self, scopes: Iterable[Scope]) -> None:
        """Raise Denied unless the actor may write in all of these scopes."""
        for user, project in sorted({_place(scope) for scope in scopes}):
            await self.access.check(self.actor, Action.WRITE, Scope(user, project))

    async def require(self, action: Action) -> None:
        """Raise Denied unless the actor may do this to the store as a whole."""
        await self.access.require(self.actor, action)

    async def _allowed(self, places: set[tuple[str, str]]) -> set[tuple[str, str]]:
        return {place for place in places if await self.access.may(self.actor, Action.READ, Scope(*place))}


def _place(scope: Scope) -> tuple[str, str]:
    return scope.user_id, scope.project_id
