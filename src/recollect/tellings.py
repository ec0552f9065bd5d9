"""The library's verbs about what assistants were told: which memories went into which context, and what that took."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace

from recollect.access.acting import Acting
from recollect.app import App
from recollect.capture import argument
from recollect.capture.identifier import identifier
from recollect.errors import NotFound
from recollect.models import Context, Conversation, Occasion, Reach, Scope, Telling, Use

MOST = 1000
"""Tellings that one call gives."""


class TellingVerbs:
    """Verbs about tellings; whoever has them brings the application and the actor."""

    _app: App
    _acting: Acting

    async def _start(self) -> None:
        raise NotImplementedError

    async def note_told(
        self,
        made: Context,
        way: Occasion,
        *,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
        budget: int | None = None,
    ) -> None:
        """Note that a context was handed to an assistant; it is kept a moment later, for `agents.keep_told_days`.

        The ids are those it was asked for with: without a user it was told to whoever acts, without a project in
        `default`.
        """
        names = {"user_id": user_id, "project_id": project_id, "conversation_id": conversation_id, "agent_id": agent_id}
        given = {name: identifier(value, name) for name, value in names.items() if value is not None}
        scope = Scope(**{"user_id": self._acting.actor.user_id, **given})
        scope = replace(scope, project_id=await self._acting.access.named(scope.project_id))
        now = self._app.engine.now()
        self._app.noting.note(Telling(now, way, scope, made.memories, made.tokens, budget=budget))

    async def tellings(
        self,
        conversation_id: str,
        *,
        user_id: str | None = None,
        project_id: str | None = None,
        limit: int = 100,
        beyond: int = 0,
    ) -> tuple[Conversation, list[Telling]]:
        """Return a conversation and what assistants were told in it, in order, after the telling `beyond`.

        Several users or projects may have one of that name: of those in reach it is the latest. Raises NotFound.
        """
        name = identifier(conversation_id, "conversation_id")
        reach = await self.reading(user_id, project_id, name)
        await self._start()
        talks = await self._app.engine.conversations(reach, limit=1)
        if not talks:
            raise NotFound(f"There is no conversation {name}", hint="Name its user_id or project_id.")
        await self._app.noting.settled()
        scope = Scope(talks[0].user_id, talks[0].project_id, name)
        most = min(argument.at_least(limit, 1, "limit"), MOST)
        return talks[0], await self._app.tellings.told(scope, limit=most, beyond=argument.at_least(beyond, 0, "beyond"))

    async def uses(self, memory_id: str) -> list[Use]:
        """Return how often a memory was told to assistants, by conversation, where it was told last first.

        What was searched for and found is not counted, only what was told, and only as long as tellings are kept.
        Raises NotFound.
        """
        await self._start()
        item = await self._app.engine.get(argument.text(memory_id, "id"))
        await self._app.noting.settled()
        return await self._app.tellings.uses(item.id)

    def reading(
        self,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
    ) -> Awaitable[Reach]:
        """Return what these ids mean, checked and narrowed to what the actor may read."""
        raise NotImplementedError

    async def _forget_told(self, reach: Reach) -> None:
        """Delete what was told in reach, what is not kept yet too."""
        await self._app.noting.settled()
        await self._app.tellings.delete(reach)
