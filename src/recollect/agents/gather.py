"""Reads from the store what a session is to be told: what holds, what was decided, what is open, what went before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from recollect.agents.briefing import Item, Section, item_of
from recollect.engine import Engine
from recollect.models import Conversation, Kind, Memory, Reach, Role, Tier, Where
from recollect.retrieve.filters import parse
from recollect.text import tokens

STANDING: Final = parse({"OR": [{"tier": "global"}, {"category": {"in": ["decision", "plan"]}}]})
LOOKED_AT: Final = 60
"""Standing memories and notes that are looked at, the newest first."""
SESSIONS: Final = 5
OPEN_FOR: Final = timedelta(days=30)
LATEST: Final = 160
"""Tokens of the last session's summary and of what was said last; those before have half of it."""
TURNS, DONE = 8, 12
"""Turns and observations of a session that are told again after it was compacted."""
INJECT: Final = "inject"
"""The purpose under which contexts are noted in the usage."""


@dataclass(frozen=True, slots=True)
class Stands:
    """What a text stands for: how many memories it was made of and their tokens."""

    memories: int
    tokens: int


class Gather:
    """Reads over one project of one user."""

    def __init__(self, engine: Engine, reach: Reach) -> None:
        self._engine, self._reach = engine, reach
        self._records = engine.stores.records

    async def last_said(self, session: str) -> datetime | None:
        """Return when something was last said in a session, `None` when nothing of it is known."""
        reach = Reach(self._reach.user_id, self._reach.project_id, session)
        found = await self._records.conversations(reach, limit=1)
        return found[0].ended_at if found else None

    async def project(self, session: str, since: datetime | None) -> list[Section]:
        """Return what is worth knowing of the project besides this session, of what came after `since`."""
        found = await self._news(await self._standing(), session, since)
        facts = {source for item in found if item.kind is Kind.FACT for source in item.sources}
        found = _once(item for item in found if item.id not in facts)
        holds = [item for item in found if item.tier is Tier.GLOBAL]
        category = {item.id: item.metadata.get("category") for item in found}
        rest = [item for item in found if item.tier is not Tier.GLOBAL]
        decided = [item for item in rest if category[item.id] == "decision"]
        horizon = self._engine.now() - OPEN_FOR
        planned = [item for item in rest if category[item.id] == "plan" and item.occurred_at > horizon]
        noted = [item for item in rest if category[item.id] not in ("decision", "plan")]
        last, sessions = await self._sessions(session, since)
        made = [
            Section("Holds always", _items(sorted(holds, key=lambda item: -item.importance)), 0.35),
            Section("Where it stood", tuple(last), 0.3),
            Section("Decided", _items(decided), 0.2),
            Section("Noted", _items(noted), 0.2),
            Section("Planned", _items(planned), 0.15),
            Section("Sessions before", tuple(sessions), 0.4),
        ]
        return [section for section in made if section.items]

    async def thread(self, session: str) -> list[Section]:
        """Return what was last said and done in a session, in order."""
        reach = Reach(self._reach.user_id, self._reach.project_id, session)
        said = await self._newest(reach, (Kind.TURN,), TURNS)
        done = await self._newest(reach, (Kind.OBSERVATION,), DONE)
        talk = [item_of(item, most=LATEST, who=_speaker(item)) for item in said]
        made = [
            Section("Said before the compaction", tuple(talk), 0.5, is_thread=True),
            Section("Done before the compaction", _items(done), 0.25, is_thread=True),
        ]
        return [section for section in made if section.items]

    async def stands(self, ids: Sequence[str]) -> Stands:
        """Return what memories stand for: what they were made of, or else they themselves, each counted once."""
        own = await self._records.get(ids)
        made_of = [source for item in own for source in item.sources]
        texts = {item.id: item.text for item in await self._records.get(list(dict.fromkeys(made_of)))}
        texts |= {item.id: item.text for item in own if not any(source in texts for source in item.sources)}
        return Stands(len(texts), sum(map(tokens.count, texts.values())))

    async def cost(self) -> float | None:
        """Return what models cost this project in the last 30 days, in US dollars; `None` where none was asked."""
        spent = await self._records.usage(since=self._engine.now() - timedelta(days=30))
        asked = [item.cost for item in spent if item.purpose != INJECT and item.project_id == self._reach.project_id]
        return sum(asked) if asked else None

    async def _news(self, items: Sequence[Memory], session: str, since: datetime | None) -> list[Memory]:
        """Return those that are news to a session: a fact is as old as the oldest turn it was made of."""
        born: dict[str, datetime] = {}
        if since is not None:
            made_of = {source for item in items if item.kind is Kind.FACT for source in item.sources}
            born = {item.id: item.created_at for item in await self._records.get(sorted(made_of))}
        return [
            item
            for item in items
            if _is_new(item, session, since, min((born[name] for name in item.sources if name in born), default=None))
        ]

    async def _standing(self) -> list[Memory]:
        now = self._engine.now()
        holds = Where(self._reach, (Kind.TURN, Kind.FACT), STANDING, valid_at=now)
        notes = Where(self._reach, (Kind.NOTE,), valid_at=now)
        pages = [await self._records.page(where, limit=LOOKED_AT) for where in (holds, notes)]
        return [item for page in pages for item in page.memories if item.dense and not item.flags]

    async def _sessions(self, session: str, since: datetime | None) -> tuple[list[Item], list[Item]]:
        """Return how the last session ended, and what the ones before and it were about."""
        talks = await self._records.conversations(self._reach, limit=8 * SESSIONS)
        others = [talk for talk in talks if _is_other(talk, session, since)][:SESSIONS]
        page = await self._records.page(Where(self._reach, (Kind.SUMMARY,), stale=True), limit=8 * SESSIONS)
        told = {
            str(item.metadata.get("session") or item.scope.conversation_id): item
            for item in page.memories[::-1]
            if not item.flags
        }
        last, lines = [], []
        for place, talk in enumerate(others):
            summary = told.get(talk.id)
            if place == 0 or summary is None:
                ended = await self._end_of(talk)
                if place == 0:
                    last = ended
                elif ended:
                    lines.append(ended[0])
            if summary is not None:
                lines.append(item_of(summary, most=LATEST if place == 0 else LATEST // 2))
        return last, lines

    async def _end_of(self, talk: Conversation) -> list[Item]:
        """Return the last thing asked in a conversation, and the last answer."""
        turns = await self._newest(Reach(talk.user_id, talk.project_id, talk.id), (Kind.TURN,), TURNS)
        asked = next((item for item in turns if item.role is Role.USER and item.dense), None)
        answer = next((item for item in turns if item.role is Role.ASSISTANT and item.dense), None)
        return [item_of(item, most=LATEST // 2, who=_speaker(item)) for item in (asked, answer) if item is not None]

    async def _newest(self, reach: Reach, kinds: tuple[Kind, ...], limit: int) -> tuple[Memory, ...]:
        page = await self._records.page(Where(reach, kinds), limit=limit)
        return tuple(item for item in page.memories if not item.flags)


def _is_new(item: Memory, session: str, since: datetime | None, born: datetime | None) -> bool:
    """Whether a memory is news to a session; what subagents were asked is nobody's word and never is.

    `born` is when the first of what a fact was made of was written, `None` for what was made of nothing.
    """
    talk = item.scope.conversation_id or ""
    return "/" not in talk and (since is None or (talk != session and (born or item.created_at) > since))


def _is_other(talk: Conversation, session: str, since: datetime | None) -> bool:
    """Whether a conversation is another session than this one; what subagents said belongs to their sessions."""
    return talk.turns > 0 and talk.id != session and "/" not in talk.id and (since is None or talk.ended_at > since)


def _once(items: Iterable[Memory]) -> list[Memory]:
    return list({item.content_hash: item for item in items}.values())


def _items(memories: Sequence[Memory]) -> tuple[Item, ...]:
    return tuple(item_of(item) for item in memories)


def _speaker(item: Memory) -> str:
    return {Role.USER: "Asked: ", Role.ASSISTANT: "Answered: "}.get(item.role or Role.SYSTEM, "")
