"""What `import recollect` gives: the engine behind one object, awaited or not."""

from __future__ import annotations

import asyncio
import builtins
from collections import OrderedDict
from collections.abc import Awaitable, Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast, get_args

from recollect import models
from recollect.access.acting import Acting
from recollect.app import App, open_app
from recollect.app.acting import acting_app
from recollect.app.shelves import delete, forget_waste
from recollect.beyond import Beyond
from recollect.capture import argument
from recollect.capture.identifier import identifier
from recollect.capture.instant import instant
from recollect.capture.intake import share
from recollect.compose.render import Format
from recollect.engine import Engine
from recollect.errors import InvalidInput, RecollectError
from recollect.exchange import Page
from recollect.models import (
    Action,
    Actor,
    Captured,
    Change,
    Context,
    Conversation,
    Hit,
    Reach,
    Scope,
    Source,
    Stats,
    System,
)
from recollect.people.office import Office
from recollect.ports import Clock, Embed
from recollect.retrieve.filters import parse
from recollect.settings import Settings, load
from recollect.tellings import TellingVerbs

MOST_VIEWS = 512
"""Actors whose views are kept."""


class AsyncMemory(Beyond, TellingVerbs):
    """A store of memories in a data directory, embedded in this process.

    ```python
    async with AsyncMemory() as memory:
        await memory.add("Alice prefers tabs", user_id="alice")
        hits = await memory.search("indentation", user_id="alice")
    ```

    Every verb raises errors of `recollect.errors`. What is written without user or project goes to the user and the
    project `default`; a question without both asks the user `default` in all projects, one with either looks into all
    of the other.
    """

    def __init__(
        self,
        home: str | Path | None = None,
        *,
        settings: Settings | Mapping[str, Any] | None = None,
        embed: Embed | None = None,
        clock: Clock | None = None,
        worker: bool = True,
    ) -> None:
        loaded = settings if isinstance(settings, Settings) else load(home, settings).settings
        self._app: App = open_app(loaded, embed=embed, clock=clock)
        self._life = _Life(self, worker)
        self._acting = Acting(self._app.access, System())

    @property
    def app(self) -> App:
        """The engine, its stores and its worker, for tools that look inside; for an actor, what he may see of them."""
        return self._app

    @property
    def actor(self) -> Actor:
        """Who acts: the owner of the machine, unless this is somebody's view."""
        return self._acting.actor

    @property
    def user_id(self) -> str:
        """Whose memories are meant where no user is named."""
        return self.actor.user_id

    @property
    def people(self) -> Office:
        """Projects, members, grants, users and tokens, as the actor may look after them."""
        app = self._app
        return Office(self._acting, app.projects, app.people, self._life.root.app.tokens, app.owners)

    def acting(self, actor: Actor) -> AsyncMemory:
        """Return this store as an actor may use it: the same verbs, which read and write what he may.

        It shares this one's files and worker, and closing it closes nothing. The same actor gets the same view.
        """
        life = self._life
        if actor == System():
            return life.root
        if actor not in life.views:
            view = copy(life.root)
            acting = Acting(self._app.access, actor)
            vars(view).update(_app=acting_app(life.root.app, actor), _acting=acting)
            life.views[actor] = view
            while len(life.views) > MOST_VIEWS:
                life.views.popitem(last=False)
        life.views.move_to_end(actor)
        return life.views[actor]

    @property
    def _engine(self) -> Engine:
        if self._life.closed:
            raise RecollectError("This memory is closed", hint="Open it anew.")
        return self._app.engine

    async def __aenter__(self) -> Self:
        await self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _start(self) -> None:
        life = self._life
        async with life.starting:
            if life.closed:
                raise RecollectError("This memory is closed", hint="Open it anew.")
            if life.working and not life.started:
                await self._app.start()
            life.started = True

    async def capture(
        self,
        turns: Sequence[Mapping[str, Any]],
        *,
        conversation_id: str | None = None,
        project_id: str | None = None,
        user_id: str | None = None,
        agent_id: str | None = None,
        source: str | None = None,
    ) -> Captured:
        """Keep turns of a conversation: `{"role", "content", "speaker"?, "occurred_at"?, "message_id"?, "metadata"?}`.

        With `expires_at`, a turn is no longer given as an answer from then on. Returns when they are durable and found
        by word. What was captured before is not kept twice.
        """
        await self._start()
        client = None if source is None else identifier(source, "source")
        scope = await self.writing(user_id, project_id, conversation_id, agent_id)
        with self._app.meters.timing("capture", "turns") as timing:
            done = await self._engine.capture(turns, scope, source=Source(client))
            timing.count = len(done.ids) - done.ids.count(None) - done.duplicates
        return done

    async def add(
        self,
        text: str,
        *,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        title: str | None = None,
        kind: str = "note",
        occurred_at: datetime | str | None = None,
        expires_at: datetime | str | None = None,
        importance: float | None = None,
    ) -> models.Memory:
        """Keep a note and return it; a note said again in its user and project is counted, not kept twice."""
        await self._start()
        with self._app.meters.timing("capture", "note") as timing:
            kept = await self._engine.add(
                text,
                await self.writing(user_id, project_id, conversation_id, agent_id),
                metadata=metadata,
                title=title,
                kind=argument.kind(kind),
                occurred_at=occurred_at,
                expires_at=_instant(expires_at, "expires_at"),
                importance=importance,
            )
            timing.count = int(kept.version == 1)
        return kept

    async def add_all(
        self,
        notes: Sequence[Mapping[str, Any]],
        *,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
    ) -> builtins.list[models.Memory]:
        """Keep notes, all of them or none, and return each as it is kept, in order.

        A note is `{"text", "metadata"?, "title"?, "kind"?, "occurred_at"?, "expires_at"?, "importance"?}`: what `add`
        takes.
        """
        await self._start()
        scope = await self.writing(user_id, project_id, conversation_id, agent_id)
        given = [_note(values) for values in notes]
        with self._app.meters.timing("capture", "note") as timing:
            kept = await self._engine.add_all(given, scope)
            timing.count = sum(item.version == 1 for item in kept)
        return kept

    async def search(
        self,
        query: str,
        *,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
        kinds: Sequence[str] | None = None,
        filters: Mapping[str, Any] | None = None,
        asked_at: datetime | str | None = None,
        limit: int = 10,
        explain: bool = False,
        stale: bool = False,
    ) -> list[Hit]:
        """Return the memories that answer a question, best first.

        `filters` are conditions such as `{"category": "preferences"}` or `{"price": {"gte": 3}}`, joined by AND, OR,
        NOT. `asked_at` is what 'yesterday' is counted from. `explain` fills `hit.parts`. `stale` lets superseded and
        expired memories in.
        """
        await self._start()
        with self._app.meters.timing("search", "hybrid") as timing:
            hits = await self._engine.search(
                argument.text(query, "query"),
                await self.reading(user_id, project_id, conversation_id, agent_id),
                kinds=argument.kinds(kinds),
                filters=parse(filters),
                asked_at=_instant(asked_at, "asked_at"),
                limit=argument.whole(limit, "limit"),
                explain=explain,
                stale=stale,
            )
            timing.count, timing.way = len(hits), self._way(query)
        return hits

    async def context(
        self,
        query: str,
        *,
        budget: int | None = None,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
        asked_at: datetime | str | None = None,
        format: str = "markdown",  # noqa: A002 - the word of the REST contract
    ) -> Context:
        """Return what is remembered about a question as text of at most `budget` tokens, with dates and sources."""
        await self._start()
        if budget is not None and argument.whole(budget, "budget") < 1:
            raise InvalidInput(f"A budget of {budget} has no room", field="budget", hint="Give 20 tokens or more.")
        with self._app.meters.timing("context", "hybrid") as timing:
            made = await self._engine.context(
                argument.text(query, "query"),
                await self.reading(user_id, project_id, conversation_id, agent_id),
                budget=budget,
                asked_at=_instant(asked_at, "asked_at"),
                form=_format(format),
            )
            timing.count, timing.way = len(made.memories), self._way(query)
        return made

    def _way(self, query: str) -> str:
        """Return how a question was searched for: by words and meaning, by words alone, or for the latest only."""
        if not query.strip():
            return "recent"
        return "hybrid" if self._app.by_meaning else "words"

    async def get(self, memory_id: str) -> models.Memory:
        """Return one memory; raise NotFound."""
        return await self._engine.get(argument.text(memory_id, "id"))

    async def update(
        self,
        memory_id: str,
        *,
        text: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        title: str | None = None,
        importance: float | None = None,
        tier: str | None = None,
        expires_at: datetime | str | None = None,
        valid_from: datetime | str | None = None,
        valid_to: datetime | str | None = None,
        clear: Collection[str] = (),
        version: int | None = None,
    ) -> models.Memory:
        """Change a memory and return its new version; what is not given stays as it is.

        With `version`, raises Conflict unless that is still the present one. `metadata` is replaced as a whole. `clear`
        names times to be taken away: `expires_at`, `valid_from`, `valid_to`.
        """
        await self._start()
        changes = {
            "title": title,
            "importance": None if importance is None else share(importance, "importance"),
            "tier": None if tier is None else argument.tier(tier),
            "expires_at": _instant(expires_at, "expires_at"),
            "valid_from": _instant(valid_from, "valid_from"),
            "valid_to": _instant(valid_to, "valid_to"),
        }
        if version is not None:
            argument.at_least(version, 1, "version")
        given = {name: value for name, value in changes.items() if value is not None} | argument.times(clear)
        return await self._engine.update(
            argument.text(memory_id, "id"), text=text, metadata=metadata, version=version, **given
        )

    async def delete(self, memory_id: str) -> None:
        """Delete a memory and everything derived from it alone; raise NotFound."""
        await self._start()
        await delete(self._engine, self._app.retention, self._acting, argument.text(memory_id, "id"))

    async def forget(
        self,
        *,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> int:
        """Delete everything in reach that meets the filters and return how much it was; at least one id is needed."""
        await self._start()
        if user_id is project_id is conversation_id is agent_id is None:
            raise InvalidInput("Nobody is named", field="user_id", hint="Say whose memories to forget.")
        asked = await self._meant(_reach(user_id, project_id, conversation_id, agent_id, self.user_id))
        reach = await self._acting.reach(asked, Action.WRITE)
        if not filters:
            await self._forbid(reach)
            await self._forget_searches(asked)
            await self._forget_told(reach)
        await forget_waste(self._app.retention, reach, parse(filters))
        return await self._engine.forget(reach, parse(filters))

    async def history(self, memory_id: str) -> list[Change]:
        """Return every change of a memory, oldest first; raise NotFound."""
        return await self._engine.history(argument.text(memory_id, "id"))

    async def list(
        self,
        *,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
        filters: Mapping[str, Any] | None = None,
        kinds: Sequence[str] | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page:
        """Return one page of memories, the newest first, and the cursor of the next."""
        return await self._engine.list(
            await self.reading(user_id, project_id, conversation_id, agent_id),
            filters=parse(filters),
            kinds=argument.kinds(kinds),
            limit=argument.at_least(limit, 1, "limit"),
            cursor=None if cursor is None else argument.text(cursor, "cursor"),
        )

    async def conversations(
        self, *, user_id: str | None = None, project_id: str | None = None
    ) -> Sequence[Conversation]:
        """Return conversations with their titles and summaries, the latest first."""
        return await self._engine.conversations(await self.reading(user_id, project_id))

    async def timeline(self, memory_id: str, *, span: int = 5) -> Sequence[models.Memory]:
        """Return the turns around a memory in its conversation, in order."""
        return await self._engine.timeline(
            argument.text(memory_id, "id"), span=min(argument.at_least(span, 0, "span"), 10_000)
        )

    async def stats(
        self, *, user_id: str | None = None, project_id: str | None = None, conversation_id: str | None = None
    ) -> Stats:
        """Count memories by kind, day, category and tier."""
        return await self._engine.stats(await self.reading(user_id, project_id, conversation_id))

    def reading(
        self,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
    ) -> Awaitable[Reach]:
        """Return what these ids mean, checked and narrowed to what the actor may read; raise Denied, InvalidInput."""
        return self._read(_reach(user_id, project_id, conversation_id, agent_id, self.user_id))

    def writing(
        self,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
    ) -> Awaitable[Scope]:
        """Return where these ids say to write, checked; raise Denied where the actor may not, and InvalidInput."""
        return self._written(_reach(user_id, project_id, conversation_id, agent_id, self.user_id))

    async def _read(self, asked: Reach) -> Reach:
        return await self._acting.reach(await self._meant(asked))

    async def _written(self, asked: Reach) -> Scope:
        asked = await self._meant(asked)
        user, project = asked.user_id or self.user_id, asked.project_id or models.DEFAULT
        scope = Scope(user, project, asked.conversation_id, asked.agent_id)
        await self._acting.access.check(self.actor, Action.WRITE, scope)
        return scope

    async def _meant(self, asked: Reach) -> Reach:
        """Return a reach that names its project as that is called now."""
        if asked.project_id in {None, models.DEFAULT}:
            return asked
        name = await self._acting.access.named(asked.project_id or "")
        return asked if name == asked.project_id else replace(asked, project_id=name)

    async def drain(self) -> None:
        """Wait until every job so far is done: what was captured is then found by meaning too."""
        await self._start()
        await self._app.drain()

    async def close(self) -> None:
        """Stop the worker and release the files; jobs that are left are done at the next start.

        Closing twice does nothing.
        """
        if self is not self._life.root:
            return
        async with self._life.starting:
            if not self._life.closed:
                self._life.closed = True
                await self._app.close()


def _note(values: Mapping[str, Any]) -> dict[str, Any]:
    known = {"text", "metadata", "title", "kind", "occurred_at", "expires_at", "importance"}
    if unknown := set(values) - known:
        raise InvalidInput(f"A note has no {min(unknown)}", field="notes", hint=f"It has {', '.join(sorted(known))}.")
    return {
        **values,
        "kind": argument.kind(values.get("kind", "note")),
        "expires_at": _instant(values.get("expires_at"), "expires_at"),
    }


@dataclass(slots=True)
class _Life:
    """How far a store has come, shared by all its views."""

    root: AsyncMemory
    working: bool
    views: OrderedDict[Actor, AsyncMemory] = field(default_factory=OrderedDict)
    started: bool = False
    closed: bool = False
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)


def _reach(
    user_id: str | None, project_id: str | None, conversation_id: str | None, agent_id: str | None, usual: str
) -> Reach:
    given = {"user_id": user_id, "project_id": project_id, "conversation_id": conversation_id, "agent_id": agent_id}
    named = {name: None if value is None else identifier(value, name) for name, value in given.items()}
    if user_id is project_id is None:
        named["user_id"] = usual
    return Reach.of(**named)


def _format(value: str) -> Format:
    for known in get_args(Format):
        if value == known:
            return cast("Format", known)
    names = ", ".join(get_args(Format))
    raise InvalidInput(f"{value!r} is no format", field="format", hint=f"Formats are {names}.")


def _instant(value: datetime | str | None, field: str) -> datetime | None:
    return None if value is None else instant(value, field)
