"""The jobs that complete memories by the offline rules: facts beside turns, near repeats, summaries."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b

from recollect.capture.file import file_of
from recollect.capture.ids import new_id
from recollect.capture.intake import content_hash
from recollect.exchange import Batch, Entry, Revision
from recollect.models import Job, Kind, Memory, Reach, Source, Task, Where
from recollect.ports import Clock, Records, Words
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


class _Told:
    """The facts one batch states, each once however often it is said: the fact, its key, and whether it is new."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.facts: dict[tuple[str, str, str], tuple[Memory, str, bool]] = {}
        self._known: dict[tuple[str, str, str], Memory] = {}

    def again(self, turn: Memory, digest: str) -> bool:
        """Count a fact that this batch has already; return whether it has."""
        place = _place(turn, digest)
        if place in self.facts:
            fact, key, fresh = self.facts[place]
            if turn.id not in fact.sources:
                more = replace(fact, sources=(*fact.sources, turn.id), repeats=fact.repeats + 1)
                self.facts[place] = (more, key, fresh)
            return True
        return place in self._known and turn.id in self._known[place].sources

    def add(self, turn: Memory, found: Statement, digest: str, same: Memory | None) -> None:
        """Take a statement up: as a new fact, or as one more source of the one that says the same."""
        place = _place(turn, digest)
        if same is None:
            self.facts[place] = (_fact_of(turn, found, digest, self._clock), fact_key(turn, digest), True)
        elif turn.id in same.sources:
            self._known[place] = same
        else:
            more = replace(same, sources=(*same.sources, turn.id), repeats=same.repeats + 1, version=same.version + 1)
            self.facts[place] = (more, "", False)


def _place(turn: Memory, digest: str) -> tuple[str, str, str]:
    return turn.scope.user_id, turn.scope.project_id, digest


class Deriving:
    """Marks statements of turns as facts beside them, ties near repeats, retires what a newer fact replaces."""

    def __init__(self, records: Records, words: Words, clock: Clock) -> None:
        self._records, self._words, self._clock = records, words, clock

    async def __call__(self, jobs: Sequence[Job]) -> None:
        """Do a batch of jobs in one write; the conversations that have grown are put down for summaries."""
        items = await self._records.get([name for job in jobs for name in job.payload.get("ids", ())])
        told = _Told(self._clock)
        for item in items:
            for found in statements(item):
                digest = content_hash(found.text)
                if not told.again(item, digest):
                    told.add(item, found, digest, await self._records.same(item.scope, digest))
        talks = dict.fromkeys(
            (item.scope.user_id, item.scope.project_id, item.scope.conversation_id)
            for item in items
            if item.scope.conversation_id and due(item.position)
        )
        new = await self._write(told, [list(talk) for talk in talks])
        for item in (*new, *(item for item in items if item.kind in (Kind.NOTE, Kind.FACT) and not file_of(item))):
            await self._settle(item)

    async def _write(self, told: _Told, talks: Sequence[Sequence[str | None]]) -> list[Memory]:
        """Write the facts and the jobs they leave behind; return the facts that are new."""
        facts = [(fact, key) for fact, key, fresh in told.facts.values() if fresh]
        counted = [Revision(fact) for fact, _, fresh in told.facts.values() if not fresh]
        tasks = [Task("embed", {"ids": [fact.id for fact, _ in facts]})] if facts else []
        tasks += [Task("summarise", {"conversations": talks})] if talks else []
        if not facts and not counted and not tasks:
            return []
        entries = [Entry(fact, index(fact), key) for fact, key in facts]
        done = await self._records.commit(Batch(adds=entries, revisions=counted, tasks=tasks))
        return [fact for (fact, _), new in zip(facts, done.new, strict=True) if new]

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
            if old.id == item.id or file_of(old):  # what stands in a file is the file's own affair
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
        adds: list[Entry] = []
        revisions: list[Revision] = []
        for user, project, name in named:
            await self._summarise(Reach(user, project, name), adds, revisions)
        if adds or revisions:
            await self._records.commit(Batch(adds=adds, revisions=revisions))

    async def _summarise(self, reach: Reach, adds: list[Entry], revisions: list[Revision]) -> None:
        """Put down what is to be written for one conversation."""
        turns = await self._records.turns(reach)
        text = summary(turns) if len(turns) >= FEWEST_TURNS else ""
        if not text:
            return
        key = "summary:" + "\x1f".join((reach.user_id or "", reach.project_id or "", reach.conversation_id or ""))
        there = [found.id for found in await self._records.under(key, limit=1) if found.key == key]
        old = next(iter(await self._records.get(there)), None)
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
            adds.append(Entry(made, index(made), key))
        elif digest != old.content_hash:
            made = replace(made, id=old.id, created_at=old.created_at, version=old.version + 1)
            revisions.append(Revision(made, index(made)))
