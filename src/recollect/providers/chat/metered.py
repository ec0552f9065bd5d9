"""A language model whose every call is noted: what it was for, what it took, what it cost, and how it ended."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from recollect.exchange import Asking, Spoken
from recollect.meters import Deed, Meters
from recollect.models import Usage
from recollect.ports import Chat, Clock
from recollect.providers.chat.budget import Budget
from recollect.providers.chat.ledger import Ledger
from recollect.providers.chat.price import Price
from recollect.text import tokens

USUAL_ANSWER: Final = 1000
"""Tokens that an answer without a limit is expected to have, before it is known."""


@dataclass(slots=True)
class _Call:
    """What is known of a call while it is under way."""

    said: list[str] = field(default_factory=list)
    spoken: Spoken | None = None


class MeteredChat:
    """Passes questions on while the budget lasts, and notes each call when it ends, however it does.

    Tokens are those the provider tells, else counted by recollect's own estimate; a call that failed before it said
    anything took none. Nobody waits for the note to be written.
    """

    def __init__(self, chat: Chat, price: Price, budget: Budget, ledger: Ledger, meters: Meters, clock: Clock) -> None:
        self._chat, self._price, self._budget = chat, price, budget
        self._ledger, self._meters, self._clock = ledger, meters, clock

    @property
    def model(self) -> str:
        """That of the model within."""
        return self._chat.model

    async def answer(self, asking: Asking) -> Spoken:
        """Return what the model within returns; raise BudgetSpent where it may not be asked."""
        async with self._noted(asking) as call:
            call.spoken = await self._chat.answer(asking)
            return call.spoken

    async def stream(self, asking: Asking) -> AsyncGenerator[str | Spoken]:
        """Yield what the model within yields; raise BudgetSpent where it may not be asked."""
        async with self._noted(asking) as call, aclosing(self._chat.stream(asking)) as pieces:
            async for piece in pieces:
                if isinstance(piece, str):
                    call.said.append(piece)
                else:
                    call.spoken = piece
                yield piece

    @asynccontextmanager
    async def _noted(self, asking: Asking) -> AsyncIterator[_Call]:
        asked = sum(tokens.count(one["content"]) for one in asking.messages)
        asked += 0 if asking.schema is None else tokens.count(json.dumps(asking.schema))
        most = asking.limit or USUAL_ANSWER
        call = _Call()
        async with self._budget.hold(asked + most, self._price.dollars(asked, most)) as held:
            at, begun = self._clock.now(), time.perf_counter()
            try:
                yield call
            finally:
                seconds = time.perf_counter() - begun
                read, written, cached = self._took(call, asked)
                cost = self._price.dollars(read, written, cached)
                self._meters(Deed("model", self.model, seconds, read + written, failed=call.spoken is None))
                self._ledger.jot(
                    Usage(
                        at,
                        asking.purpose,
                        self.model,
                        read,
                        written,
                        cost,
                        round(seconds * 1000, 1),
                        asking.project_id,
                        "failed" if call.spoken is None else "answered",
                    )
                )
                held.tokens, held.dollars = read + written, cost

    def _took(self, call: _Call, asked: int) -> tuple[int, int, int]:
        """Return the tokens in and out, and how many of those in came from the provider's cache."""
        spoken = call.spoken
        if spoken is None:
            said = "".join(call.said)
            return (asked, tokens.count(said), 0) if said else (0, 0, 0)
        read = asked if spoken.tokens_in is None else spoken.tokens_in
        written = tokens.count(spoken.text) if spoken.tokens_out is None else spoken.tokens_out
        return read, written, spoken.cached_in
