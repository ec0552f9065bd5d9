"""The jobs that complete memories by the offline rules: facts beside turns, near repeats, summaries."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b

from recollect.capture.ids import new_id
from recollect.capture.intake import content_hash
from recollect.models import Job, Kind, Memory, Reach, Source, Task, Where
from recollect.ports import Batch, Clock, Entry, Records, Revision, Words
from recollect.process.index import index
from recollect.process.resolve import NEAR, near, supersedes
from recollect.process.statements import Statement, statements
from recollect.process.summarise import summary, title
from recollect.text.words import question, terms

LOOKED_THROUGH = 8
"""How many of the most similar facts a new one is compared with."""

FEWEST_TURNS = 6
"""A shorter conversation is its own summary."""

GROWTH = 1.25
"""A summary is written anew when its conversation has grown by this factor."""


class Deriving:
    """Marks statements of turns as facts beside them, ties near repeats, retires what a newer fact replaces."""

    def __init__(self, records: Records, words: Words, clock: Clock) -> None:
        self._records, self._words, self._clock = records, words, clock

    async def __call__(self, jobs: Sequence[Job]) -> None:
        """Do a batch of jobs; the conversations they touch are put down for summaries."""
        ids = [name for job in jobs for name in job.payload.get("ids", ())]
        talks: dict[tuple[str, str, str], None] = {}
        for item in await self._records.get(ids):
            for found in statements(item):
                await self._fact(item, found)
            if item.kind in (Kind.NOTE, Kind.FACT):
                await self._settle(item)
            if item.scope.conversation_id and due(item.position):
                talks[item.scope.user_id, item.scope.project_id, item.scope.conversation_id] = None
        if talks:
            summarise = Task("summarise", {"conversations": [list(talk) for talk in talks]})
            await self._records.commit(Batch(tasks=[summarise]))

    async def _fact(self, turn: Memory, found: Statement) -> None:
        digest = content_hash(found.text)
        same = await self._records.same(turn.scope, digest)
        if same is not None:
            if turn.id not in same.sources:
                more = replace(
                    same, sources=(*same.sources, turn.id), repeats=same.repeats + 1, version=same.version + 1
                )
                await self._records.commit(Batch(revisions=[Revision(more)]))
            return
        fact = _fact_of(turn, found, digest, self._clock)
        done = await self._records.commit(
            Batch(adds=[Entry(fact, index(fact), fact_key(turn, digest))], tasks=[Task("embed", {"ids": [fact.id]})])
        )
        if done.new[0]:
            await self._settle(fact)

    async def _settle(self, item: Memory) -> None:
        """Compare a new fact or note with what is known: tie near repeats, retire what it replaces."""
        asked = question(item.text)
        reach = Reach(item.scope.user_id, item.scope.project_id)
        where = Where(reach, (Kind.FACT, Kind.NOTE))
        found = await self._words.search(asked, where, LOOKED_THROUGH) if asked else None
        if found is None:
            return
        own = terms(item.text)
        links: list[tuple[str, str, str]] = []
        retired: list[Revision] = []
        for old in await self._records.fetch([int(key) for key in found.keys]):
            if old.id == item.id:
                continue
            if supersedes(item, old):
                ended = replace(old, superseded_by=item.id, valid_to=item.occurred_at, version=old.version + 1)
                retired.append(Revision(ended, retire=True))
            elif near(own, terms(old.text)) >= NEAR:
                links.append((item.id, old.id, "near"))
        if links or retired:
            await self._records.commit(Batch(revisions=retired, links=links))


def due(position: int) -> bool:
    """Whether a conversation that has grown to this many turns is summed up anew: at 6, then at each fourth more."""
    steps = [math.floor(math.log(max(turns, 1) / FEWEST_TURNS, GROWTH)) for turns in (position - 1, position)]
    return position == FEWEST_TURNS or (position > FEWEST_TURNS and steps[0] != steps[1])


def fact_key(turn: Memory, digest: str) -> str:
    """Return the key under which a fact of a turn is written once, however often the job runs."""
    parts = ("fact", turn.scope.user_id, turn.scope.project_id, turn.id, digest)
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def _fact_of(turn: Memory, found: Statement, digest: str, clock: Clock) -> Memory:
    now = clock.now()
    return replace(
        turn,
        id=new_id(now),
        kind=Kind.FACT,
        text=found.text,
        title=None,
        role=None,
        position=0,
        created_at=now,
        content_hash=digest,
        metadata={"category": found.category},
        source=Source(turn.source.client, turn.source.file, None),
        sources=(turn.id,),
        valid_from=turn.occurred_at,
        version=1,
    )


class Summarising:
    """Keeps one summary a conversation, written anew as it grows."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records, self._clock = records, clock

    async def __call__(self, jobs: Sequence[Job]) -> None:
        """Do a batch of jobs; each conversation once."""
        named: Iterable[tuple[str, str, str]] = dict.fromkeys(
            (str(user), str(project), str(name))
            for job in jobs
            for user, project, name in job.payload.get("conversations", ())
        )
        for user, project, name in named:
            await self._summarise(Reach(user, project, name))

    async def _summarise(self, reach: Reach) -> None:
        page = await self._records.page(Where(reach, (Kind.SUMMARY,), stale=True), limit=1)
        old = page.memories[0] if page.memories else None
        turns = await self._records.turns(reach)
        if len(turns) < FEWEST_TURNS:
            return
        text = summary(turns)
        if not text:
            return
        now = self._clock.now()
        last = turns[-1]
        digest = content_hash(text)
        made = replace(
            last,
            kind=Kind.SUMMARY,
            text=text,
            title=title(turns) or None,
            role=None,
            speaker=None,
            keywords=(),
            entities=(),
            metadata={},
            source=Source(),
            sources=tuple(turn.id for turn in turns),
            position=0,
            repeats=1,
            dense=True,
            content_hash=digest,
        )
        if old is None:
            made = replace(made, id=new_id(now), created_at=now, version=1)
            key = "summary:" + "\x1f".join((reach.user_id or "", reach.project_id or "", reach.conversation_id or ""))
            await self._records.commit(
                Batch(adds=[Entry(made, index(made), key)], tasks=[Task("embed", {"ids": [made.id]})])
            )
        elif digest != old.content_hash:
            made = replace(made, id=old.id, created_at=old.created_at, version=old.version + 1)
            await self._records.commit(
                Batch(revisions=[Revision(made, index(made))], tasks=[Task("embed", {"ids": [old.id]})])
            )
