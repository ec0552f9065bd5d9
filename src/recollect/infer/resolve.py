"""Compares new facts with known ones by a model: which say the same again, which correct, which end what was true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from recollect.infer.ask import Ask
from recollect.infer.fence import fenced, told
from recollect.infer.given import objects
from recollect.infer.schema import DEEDS, RESOLVE
from recollect.models import Memory
from recollect.text.language import language
from recollect.text.words import terms


@dataclass(frozen=True, slots=True)
class Pair:
    """What a new memory does to a known one, by their ids."""

    new: str
    known: str
    does: Literal["repeats", "corrects", "replaces"]


async def resolve(ask: Ask, new: Sequence[Memory], known: Sequence[Memory]) -> tuple[tuple[Pair, ...], str] | None:
    """Return the pairs and the model that named them, `None` without an answer.

    A pair is dropped whose labels were not given, that has no word in common, whose known one was said later, or whose
    new one is in another pair that says it adds nothing.
    """
    news = {f"n{number}": item for number, item in enumerate(new, 1)}
    olds = {f"k{number}": item for number, item in enumerate(known, 1)}
    answered = await ask.json(
        "extraction",
        "resolve",
        language(" ".join(item.text for item in new)),
        RESOLVE,
        project_id=new[0].scope.project_id,
        data=fenced([told(label, item, most=200) for label, item in {**news, **olds}.items()]),
    )
    if answered is None:
        return None
    found: dict[tuple[str, str], Pair] = {}
    for value in objects(answered.data, "pairs", 4 * len(new) + 8):
        one, other = news.get(str(value.get("new"))), olds.get(str(value.get("known")))
        if one is None or other is None or one.id == other.id or value.get("does") not in DEEDS:
            continue
        if other.occurred_at > one.occurred_at or not _meet(one, other):
            continue
        found.setdefault((one.id, other.id), Pair(one.id, other.id, value["does"]))
    return _settled(found), answered.model


def _settled(found: Mapping[tuple[str, str], Pair]) -> tuple[Pair, ...]:
    """Return pairs without contradiction: what only repeats ends nothing, and each known one ends once."""
    repeated = {pair.new: pair for pair in reversed(list(found.values())) if pair.does == "repeats"}
    ended: dict[str, Pair] = {}
    for pair in found.values():
        if pair.new not in repeated:
            ended.setdefault(pair.known, pair)
    return (*repeated.values(), *ended.values())


def _meet(one: Memory, other: Memory) -> bool:
    return bool(frozenset(terms(one.text)) & frozenset(terms(other.text)))
