"""Reads a question by a model before it is searched for: what it wants, other words for it, people, its time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from recollect.capture.poison import flags
from recollect.compose.escape import line
from recollect.exchange import Rephrased
from recollect.infer.ask import Ask
from recollect.infer.fence import fenced
from recollect.infer.given import day, texts
from recollect.infer.schema import INTENTS, UNDERSTAND
from recollect.models import Span
from recollect.text.language import language

LOOKED_AT = 1_000
"""Characters of a question that a model reads."""
MOST = 3
LONGEST = 200
"""Characters of another wording; a longer one is an answer."""
LIMIT = 250
"""Tokens of the answer: a search waits for it."""


class Understanding:
    """The Rephrase port over the models that classify: those are the quick ones."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def rephrase(self, question: str, *, asked_at: datetime, project_id: str = "default") -> Rephrased | None:
        """Return what else to look for and what is wanted, `None` where there is nothing of it or no answer."""
        said = line(question[:LOOKED_AT])
        if not said or flags(question[:LOOKED_AT]):
            return None
        answered = await self._ask.json(
            "classification",
            "understand",
            language(said),
            UNDERSTAND,
            project_id=project_id,
            limit=LIMIT,
            # To the day: equal questions of one day are one question to the cache.
            now=f"{asked_at.astimezone(UTC):%Y-%m-%d %A}",
            data=fenced([said]),
        )
        if answered is None:
            return None
        wordings = [text for text in texts(answered.data.get("texts"), LONGEST, MOST) if text != said]
        names = texts(answered.data.get("names"), 60, 5)
        span = _span(answered.data, asked_at)
        intent = next((one for one in INTENTS if one == answered.data.get("intent")), None)
        found = Rephrased(tuple(wordings), tuple(names), (span,) if span else (), intent)
        return found if found != Rephrased() else None


def _span(data: Mapping[str, Any], asked_at: datetime) -> Span | None:
    """Return the days an answer names, both inclusive; one alone is that day."""
    first, last = day(data.get("from"), asked_at), day(data.get("to"), asked_at)
    start, end = first or last, last or first
    if start is None or end is None or end < start:
        return None
    return Span(start, end + timedelta(days=1))
