"""How many calls and tokens memories take: as measured when this was released, or as the store in hand has seen it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Final

from recollect.agents.gather import INJECT
from recollect.exchange import Census
from recollect.models import Usage
from recollect.ops.spending import KEPT

USUAL: Final = "usual"
LEAST_CALLS: Final = 20
LEAST_TURNS: Final = 100
"""Below which a store has not seen enough to tell."""
EMBEDDING: Final = "embedding"
RERANKING: Final = "reranking"
TASKS: Final = {
    "classify": "classification",
    "extract": "extraction",
    "resolve": "extraction",
    "observe": "extraction",
    "summarise": "summarization",
    "understand": "classification",
    "memory_fusion_prompt_programming": "fusion",
    "chat": "completion",
}
"""Which task a purpose belongs to: the task is what a model is named for."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What one purpose takes: calls for each turn or context, tokens a call, and how many of those in are alike."""

    purpose: str
    task: str
    per: str
    calls: float
    tokens_in: float
    tokens_out: float
    same_in: float = 0.0


@dataclass(frozen=True, slots=True)
class Rates:
    """What everything takes for each turn, and where that was measured. `bytes` are those of the database."""

    source: str
    rates: tuple[Rate, ...]
    embedded: float
    bytes: float


@cache
def shipped(run: str = USUAL) -> Rates:
    """Return a run of `bench/cost.py` as it was when this was released."""
    found: dict[str, Any] = json.loads((files("recollect") / "data" / "cost.json").read_text(encoding="utf-8"))
    measured = found["runs"][run]
    fields = ("task", "per", "calls", "tokens_in", "tokens_out", "same_in")
    rates = [Rate(name, **{field: one[field] for field in fields}) for name, one in measured["purposes"].items()]
    return Rates(found["source"], tuple(rates), measured["embedded_tokens"], measured["bytes"])


def seen(spent: Sequence[Usage], turns: int, census: Census) -> Rates:
    """Return what a store has seen, its own figures where there are enough and the shipped ones elsewhere.

    `turns` counts those captured since the first of `spent`. Contexts are not counted by a store, so that what they
    take is told for each turn.
    """
    usual = shipped()
    mine = _asked(spent, turns) if turns >= LEAST_TURNS else ()
    sized = census.turns >= LEAST_TURNS
    rates = (
        usual if not mine else replace(usual, rates=mine, source=f"this store: {turns:,} turns since models were asked")
    )
    read = sum(one.tokens_in for one in spent if one.purpose == EMBEDDING)
    return replace(
        rates,
        source=rates.source + (f"; bytes: this store, {census.turns:,} turns" if sized else ""),
        embedded=read / turns if mine and read else usual.embedded,
        bytes=census.size / census.turns if sized else usual.bytes,
    )


def asked(spent: Sequence[Usage]) -> list[Usage]:
    """Return what asked a language model."""
    beside = {INJECT, EMBEDDING, RERANKING}
    return [one for one in spent if one.outcome and one.outcome not in KEPT and one.purpose not in beside]


def _asked(spent: Sequence[Usage], turns: int) -> tuple[Rate, ...]:
    calls = asked(spent)
    if len(calls) < LEAST_CALLS:
        return ()
    alike = {rate.purpose: rate.same_in for rate in shipped().rates}
    rates = []
    for purpose in sorted({one.purpose for one in calls}):
        ones = [one for one in calls if one.purpose == purpose]
        rates.append(
            Rate(
                purpose,
                TASKS.get(purpose, "completion"),
                "turn",
                len(ones) / turns,
                sum(one.tokens_in for one in ones) / len(ones),
                sum(one.tokens_out for one in ones) / len(ones),
                alike.get(purpose, 0.0),
            )
        )
    return tuple(rates)
