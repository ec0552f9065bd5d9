"""The job that completes memories by models: judged, facts beside turns, what is known settled. Behind it the rules.

No transaction is open while a model is asked: what is needed is read, the models answer, then one commit writes it all.
A job run twice finds the facts of the first run by their keys, and asks only about what is still undone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from recollect.capture.file import file_of
from recollect.errors import Conflict, NotFound
from recollect.infer.ask import Ask
from recollect.infer.classify import Judged, classify
from recollect.infer.extract import Extracted, extract
from recollect.infer.resolve import Pair, resolve
from recollect.models import Job, Kind, Memory, Mention, Reach, Role, Where
from recollect.ports import Clock, Records, Words
from recollect.process.resolve import NEAR, near, supersedes
from recollect.text import tokens
from recollect.text.words import question, terms
from recollect.worker.derive import LOOKED_THROUGH, Deriving, grown
from recollect.worker.found import Findings, batch_of, facts_of, prefix

PER_CALL = 20
"""Turns of one conversation that a model reads in one call, unless another number is set."""
ROOM = 6_000
"""Tokens of them."""
BEFORE = 4
"""Earlier turns that are shown beside, to understand the new ones by."""
MOST_KNOWN = 40
"""Known memories that the new ones of one call are compared with."""
ALIKE = 0.12
"""Likeness below which a known memory is not compared with a new one: they hardly speak of the same thing."""
TRIES = 3
"""How often a result is written anew when what it changes was changed meanwhile."""


class Inferring:
    """Completes what jobs name; what no model answers falls to the rules.

    A model reads up to `batch` turns of a conversation in one call.
    """

    def __init__(
        self, records: Records, words: Words, clock: Clock, ask: Ask, rules: Deriving, *, batch: int = PER_CALL
    ) -> None:
        self._records, self._words, self._clock, self._rules = records, words, clock, rules
        self._batch = batch
        self._ask = ask.behind()

    async def __call__(self, jobs: Sequence[Job]) -> None:
        """Do a batch of jobs: turns of one conversation together."""
        ids = dict.fromkeys(str(name) for job in jobs for name in job.payload.get("ids", ()))
        items = await self._records.get(list(ids))
        done = await asyncio.gather(
            *(self._together(group) for group in grouped(items, self._batch)), return_exceptions=True
        )
        for failure in done:
            if isinstance(failure, BaseException):
                raise failure

    async def _together(self, items: Sequence[Memory]) -> None:
        turns = await self._undone([item for item in items if _telling(item)])
        judged, found = await asyncio.gather(self._classified(items), self._extracted(turns))
        if found is None:
            left = {item.id for item in turns}
            await self._rules.derive([item for item in items if not _telling(item) or item.id in left], grown(items))
            await self._write(Findings(judged=judged), items, ())
            return
        findings = await self._findings(found, {item.id: item for item in items}, judged)
        await self._write(findings, items, grown(items))

    async def _undone(self, turns: Sequence[Memory]) -> list[Memory]:
        """Return the turns that no fact of a model's is made of yet."""
        if not turns or not self._ask.offers("extraction"):
            return list(turns)
        ids = [one.id for turn in turns for one in await self._records.under(prefix(turn.id), limit=PER_CALL)]
        done = {source for fact in await self._records.get(ids) for source in fact.sources}
        return [turn for turn in turns if turn.id not in done]

    async def _classified(self, items: Sequence[Memory]) -> Mapping[str, Judged]:
        said = [item for item in items if item.kind is Kind.TURN and item.dense and not item.flags]
        if not said or not self._ask.offers("classification"):
            return {}
        return await classify(self._ask, said) or {}

    async def _extracted(self, turns: Sequence[Memory]) -> Extracted | None:
        """Return what a model found in turns (nothing, where there are none), `None` where the rules must do."""
        if not self._ask.offers("extraction"):
            return None
        if not turns:
            return Extracted((), {}, "")
        before = await self._before(turns[0])
        return await extract(self._ask, turns, before)

    async def _before(self, turn: Memory) -> list[Memory]:
        scope = turn.scope
        if scope.conversation_id is None or turn.position <= 1:
            return []
        reach = Reach(scope.user_id, scope.project_id, scope.conversation_id)
        around = await self._records.turns(reach, around=turn.position, span=BEFORE)
        return [item for item in around if item.position < turn.position and not item.flags]

    async def _findings(self, found: Extracted, items: Mapping[str, Memory], judged: Mapping[str, Judged]) -> Findings:
        """Return what is to be written of an answer, compared with what is known."""
        made = facts_of(found, items, self._clock.now())
        facts = [item for item, _ in made]
        mentions: dict[str, Sequence[Mention]] = dict(found.mentions)
        for item in facts:
            mentions[item.id] = _in(item, [one for source in item.sources for one in mentions.get(source, ())])
        notes = [item for item in items.values() if item.kind in (Kind.NOTE, Kind.FACT) and not item.flags]
        pairs, links = await self._settled(facts, [item for item in notes if not file_of(item)])
        relations = {item.id: fact.relations for item, fact in made if fact.relations}
        return Findings(facts, mentions, relations, judged, pairs, links)

    async def _settled(
        self, facts: Sequence[Memory], notes: Sequence[Memory]
    ) -> tuple[Sequence[Pair], Sequence[tuple[str, str, str]]]:
        """Return what new facts and notes do to known ones, and which are near repeats."""
        known: dict[str, Memory] = {}
        pairs: list[Pair] = []
        links: list[tuple[str, str, str]] = []
        new = [*facts, *notes]
        for item in new:
            for old in await self._alike(item):
                if _again(item, old):
                    pairs.append(Pair(item.id, old.id, "repeats"))
                    break
                alike = near(terms(item.text), terms(old.text))
                if alike >= NEAR:
                    links.append((item.id, old.id, "near"))
                if alike >= ALIKE:
                    known.setdefault(old.id, old)
        again = {pair.new for pair in pairs}
        left = [item for item in new if item.id not in again]
        olds = list(known.values())[:MOST_KNOWN]
        answered = await self._resolved(left, olds)
        if answered is not None:
            noted = {item.id for item in notes}  # a note was written on purpose, and stays whatever it repeats
            return [
                *pairs,
                *(pair for pair in answered[0] if not (pair.does == "repeats" and pair.new in noted)),
            ], links
        ruled = [Pair(item.id, old.id, "replaces") for item in left for old in olds if supersedes(item, old)]
        return [*pairs, *ruled], links

    async def _resolved(self, new: Sequence[Memory], olds: Sequence[Memory]) -> tuple[Sequence[Pair], str] | None:
        if not new or not olds:
            return None
        return await resolve(self._ask, new, olds)

    async def _alike(self, item: Memory) -> list[Memory]:
        """Return the known facts and notes most like a new one, that were not said after it."""
        asked = question(item.text)
        if not asked:
            return []
        where = Where(Reach(item.scope.user_id, item.scope.project_id), (Kind.FACT, Kind.NOTE))
        found = await self._words.search(asked, where, LOOKED_THROUGH)
        olds = await self._records.fetch([int(key) for key in found.keys])
        return [old for old in olds if old.id != item.id and not file_of(old) and not old.flags]

    async def _write(self, found: Findings, items: Sequence[Memory], talks: Sequence[Sequence[str | None]]) -> None:
        """Write findings in one transaction, anew where what they change was changed meanwhile."""
        named = {*found.judged, *(pair.known for pair in found.pairs), *(item.id for item in items)}
        for left in reversed(range(TRIES)):
            known = {item.id: item for item in await self._records.get(sorted(named))}
            batch = batch_of(found, known, talks)
            if not (batch.adds or batch.revisions or batch.mentions or batch.tasks or batch.links):
                return
            try:
                await self._records.commit(batch)
            except (Conflict, NotFound):
                if not left:
                    raise
            else:
                return


def grouped(items: Iterable[Memory], most: int = PER_CALL) -> list[list[Memory]]:
    """Return memories in groups that one call reads: of one conversation, in order, within the room."""
    talks: dict[tuple[str, str, str | None], list[Memory]] = {}
    for item in items:
        scope = item.scope
        talks.setdefault((scope.user_id, scope.project_id, scope.conversation_id), []).append(item)
    groups: list[list[Memory]] = []
    for talk in talks.values():
        room = 0
        for item in sorted(talk, key=lambda one: (one.position, one.occurred_at, one.id)):
            size = min(1_500, tokens.count(item.text[:18_000]))
            if size > room or len(groups[-1]) >= most:
                groups.append([])
                room = max(ROOM, size)
            groups[-1].append(item)
            room -= size
    return groups


def _telling(item: Memory) -> bool:
    """Whether facts are looked for in a memory."""
    return item.kind is Kind.TURN and item.role in (Role.USER, Role.ASSISTANT, None) and item.dense and not item.flags


def _again(item: Memory, old: Memory) -> bool:
    """Whether a new fact says nothing that a known one does not say, for sure."""
    if item.kind is not Kind.FACT or old.superseded_by:
        return False
    if item.content_hash == old.content_hash:
        return True
    shared = not frozenset(item.sources).isdisjoint(old.sources)
    return shared and near(terms(item.text), terms(old.text)) >= NEAR


def _in(item: Memory, mentions: Sequence[Mention]) -> list[Mention]:
    folded = item.text.casefold()
    return [mention for mention in mentions if mention.name.casefold() in folded]
