"""The job that completes memories by the offline rules: facts beside turns, near repeats, what is replaced."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from recollect.aside import EACH, aside
from recollect.capture.file import file_of
from recollect.capture.ids import new_id
from recollect.capture.intake import content_hash
from recollect.exchange import Batch, Entry, Revision
from recollect.infer.ask import MADE_BY, RULES
from recollect.models import FLAGS, Job, Kind, Memory, Reach, Source, Task, Where
from recollect.ports import Clock, Records, Words
from recollect.process.index import index
from recollect.process.resolve import NEAR, near, supersedes
from recollect.process.statements import Statement, statements
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
        await self.derive(items, grown(items))

    async def derive(self, items: Sequence[Memory], talks: Sequence[Sequence[str | None]] = ()) -> None:
        """Do what the rules can for memories, and put conversations (user, project, name) down for summaries."""
        told = _Told(self._clock)
        for item in items:
            for found in statements(item):
                digest = content_hash(found.text)
                if not told.again(item, digest):
                    told.add(item, found, digest, await self._records.same(item.scope, digest))
        new = await self._write(told, talks)
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
        long = sum(EACH + len(fact.text) for fact, _ in facts)
        entries = await aside(lambda: [Entry(fact, index(fact), key) for fact, key in facts], long)
        done = await self._records.commit(Batch(adds=entries, revisions=counted, tasks=tasks))
        return [fact for (fact, _), new in zip(facts, done.new, strict=True) if new]

    async def _settle(self, item: Memory) -> None:
        """Compare a new fact or note with what is known: tie near repeats, retire what it replaces.

        What may be written to steer its reader takes nothing from what is known.
        """
        asked = question(item.text) if not item.flags else []
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


def grown(items: Iterable[Memory]) -> list[list[str | None]]:
    """Return the conversations (user, project, name) that these turns have made due for a summary."""
    return [
        list(talk)
        for talk in dict.fromkeys(
            (item.scope.user_id, item.scope.project_id, item.scope.conversation_id)
            for item in items
            if item.scope.conversation_id and due(item.position)
        )
    ]


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
        metadata=_metadata_of(turn, found),
        source=Source(turn.source.client, turn.source.file, None),
        sources=(turn.id,),
        valid_from=turn.occurred_at,
        version=1,
    )


def _metadata_of(turn: Memory, found: Statement) -> dict[str, Any]:
    """Return what is known of a fact beside its words; what a flagged turn states is flagged as well."""
    known = {"category": found.category, MADE_BY: RULES}
    return {**known, FLAGS: list(turn.flags)} if turn.flags else known
