"""Judges a memory by rules: how important and urgent it is, how close at hand to keep it, how much it says."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from recollect.models import Kind, Memory, Mention, Role, Tier
from recollect.process.cues import Cues
from recollect.process.density import density
from recollect.process.scan import Scan, scan
from recollect.process.statements import stated
from recollect.text.rules import rules

DENSE = 0.3
"""The default of the setting `semantic_density_threshold` (seeds/001): only texts that say nothing lie below.

The seed raises it to 0.7 to keep fewer observations; there about one full sentence is asked for.
"""
LOOKED_AT = 20_000
"""Characters judged; what is said later in a long text changes nothing about its rank."""

_CERTAIN = (Kind.NOTE, Kind.FACT)
_NUMBER = re.compile(r"\d")
_DATE = re.compile(r"\d{4}-\d\d|\b\d{1,2}:\d\d\b|\d月|\d{4}年")
_QUESTION = ("?", "？")
_CLOSING = " \t\r\n\"'”’)）]」*_"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say of a memory: `importance`, `urgency` and `density` in 0..1; `category` is a plain word."""

    importance: float
    urgency: float
    tier: Tier
    density: float
    category: str


def classify(
    memory: Memory,
    seen: Scan | None = None,
    mentions: Collection[Mention] = (),
    stating: Collection[str] | None = None,
) -> Judgement:
    """Judge a memory; what other rules found already may be handed in (`stating`: categories of its statements).

    Tier `global` takes what the user told every later session: instructions and preferences. `quick` is working
    state: what is under way, open or failing. Everything else is `archive`.
    """
    seen = seen or scan(memory.text[:LOOKED_AT])
    said = {name for name, _, _ in stated(seen, memory.role)} if stating is None else set(stating)
    met = _cues().met(seen)
    much = density(seen)
    table = rules("classify")
    importance = table["base"][memory.role or "other"] + table["kind"].get(memory.kind, 0.0)
    urgency = 0.0
    for name in met | _plain(seen, mentions):
        rule = table["rule"][name]
        importance += rule["importance"]
        urgency += rule.get("urgency", 0.0)
    if said:
        importance += max(table["statement"][name] for name in said)
    if much < DENSE:
        importance, urgency = min(importance, 0.1), min(urgency, 0.1)
    asking = seen.text.rstrip(_CLOSING).endswith(_QUESTION)
    return Judgement(
        round(min(1.0, importance), 3),
        round(min(1.0, urgency), 3),
        _tier(memory, met, said, much, asking=asking),
        much,
        _category(met, said, much, asking=asking),
    )


def dense(judgement: Judgement, threshold: float = DENSE) -> bool:
    """Whether a memory says enough to be embedded and injected."""
    return judgement.density >= threshold


def _plain(seen: Scan, mentions: Collection[Mention]) -> set[str]:
    """Return the rules that look at the form of a text instead of its words."""
    met = set()
    if _NUMBER.search(seen.text):
        met.add("number")
        if _DATE.search(seen.text):
            met.add("date")
    if mentions:
        met.add("named")
    return met


def _tier(memory: Memory, met: frozenset[str], said: set[str], much: float, *, asking: bool) -> Tier:
    if memory.role not in (Role.ASSISTANT, Role.TOOL) and ("instruction" in said or "preference" in said):
        return Tier.GLOBAL
    if memory.kind in _CERTAIN or much < DENSE:
        return Tier.ARCHIVE
    working = not met.isdisjoint(_working())
    failing = memory.role is not Role.ASSISTANT and ("error" in met or "outage" in met)
    return Tier.QUICK if (working or failing) and "result" not in met and not asking else Tier.ARCHIVE


def _category(met: frozenset[str], said: set[str], much: float, *, asking: bool) -> str:
    if much < DENSE:
        return "noise"
    if said:
        return next(str(name) for name in rules("statements")["order"] if name in said)
    if asking:
        return "question"
    table = rules("classify")["rule"] if met else {}
    return next((str(rule["category"]) for name, rule in table.items() if name in met and "category" in rule), "other")


@cache
def _working() -> frozenset[str]:
    """Return the rules that what is under way meets."""
    return frozenset(name for name, rule in rules("classify")["rule"].items() if rule.get("quick"))


@cache
def _cues() -> Cues:
    table = rules("classify")["rule"]
    return Cues(
        {name: rule["en"] for name, rule in table.items() if "en" in rule},
        {name: rule["zh"] for name, rule in table.items() if "zh" in rule},
    )
