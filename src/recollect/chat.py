"""Holds a conversation that remembers: finds what is known, answers with it, and keeps both turns of the session."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from recollect.capture.ids import new_id
from recollect.compose.answer import ANSWERED_BY, EXTRACTIVE, answer, pointer, tells
from recollect.engine import Engine
from recollect.errors import ProviderError, ProviderFailed
from recollect.exchange import Answered, Asking
from recollect.infer.composing import likely
from recollect.models import Context, Hit, Kind, Memory, Occasion, Reach, Role, Scope, Source, Telling
from recollect.ports import Clock, Models
from recollect.text import tokens
from recollect.text.rules import rules

log = logging.getLogger("recollect.chat")

TURNS = 12
"""Turns of the session that the model is given besides the message."""
TURN_TOKENS = 1000
"""Tokens of each of them; a pasted file need not be read again."""
PURPOSE = "chat"
"""What the usage notes answers of models under."""
CLIENT = "chat"
"""What captured turns name as their source."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The next words of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Restart:
    """The model failed: what was said so far is void, and the answer begins anew, from the memories alone."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The whole answer, once both turns are kept.

    `memories` are the ids of those that were given to the model or are quoted: none when nothing was. `fallback` says
    why the model did not answer, where one was asked and failed.
    """

    text: str
    model: str
    session_id: str
    memories: tuple[str, ...]
    fallback: str | None = None


Said = Piece | Restart | Reply


class Agent:
    """Answers messages over an engine, with a model where there is one.

    `language` is that of composed memories; `note` hears of each context that a model is given.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        models: Models,
        language: str | None = None,
        note: Callable[[Telling], None] = lambda _: None,
    ) -> None:
        self._engine, self._clock, self._models, self._language = engine, clock, models, language
        self._note = note

    def over(self, engine: Engine) -> Agent:
        """Return the same agent over another engine."""
        return Agent(engine, self._clock, self._models, self._language, self._note)

    async def reply(
        self, message: str, scope: Scope, reach: Reach, *, metadata: Mapping[str, Any] | None = None
    ) -> Reply:
        """Return the answer to a message, as `stream` makes it."""
        async with aclosing(self.stream(message, scope, reach, metadata=metadata)) as pieces:
            async for said in pieces:
                if isinstance(said, Reply):
                    return said
        raise ProviderFailed("The answer did not come to an end")

    async def stream(
        self, message: str, scope: Scope, reach: Reach, *, metadata: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[Said]:
        """Answer a message piece by piece; the last thing said is the `Reply`.

        Memories are looked for in `reach`. The turns are kept in `scope`, in a new session where it names none: the
        user's with `metadata` before the answer is made, so that it is not lost with whoever breaks off; the
        assistant's when it is complete. Raises InvalidInput and TooLarge before anything is kept, and StoreError.
        """
        scope = Scope(
            scope.user_id, scope.project_id, scope.conversation_id or new_id(self._clock.now()), scope.agent_id
        )
        session = scope.conversation_id or ""
        history = await self._history(scope)
        hits = await self._hits(message, reach)
        (own,) = await self._keep(Role.USER, message, scope, metadata)
        fallback = None
        if self._models.offers("completion"):
            composed = await self._composed(message, likely(hits), reach, {turn.id for turn in history})
            told = Telling(self._clock.now(), Occasion.CHAT, scope, composed.memories, composed.tokens, turn=own)
            answered: Answered | None = None
            try:
                asking = self._asking(message, composed, history, scope)
                async with aclosing(self._models.stream(asking)) as pieces:
                    async for piece in pieces:
                        if isinstance(piece, Answered):
                            answered = piece
                        else:
                            yield Piece(piece)
            except ProviderError as error:
                log.warning("no chat model answered: %s", error.code)
                fallback = f"No language model answered ({error.code})"
                yield Restart(fallback)
            if answered is not None:
                self._note(told)
                text, model = answered.text, answered.model
                await self._keep(Role.ASSISTANT, text, scope, _marks(model, composed.memories))
                yield Reply(text, model, session, composed.memories)
                return
        quotable = likely([hit for hit in hits if tells(hit.memory)])
        made = answer(message, quotable, kept=own is not None)
        yield Piece(made.text)
        await self._keep(Role.ASSISTANT, pointer(made.memories), scope, _marks(EXTRACTIVE, made.memories))
        yield Reply(made.text, EXTRACTIVE, session, made.memories, fallback)

    async def _history(self, scope: Scope) -> list[Memory]:
        """Return the last turns of the session, the oldest first."""
        session = Reach(scope.user_id, scope.project_id, scope.conversation_id)
        page = await self._engine.list(session, kinds=(Kind.TURN,), limit=TURNS)
        return list(reversed(page.memories))

    async def _hits(self, message: str, reach: Reach) -> list[Hit]:
        """Return what was found, without what is flagged and answers that only point at memories."""
        if not message.strip():
            return []
        found = await self._engine.search(message, reach, limit=self._engine.rules.top_k)
        said = [hit for hit in found if hit.memory.metadata.get(ANSWERED_BY) != EXTRACTIVE]
        return [hit for hit in said if not hit.memory.flags]

    async def _composed(self, message: str, hits: Sequence[Hit], reach: Reach, known: set[str]) -> Context:
        """Return what the model is told is remembered: what the session's last turns do not say already."""
        new = [hit for hit in hits if hit.memory.id not in known]
        return await self._engine.composing.context(message, new, reach, budget=None, form="markdown")

    async def _keep(
        self, role: Role, text: str, scope: Scope, metadata: Mapping[str, Any] | None
    ) -> tuple[str | None, ...]:
        """Capture one turn; each message is a new one, however often the same words are said."""
        now = self._clock.now()
        turn = {
            "role": role.value,
            "content": text,
            "message_id": new_id(now),
            "occurred_at": now,
            "metadata": metadata,
        }
        return (await self._engine.capture([turn], scope, source=Source(CLIENT))).ids

    def _asking(self, message: str, composed: Context, history: Sequence[Memory], scope: Scope) -> Asking:
        """Return what a model is asked: what is remembered, what was said of late, and the message."""
        messages = [{"role": "system", "content": self._prompt(composed)}]
        messages += [_turn(item) for item in history]
        messages.append({"role": "user", "content": message})
        return Asking("completion", PURPOSE, messages, cached=False, project_id=scope.project_id)

    def _prompt(self, composed: Context) -> str:
        text: str = rules("answer")["prompt"]["text"]
        now = self._clock.now().isoformat(timespec="minutes")
        return text.replace("{now}", now).replace("{memories}", composed.text).strip()


def _turn(item: Memory) -> dict[str, str]:
    """Return an earlier turn as a model reads it; roles it has no word for speak as the user."""
    role = "assistant" if item.role is Role.ASSISTANT else "user"
    return {"role": role, "content": tokens.cut(item.text, TURN_TOKENS)}


def _marks(model: str, memories: Sequence[str]) -> dict[str, Any]:
    """Return the metadata of an assistant's turn: what answered, and from which memories."""
    return {ANSWERED_BY: model, "memories_used": list(memories)}
