"""Keeps a conversation's summary up to date by a model: what there was, and the turns since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recollect.capture.poison import flags
from recollect.capture.redact import redact
from recollect.infer.ask import Ask
from recollect.infer.fence import fenced, told
from recollect.infer.given import text
from recollect.infer.schema import SUMMARISE
from recollect.infer.support import supported
from recollect.models import Memory
from recollect.process.summarise import LIMIT, TITLE
from recollect.text import tokens
from recollect.text.language import language
from recollect.text.sentence import sentences

PER_CALL = 12_000
"""Tokens of turns in one call; a longer conversation is summed up in steps, each on top of the one before."""
PER_TURN = 400
STEPS = 8
"""Most steps of one job; of what is longer still, the first turns and the last are read."""
LONGEST = 4_000
"""Characters of the longest summary that is looked at."""


@dataclass(frozen=True, slots=True)
class Summed:
    """A summary, a title (empty: none that can be used) and the model that wrote them."""

    text: str
    title: str
    by: str


async def summarise(ask: Ask, before: Memory | None, turns: Sequence[Memory], *, limit: int = LIMIT) -> Summed | None:
    """Return a summary of what was summed up before and the turns since; `None` where no model gave one that holds.

    Sentences that neither the summary before nor the turns bear out are dropped.
    """
    made: Summed | None = None
    for part in _parts(turns):
        base = before.text if made is None and before is not None else made.text if made is not None else ""
        made = await _step(ask, base, before, part, limit)
        if made is None:
            return None
    return made


async def _step(ask: Ask, base: str, before: Memory | None, turns: Sequence[Memory], limit: int) -> Summed | None:
    answered = await ask.json(
        "summarization",
        "summarise",
        language(" ".join(turn.text[:500] for turn in turns)),
        SUMMARISE,
        project_id=turns[0].scope.project_id,
        limit=2 * limit + 200,
        before=fenced(base.splitlines()),
        data=fenced([told(f"t{number}", turn, most=PER_TURN) for number, turn in enumerate(turns, 1)]),
        tokens=str(limit),
    )
    if answered is None:
        return None
    raw = answered.data.get("summary")
    if not isinstance(raw, str) or len(raw) > LONGEST:
        return None
    sources = [*turns] if before is None else [before, *turns]
    kept = _held(redact(raw).text, sources, base, limit)
    title = text(answered.data.get("title"), TITLE) or ""
    return Summed(kept, "" if flags(title) else title, answered.model) if kept else None


def _held(raw: str, sources: Sequence[Memory], base: str, limit: int) -> str:
    """Return the sentences that the sources bear out, or that stood before, as far as there is room."""
    kept: list[str] = []
    for start, end in sentences(raw):
        said = " ".join(raw[start:end].split())
        if flags(said) or not (said in base or supported(said, sources)):
            continue
        if tokens.count(" ".join([*kept, said])) > limit:
            break
        kept.append(said)
    return " ".join(kept)


def _parts(turns: Sequence[Memory]) -> list[list[Memory]]:
    """Return turns in runs of at most `PER_CALL` tokens, at most `STEPS` of them."""
    parts: list[list[Memory]] = []
    room = 0
    for turn in turns:
        size = min(PER_TURN, tokens.count(turn.text[: 12 * PER_TURN])) + 20
        if size > room:
            parts.append([])
            room = PER_CALL
        parts[-1].append(turn)
        room -= size
    return parts if len(parts) <= STEPS else [parts[0], *parts[1 - STEPS :]]
