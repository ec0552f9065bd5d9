"""The job that keeps one summary a conversation: by a model on top of the one before, or by the rules anew."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from recollect.capture.ids import new_id
from recollect.capture.intake import content_hash
from recollect.exchange import Batch, Entry, Revision
from recollect.infer.ask import MADE_BY, RULES, Ask
from recollect.infer.summarise import Summed
from recollect.infer.summarise import summarise as asked
from recollect.models import Job, Kind, Memory, Reach, Source, Task
from recollect.ports import Clock, Records
from recollect.process.index import index
from recollect.process.summarise import summary, title
from recollect.worker.derive import FEWEST_TURNS


@dataclass(frozen=True, slots=True)
class _Talk:
    """A conversation: its turns, the key of its summary, and the summary there is."""

    turns: Sequence[Memory]
    key: str
    old: Memory | None


class Summarising:
    """Keeps one summary a conversation, written anew as it grows; `together` conversations are summed up at once."""

    def __init__(self, records: Records, clock: Clock, ask: Ask | None = None, *, together: int = 4) -> None:
        self._records, self._clock, self._ask = records, clock, ask and ask.behind()
        self._places = asyncio.Semaphore(together)

    async def __call__(self, jobs: Sequence[Job]) -> None:
        """Do a batch of jobs; each conversation once."""
        named = dict.fromkeys(
            (str(user), str(project), str(name))
            for job in jobs
            for user, project, name in job.payload.get("conversations", ())
        )
        done = await asyncio.gather(*(self._one(Reach(*talk)) for talk in named), return_exceptions=True)
        for failure in done:
            if isinstance(failure, BaseException):
                raise failure

    async def _one(self, reach: Reach) -> None:
        async with self._places:
            talk = await self._talk(reach)
            made = None if talk is None else await self._made(talk)
            if talk is None or made is None:
                return
            await self._write(talk, made)

    async def _talk(self, reach: Reach) -> _Talk | None:
        turns = await self._records.turns(reach)
        if len(turns) < FEWEST_TURNS:
            return None
        key = "summary:" + "\x1f".join((reach.user_id or "", reach.project_id or "", reach.conversation_id or ""))
        there = [found.id for found in await self._records.under(key, limit=1) if found.key == key]
        return _Talk(turns, key, next(iter(await self._records.get(there)), None))

    async def _made(self, talk: _Talk) -> Summed | None:
        """Return the summary as it should be; flagged turns are not told again in other words."""
        safe = [turn for turn in talk.turns if not turn.flags]
        if self._ask is not None and self._ask.offers("summarization"):
            before = talk.old if talk.old is not None and not talk.old.flags else None
            told = frozenset(before.sources) if before is not None else frozenset()
            new = [turn for turn in safe if turn.id not in told and turn.dense]
            if not new:
                return None
            found = await asked(self._ask, before, new)
            if found is not None:
                return found
        text = summary(safe)
        return Summed(text, title(safe), RULES) if text else None

    async def _write(self, talk: _Talk, found: Summed) -> None:
        now = self._clock.now()
        digest = content_hash(found.text)
        made = replace(
            talk.turns[-1],
            kind=Kind.SUMMARY,
            text=found.text,
            title=found.title or title([turn for turn in talk.turns if not turn.flags]) or None,
            role=None,
            speaker=None,
            keywords=(),
            entities=(),
            metadata={MADE_BY: found.by},
            source=Source(),
            sources=tuple(turn.id for turn in talk.turns),
            position=0,
            repeats=1,
            dense=True,
            content_hash=digest,
        )
        old = talk.old
        if old is None:
            made = replace(made, id=new_id(now), created_at=now, version=1)
            await self._commit(Batch(adds=[Entry(made, index(made), talk.key)]), made, found)
        elif digest != old.content_hash or (found.by != RULES and made.sources != old.sources):
            made = replace(made, id=old.id, created_at=old.created_at, version=old.version + 1)
            await self._commit(Batch(revisions=[Revision(made, index(made))]), made, found)

    async def _commit(self, batch: Batch, made: Memory, found: Summed) -> None:
        """Write a summary; one that a model wrote says new words, which are embedded."""
        tasks = [] if found.by == RULES else [Task("embed", {"ids": [made.id]})]
        await self._records.commit(replace(batch, tasks=tasks))
