"""Hears the events of assistants' sessions: keeps what was said and done, and answers with what is remembered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

from recollect.agents.briefing import Told as Text
from recollect.agents.briefing import around, chosen, footer_of, item_of, prompt_text, session_text
from recollect.agents.clients import answer, is_machine, known, parse, takes
from recollect.agents.event import Answered, Asked, Compacted, Event, Paused, Place, Started, Used, Way
from recollect.agents.folder import project_in
from recollect.agents.gather import INJECT, Gather, Stands
from recollect.agents.observation import condense
from recollect.agents.observing import Observing
from recollect.agents.told import Told
from recollect.capture.identifier import identifier
from recollect.capture.instant import instant
from recollect.capture.intake import MAX_TEXT
from recollect.errors import InvalidInput, NotFound, RecollectError
from recollect.library import AsyncMemory
from recollect.models import Hit, Kind, Occasion, Reach, Role, Scope, Source, Telling, Usage
from recollect.text import tokens

log = logging.getLogger("recollect.agents")

LATE: Final = timedelta(seconds=30)
"""After which nobody waits for an answer any more: the event comes from a spool."""
LONGEST_QUESTION: Final = 2_000
"""Characters of a prompt that are searched with; what it is about is said first."""
LEAST_QUESTION: Final = 3
"""Tokens of a prompt below which it asks for nothing: `yes`, `go on`."""
HITS: Final = 40
"""Memories looked at beside a prompt: those of its own session are among them, and are told by the session itself."""
MOST_TOLD: Final = 6
TELLING: Final = ("turn", "note", "fact")


class Live:
    """The sessions of one library."""

    def __init__(self, memory: AsyncMemory) -> None:
        self._memory = memory
        self._engine = memory.app.engine
        self._user = memory.user_id
        self._settings = memory.app.settings.agents
        self._told = Told()
        inferring = memory.app.inferring
        self._observing = Observing(self._engine, inferring.ask) if inferring.observes else None

    async def hear(self, client: str, event: str, envelope: Mapping[str, Any]) -> dict[str, Any] | None:
        """Keep what an event tells and return what the client is to be told; see `api.hooks.receive`."""
        if client not in known():
            raise NotFound(f"{client[:64]!r} is no client whose hooks are known", hint=f"Known: {', '.join(known())}.")
        event_id, sent_at, payload = _opened(envelope)
        heard = parse(client, event, payload, event_id, sent_at)
        if heard is None:
            return None
        called = self._told.project(heard.place.session, project_in(heard.place.folder))
        project = await self._memory.app.access.named(called)
        if self._is_skipped(project, called, heard.place.folder):
            return None
        first = self._told.is_first(event_id)
        late = envelope.get("spooled") is True or self._engine.now() - sent_at > LATE
        waits = first and not late and takes(client, event)
        # The search begins before the prompt is written, whose own embedding would be in its way.
        telling = asyncio.create_task(self._tell(heard, project)) if waits else None
        try:
            kept = await self._keep(heard, project)
            told = None if telling is None else await telling
        except BaseException:  # what was not kept, an interrupt too, may come again
            self._told.unheard(event_id)
            raise
        finally:
            if telling is not None:
                telling.cancel()
        if told is None:
            return None
        self._note(*told, heard, project, kept)
        return answer(client, event, told[0].text)

    def _is_skipped(self, *names: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self._settings.skip_projects for name in names if name)

    async def _keep(self, heard: Event, project: str) -> str | None:
        """Keep an event, and return the id of the turn it was kept as, if it was."""
        try:
            return await self._write(heard, project)
        except InvalidInput as error:  # a hook has nobody to tell, and the same event would fail again
            log.warning("an event of %s cannot be kept: %s", heard.place.client, error.message)
        return None

    async def _write(self, heard: Event, project: str) -> str | None:
        place = heard.place
        match heard:
            case Asked(_, text):
                return await self._capture(place, project, "user", text, place.prompt)
            case Answered(_, text):
                return await self._capture(place, project, "assistant", text, place.prompt)
            case Used():
                await self._keep_use(heard, project)
            case Compacted(_, summary):
                await self._keep_summary(place, project, summary)
            case Paused():
                await self._engine.sum_up(Scope(self._user, project, place.session))
                if self._observing is not None:
                    self._observing.read(place.session)
            case Started():
                pass
        return None

    async def _keep_use(self, heard: Used, project: str) -> None:
        """Keep a tool call in one line; and what a subagent was asked, as the first turn of its own conversation."""
        place = heard.place
        asked = heard.given.get("prompt")
        if heard.subagent and isinstance(asked, str) and asked.strip() and not is_machine(asked):
            below = replace(place, agent=heard.subagent)
            await self._capture(below, project, "user", asked, place.prompt)
        if any(fnmatchcase(heard.tool, pattern) for pattern in self._settings.skip_tools):
            return
        said = condense(heard.tool, heard.given, heard.result, failed=heard.failed, cwd=place.folder)
        if said:
            kept = await self._capture(place, project, "tool", said, heard.call, tool=heard.tool[:100])
            if self._observing is not None and heard.result and kept:
                await self._observing.add(place.session, kept, heard.tool, heard.given, heard.result)

    async def _keep_summary(self, place: Place, project: str, summary: str) -> None:
        """Keep what a client wrote when it compacted a session, made of all that was said in it."""
        reach = Reach(self._user, project, place.session)
        turns = await self._engine.stores.records.turns(reach)
        await self._engine.add_summary(
            summary[:MAX_TEXT],
            Scope(self._user, project, None, place.client),
            sources=[turn.id for turn in turns],
            message_id=place.prompt,
            occurred_at=place.at,
            source=Source(place.client),
            metadata={"session": place.session},
        )

    async def _capture(
        self, place: Place, project: str, role: str, text: str, message_id: str, **metadata: str
    ) -> str | None:
        """Capture one turn and return its id, `None` where nothing of it is kept."""
        turn = {
            "role": role,
            "content": text[:MAX_TEXT],
            "occurred_at": place.at,
            "message_id": message_id,
            "metadata": {**metadata, **({"agent": place.agent} if place.agent else {})},
        }
        scope = await self._memory.writing(self._user, project, place.conversation, place.client)
        with self._memory.app.meters.timing("capture", "turns") as timing:
            done = await self._engine.capture([turn], scope, source=Source(place.client, place.transcript))
            timing.count = len(done.ids) - done.ids.count(None) - done.duplicates
        return done.ids[0]

    async def _tell(self, heard: Event, project: str) -> tuple[Text, Stands] | None:
        """Return what there is to be told, and note what that took; where that fails, nothing is told."""
        told: tuple[Text, Stands] | None = None
        try:
            match heard:
                case Started():
                    told = await self._briefing(heard, project)
                case Asked(place, text) if place.agent is None:
                    told = await self._reminder(place, text, project)
            if told is None:
                return None
            await self._count(*told, heard.place, project)
        except RecollectError as error:
            log.warning("nothing was told to %s: %s", heard.place.client, error.message)
            return None
        return told

    async def _briefing(self, heard: Started, project: str) -> tuple[Text, Stands] | None:
        """Return what a session is told when it starts: when it goes on, only what is new since."""
        room, session = self._settings.session_budget - around(project), heard.place.session
        if room <= 0:
            return None
        gather = Gather(self._engine, Reach(self._user, project))
        sections = []
        if heard.way is Way.COMPACT:
            self._told.clear(session)
            sections = await gather.thread(session)
        sections += await gather.project(session, await self._since(heard, gather))
        fitting = chosen(sections, room)
        ids = [name for section in fitting for item in section.items for name in item.ids]
        if not ids:
            return None
        stands, cost = await gather.stands(ids), await gather.cost()
        told = session_text(project, fitting, lambda size: footer_of(size, stands.tokens, stands.memories, cost))
        return None if told is None else (told, stands)

    async def _since(self, heard: Started, gather: Gather) -> datetime | None:
        """Return from when on something is news to a session, `None` for all of it."""
        if heard.way is Way.FORK:
            return heard.place.at - timedelta(seconds=heard.idle or 0)
        if heard.way is not Way.RESUME:
            return None
        return await gather.last_said(heard.place.session)

    async def _reminder(self, place: Place, text: str, project: str) -> tuple[Text, Stands] | None:
        """Return what is remembered about a prompt and its session has not been told yet."""
        if not self._settings.prompt_budget or tokens.count(text[:LONGEST_QUESTION]) < LEAST_QUESTION:
            return None
        hits = await self._memory.search(
            text[:LONGEST_QUESTION],
            project_id=project,
            user_id=self._user,
            kinds=TELLING,
            asked_at=place.at,
            limit=HITS,
        )
        telling = [hit.memory for hit in hits if self._is_telling(hit, place)]
        made_into = {source for item in telling if item.kind is Kind.FACT for source in item.sources}
        new = [item_of(item) for item in telling if item.id not in made_into]
        told = prompt_text(new[:MOST_TOLD], self._settings.prompt_budget)
        return None if told is None else (told, await Gather(self._engine, Reach(self._user, project)).stands(told.ids))

    def _is_telling(self, hit: Hit, place: Place) -> bool:
        """Whether a hit is likely, says something, and is new to its session."""
        item = hit.memory
        talk = item.scope.conversation_id or ""
        own = talk == place.session or talk.startswith(f"{place.session}/")
        asks = item.role is Role.USER and item.text.rstrip().endswith(("?", "？"))
        same = (item.id, *(item.sources if item.kind is Kind.FACT else ()))
        known = any(self._told.has(place.session, name) for name in same)
        return hit.score >= self._settings.prompt_score and item.dense and not (own or asks or known or item.flags)

    def _note(self, told: Text, stands: Stands, heard: Event, project: str, turn: str | None) -> None:
        """Have it kept which memories were told, at which prompt; it is never waited for."""
        place, settings = heard.place, self._settings
        starts = isinstance(heard, Started)
        self._memory.app.noting.note(
            Telling(
                self._engine.now(),
                Occasion.SESSION if starts else Occasion.PROMPT,
                Scope(self._user, project, place.conversation, place.client),
                told.ids,
                told.tokens,
                whole=stands.tokens,
                budget=settings.session_budget if starts else settings.prompt_budget,
                turn=turn,
            )
        )

    async def _count(self, told: Text, stands: Stands, place: Place, project: str) -> None:
        """Note what was told: tokens out are those of the text, tokens in those of what it was made of."""
        facts = [item for item in await self._engine.stores.records.get(told.ids) if item.kind is Kind.FACT]
        self._told.add(place.session, (*told.ids, *(source for item in facts for source in item.sources)))
        spent = Usage(
            at=self._engine.now(),
            purpose=INJECT,
            provider=place.client,
            tokens_in=stands.tokens,
            tokens_out=told.tokens,
            project_id=project,
        )
        await self._engine.stores.records.spend([spent])


def _opened(envelope: Mapping[str, Any]) -> tuple[str, datetime, Mapping[str, Any]]:
    """Return the id, time and payload of an envelope; raise InvalidInput for what is none."""
    payload = envelope.get("payload")
    if not isinstance(payload, Mapping):
        raise InvalidInput("payload is not an object", field="payload", hint="Hand on what the hook was given.")
    event_id = identifier(envelope.get("event_id"), "event_id")
    return event_id[:120], instant(envelope.get("sent_at"), "sent_at"), payload
