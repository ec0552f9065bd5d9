"""The library's verbs: capture, add, search, compose, and all that is done to single memories."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from recollect.aside import EACH, aside, size
from recollect.capture.file import file_of
from recollect.capture.intake import Draft, Nothing, content_hash, draft, note, turns_of
from recollect.capture.poison import flagged
from recollect.compose.render import Format
from recollect.errors import Conflict, InvalidInput, NotFound, RecollectError
from recollect.exchange import Batch, Committed, Entry, Page, Revision
from recollect.infer.composing import Composing
from recollect.models import (
    Captured,
    Change,
    Context,
    Conversation,
    Filter,
    Hit,
    Kind,
    Memory,
    Query,
    Reach,
    Scope,
    Source,
    Stats,
    Task,
    Where,
)
from recollect.ports import Clock, Embed, Graph, Lore, Queue, Records, Vectors, Words
from recollect.process.judged import judged
from recollect.process.process import Findings
from recollect.retrieve.search import Finder

EMBED, DERIVE, INFER, SUMMARISE, SCRUB = "embed", "derive", "infer", "summarise", "scrub"
"""The jobs a write leaves behind."""

TRIES = 5
"""How often a note said again is counted anew when another process changed it meanwhile."""

PER_JOB = 256
"""Memories one job covers: small enough to be repeated cheaply, large enough that jobs cost nothing."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything the engine writes to and reads from."""

    records: Records
    queue: Queue
    words: Words
    vectors: Vectors
    lore: Lore
    graph: Graph


@dataclass(frozen=True, slots=True)
class Rules:
    """The engine's own settings."""

    density: float = 0.3
    top_k: int = 40
    infers: bool = False

    @property
    def completing(self) -> str:
        """The job that completes new memories: by models where any are named for it, else by the rules."""
        return INFER if self.infers else DERIVE


class Engine:
    """The verbs over given stores, embedder and clock. `wake` is called after a write has left jobs behind.

    `composing` makes contexts of hits.
    """

    def __init__(
        self,
        stores: Stores,
        finder: Finder,
        embed: Embed,
        clock: Clock,
        rules: Rules,
        wake: Callable[[], None] = lambda: None,
        composing: Composing = Composing(),  # noqa: B008 - it never changes
    ) -> None:
        self.composing = composing
        self.stores = stores
        self.embed = embed
        self.rules = rules
        self.finder = finder
        self._clock = clock
        self._wake = wake
        self._adding = asyncio.Lock()

    async def capture(
        self,
        turns: Sequence[Mapping[str, Any]],
        scope: Scope,
        *,
        source: Source = Source(),  # noqa: B008
    ) -> Captured:
        """Write turns of a conversation, in order; durable and found by word when this returns.

        A turn that was captured before is not written again. Raises InvalidInput or TooLarge, whereupon nothing is
        written.
        """
        now = self._clock.now()
        drafts = await aside(lambda: draft(turns_of(turns), scope, now, source), size(turns))
        redacted: dict[str, int] = {}
        for item in drafts:
            for kind, count in item.redacted.items():
                redacted[kind] = redacted.get(kind, 0) + count
        written = [item for item in drafts if isinstance(item, Draft)]
        known = {item.memory.speaker for item in written if item.memory.speaker}
        done = await self._write([(item.memory, item.key) for item in written], known)
        ids = iter(done.ids)
        return Captured(
            tuple(None if isinstance(item, Nothing) else next(ids) for item in drafts),
            duplicates=done.new.count(False),
            redacted=redacted,
        )

    async def add(self, text: str, scope: Scope, **more: Any) -> Memory:
        """Write a note (or, with `kind`, a fact) and return it; what was said before in its scope is counted instead.

        `more` may hold kind, title, metadata, occurred_at, importance, message_id, source, expires_at, valid_from.
        """
        times = {name: more.pop(name, None) for name in ("expires_at", "valid_from")}
        made = await aside(partial(note, text, scope, self._clock.now(), **more), size(text))
        item = replace(made.memory, **times)
        given = more.get("importance") is not None
        async with self._adding:
            again = await self._again(item)
            if again is not None:
                return again
            done = await self._write([(item, made.key)], (), keep=[item.id] if given else ())
        return (await self.stores.records.get(done.ids))[0]

    async def add_all(self, notes: Sequence[Mapping[str, Any]], scope: Scope) -> list[Memory]:
        """Write notes in one transaction, all of them or none, and return each as it is kept, in order.

        A note is `text` and what `add` takes besides. Those said before, in this call too, are counted instead. Raises
        InvalidInput or TooLarge naming the note.
        """
        made = await aside(
            lambda: [self._noted(values, scope, f"notes[{place}]") for place, values in enumerate(notes)], size(notes)
        )
        async with self._adding:
            for _ in range(TRIES):
                try:
                    return await self._add_all(made)
                except (Conflict, NotFound):
                    continue
        raise Conflict("The notes change too fast to be counted", hint="Try again.")

    def _noted(self, values: Mapping[str, Any], scope: Scope, place: str) -> tuple[Draft, bool]:
        """Return a note ready to be written, and whether its importance was given."""
        more = dict(values)
        times = {name: more.pop(name, None) for name in ("expires_at", "valid_from")}
        try:
            made = note(more.pop("text", None), scope, self._clock.now(), **more)
        except InvalidInput as error:
            raise type(error)(f"{place}: {error.message}", field=f"{place}.{error.field}", hint=error.hint) from error
        return replace(made, memory=replace(made.memory, **times)), more.get("importance") is not None

    async def _add_all(self, made: Sequence[tuple[Draft, bool]]) -> list[Memory]:
        """Commit drafts: each content once, on top of the note that says the same already where there is one."""
        first: dict[str, Memory] = {}
        kept: dict[str, Memory] = {}
        for one, _ in made:
            item = one.memory
            there = item.content_hash in kept
            same = kept.get(item.content_hash) or await self.stores.records.same(item.scope, item.content_hash)
            if same is None:
                first[item.content_hash] = kept[item.content_hash] = item
                continue
            metadata = {**same.metadata, **item.metadata}
            version = same.version if there else same.version + 1
            kept[item.content_hash] = replace(same, repeats=same.repeats + 1, metadata=metadata, version=version)
        new = [one for one, _ in made if first.get(one.memory.content_hash) is one.memory]
        given = {one.memory.id for one, given in made if given}
        revisions = [Revision(item) for hash_, item in kept.items() if hash_ not in first]
        items = [(kept[one.memory.content_hash], one.key) for one in new]
        done = await self._write(items, (), keep=given, revisions=revisions)
        kept |= {item.content_hash: item for item in await self.stores.records.get(done.ids)}
        return [kept[one.memory.content_hash] for one, _ in made]

    async def _again(self, item: Memory) -> Memory | None:
        """Count a note that was said before, a message once only; `None` when it is new."""
        meanwhile: RecollectError = NotFound("The note changes too fast to be counted")
        for _ in range(TRIES):
            same = await self.stores.records.same(item.scope, item.content_hash)
            if same is None:
                return None
            message = item.source.message_id
            if message is not None and message in {same.source.message_id, *same.sources}:
                return same
            try:
                return await self._counted(same, item)
            except (Conflict, NotFound) as error:
                meanwhile = error
        raise meanwhile

    async def _counted(self, same: Memory, item: Memory) -> Memory:
        """Count a note once more, and take over what its metadata adds."""
        message = item.source.message_id
        sources = tuple(dict.fromkeys((*same.sources, message))) if message else same.sources
        metadata = {**same.metadata, **item.metadata}
        changed = replace(same, repeats=same.repeats + 1, sources=sources, metadata=metadata, version=same.version + 1)
        await self.stores.records.commit(Batch(revisions=[Revision(changed)]))
        return changed

    async def _write(
        self,
        items: Sequence[tuple[Memory, str]],
        known: Iterable[str],
        *,
        keep: Collection[str] = (),
        revisions: Sequence[Revision] = (),
    ) -> Committed:
        """Judge, index and commit new memories, with the jobs that complete them.

        Those whose ids are in `keep` keep their importance.
        """
        seen = await self._judged(items, known, keep)
        tasks = [Task(EMBED, {"ids": part}) for part in _parts([item.id for item, _ in items])]
        tasks += [Task(self.rules.completing, {"ids": part}) for part in _parts([item.id for item, _ in items])]
        done = await self.stores.records.commit(
            Batch(
                adds=[entry for entry, _ in seen],
                revisions=revisions,
                mentions={entry.memory.id: found.mentions for entry, found in seen if found.mentions},
                relations={entry.memory.id: found.relations for entry, found in seen if found.relations},
                tasks=tasks,
            )
        )
        if any(done.new):
            self._wake()
        return done

    async def _judged(
        self, items: Sequence[tuple[Memory, str]], known: Iterable[str] = (), keep: Collection[str] = ()
    ) -> list[tuple[Entry, Findings]]:
        """Return memories, each with its key, as the rules see them, and what they found in each."""
        names, threshold = tuple(known), self.rules.density
        return await aside(
            lambda: [
                judged(item, key, names, threshold=threshold, keep_importance=item.id in keep) for item, key in items
            ],
            sum(EACH + len(item.text) for item, _ in items),
        )

    async def search(
        self,
        text: str,
        reach: Reach,
        *,
        kinds: Sequence[Kind] = (),
        filters: Filter | None = None,
        asked_at: datetime | None = None,
        limit: int = 10,
        explain: bool = False,
        stale: bool = False,
    ) -> list[Hit]:
        """Return the memories that answer a question, best first. An empty question gives the latest memories."""
        moment = asked_at or self._clock.now()
        where = Where(reach, tuple(kinds), filters, valid_at=moment, stale=stale)
        return await self.finder.search(Query(text, where, moment, limit, explain))

    async def context(
        self,
        text: str,
        reach: Reach,
        *,
        budget: int | None = None,
        asked_at: datetime | None = None,
        form: Format = "markdown",
    ) -> Context:
        """Return what is remembered about a question as text of at most `budget` tokens, with its sources."""
        found = await self.search(text, reach, asked_at=asked_at, limit=self.rules.top_k)
        return await self.composing.context(text, found, reach, budget=budget, form=form)

    async def get(self, memory_id: str) -> Memory:
        """Return one memory; raise NotFound."""
        found = await self.stores.records.get([memory_id])
        if not found:
            raise NotFound(f"There is no memory {memory_id}", hint="Ids are shown by search, list and add.")
        return found[0]

    async def update(
        self,
        memory_id: str,
        *,
        text: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        version: int | None = None,
        **more: Any,
    ) -> Memory:
        """Change a memory and return its new version; metadata is replaced as a whole.

        Raises NotFound, and Conflict when `version` is given and no longer the present one. `more` may hold title,
        importance, tier, occurred_at, expires_at, valid_from, valid_to (`None` clears the last three).
        """
        old = await self.get(memory_id)
        known = {"title", "importance", "tier", "occurred_at", "expires_at", "valid_from", "valid_to"}
        if unknown := set(more) - known:
            raise InvalidInput(f"{min(unknown)} cannot be changed", field=min(unknown), hint="Change text or metadata.")
        given, title = "-" if text is None else text, more.get("title")
        made = partial(note, given, old.scope, self._clock.now(), title=title, metadata=metadata)
        clean = (await aside(made, size(text))).memory
        if more.get("title") is not None:
            more["title"] = clean.title
        changed = replace(old, **more, version=(old.version if version is None else version) + 1)
        if metadata is not None:
            changed = replace(changed, metadata=clean.metadata)
        if text is None:
            changed = replace(changed, metadata=flagged(changed.metadata, more.get("title"), known=old.flags))
            await self.stores.records.commit(Batch(revisions=[Revision(changed)]))
            return changed
        changed = replace(
            changed,
            text=clean.text,
            content_hash=content_hash(clean.text, file_of(old)),
            metadata=flagged(changed.metadata, text, changed.title),
        )
        keep = {memory_id} if "importance" in more else ()
        ((entry, found),) = await self._judged([(changed, memory_id)], keep=keep)
        kept = replace(entry.memory, tier=more.get("tier", entry.memory.tier))
        task = {"ids": [memory_id]}
        await self.stores.records.commit(
            Batch(
                revisions=[Revision(kept, entry.chunks)],
                mentions={memory_id: found.mentions},
                relations={memory_id: found.relations},
                tasks=[Task(EMBED, task), *(() if file_of(old) else (Task(self.rules.completing, task),))],
            )
        )
        self._wake()
        return kept

    async def add_summary(
        self,
        text: str,
        scope: Scope,
        *,
        sources: Sequence[str],
        message_id: str,
        occurred_at: datetime,
        source: Source = Source(),  # noqa: B008
        metadata: Mapping[str, Any] | None = None,
    ) -> Memory:
        """Write a summary that somebody else has made of memories (`sources`), and return it; told again, it stays one.

        It goes with the last of its sources. Raises InvalidInput or TooLarge.
        """
        now = self._clock.now()
        made = note(text, scope, now, message_id=message_id, occurred_at=occurred_at, source=source, metadata=metadata)
        item = replace(made.memory, kind=Kind.SUMMARY, sources=tuple(sources))
        done = await self._write([(item, f"summary:{made.key}")], ())
        return (await self.stores.records.get(done.ids))[0]

    async def add_observation(
        self, text: str, beside: Memory, *, sources: Sequence[str], metadata: Mapping[str, Any]
    ) -> Memory:
        """Write what was learned from memories (`sources`), in the place and time of one of them; again, it stays one.

        It goes with the last of its sources.
        """
        made = note(text, beside.scope, self._clock.now(), occurred_at=beside.occurred_at, metadata=metadata).memory
        item = replace(made, kind=Kind.OBSERVATION, role=beside.role, source=beside.source, sources=tuple(sources))
        done = await self._write([(item, f"observed:{sources[0]}:{item.content_hash}")], ())
        return next(iter(await self.stores.records.get(done.ids)), item)

    async def sum_up(self, scope: Scope) -> None:
        """Have the summary of a conversation brought up to date by the worker; it may go on afterwards."""
        if scope.conversation_id is not None:
            talk = [scope.user_id, scope.project_id, scope.conversation_id]
            await self.stores.queue.push([Task(SUMMARISE, {"conversations": [talk]})])
            self._wake()

    def now(self) -> datetime:
        """Return the time, by the clock that all writes are dated with."""
        return self._clock.now()

    async def put(self, files: Sequence[tuple[Memory, str]]) -> None:
        """Write files, each under its key: one of version 1 is new, any other takes the place of its version before.

        A file is known by its key: it is not counted as another one said again, and nothing is derived from it.
        Raises Conflict where a key is taken or a version has moved on, and NotFound where a file is gone.
        """
        marked = [(replace(item, metadata=flagged(item.metadata, item.text)), key) for item, key in files]
        seen = await self._judged(marked)
        entries = [entry for entry, _ in seen]
        done = await self.stores.records.commit(
            Batch(
                adds=[entry for entry in entries if entry.memory.version == 1],
                revisions=[Revision(one.memory, one.chunks, key=one.key) for one in entries if one.memory.version > 1],
                mentions={entry.memory.id: found.mentions for entry, found in seen},
                relations={entry.memory.id: found.relations for entry, found in seen},
                tasks=[Task(EMBED, {"ids": part}) for part in _parts([entry.memory.id for entry in entries])],
            )
        )
        if not all(done.new):
            raise Conflict("A file with this key is there already", hint="Read it, and write its next version.")
        self._wake()

    async def delete(self, memory_id: str) -> None:
        """Delete one memory and what was derived from it alone; raise NotFound."""
        item = await self.get(memory_id)
        scope = item.scope
        talk = [scope.user_id, scope.project_id, scope.conversation_id]
        again = [Task(SUMMARISE, {"conversations": [talk]})] if item.position and scope.conversation_id else []
        done = await self.stores.records.commit(Batch(deletes=[memory_id], tasks=[*_SWEEP, *again]))
        if not done.deleted:
            raise NotFound(f"There is no memory {memory_id}", hint="It may have been deleted already.")
        self._wake()

    async def forget(self, reach: Reach, filters: Filter | None = None) -> int:
        """Delete every memory in reach that meets the filter; return how many went, derived ones among them."""
        return await self.remove(await self.stores.records.ids(Where(reach, filter=filters, stale=True)))

    async def remove(self, ids: Sequence[str]) -> int:
        """Delete memories, and what was derived from them alone, in one transaction; return how many went."""
        if not ids:
            return 0
        done = await self.stores.records.commit(Batch(deletes=ids, tasks=_SWEEP))
        self._wake()
        return done.deleted

    async def history(self, memory_id: str) -> list[Change]:
        """Return every change of a memory, oldest first; raise NotFound when it never was."""
        found = await self.stores.records.history(memory_id)
        if not found:
            raise NotFound(f"There is no memory {memory_id}")
        return found

    async def list(
        self,
        reach: Reach,
        *,
        filters: Filter | None = None,
        limit: int = 100,
        cursor: str | None = None,
        kinds: Sequence[Kind] = (),
        newest: bool = True,
    ) -> Page:
        """Return one page of memories, the newest first, superseded and expired ones too."""
        where = Where(reach, tuple(kinds), filters, stale=True)
        return await self.stores.records.page(where, limit=limit, cursor=cursor, newest=newest)

    async def stats(self, reach: Reach) -> Stats:
        """Count what is in reach."""
        return await self.stores.records.stats(reach, self.embed.model)

    async def conversations(self, reach: Reach, *, limit: int = 100) -> Sequence[Conversation]:
        """Return conversations, the latest first."""
        return await self.stores.records.conversations(reach, limit=limit)

    async def timeline(self, memory_id: str, *, span: int = 5) -> Sequence[Memory]:
        """Return the turns around a memory in its conversation, itself among them, in order."""
        item = await self.get(memory_id)
        if item.scope.conversation_id is None or not item.position:
            return [item]
        scope = item.scope
        reach = Reach(scope.user_id, scope.project_id, scope.conversation_id)
        return await self.stores.records.turns(reach, around=item.position, span=span)


_SWEEP = (Task(SCRUB, {}),)
"""After a delete, freed pages are wiped."""


def _parts(ids: list[str]) -> list[list[str]]:
    return [ids[start : start + PER_JOB] for start in range(0, len(ids), PER_JOB)]
