"""Judges turns by a model: how close at hand to keep each, how important and how urgent it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recollect.infer.ask import Ask
from recollect.infer.fence import fenced, told
from recollect.infer.given import objects, share
from recollect.infer.schema import CLASSIFY
from recollect.models import Memory, Role, Tier
from recollect.text.language import language

LOOKED_AT = 300
"""Tokens of a turn that it is judged by."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model says of one memory."""

    tier: Tier
    importance: float
    urgency: float
    by: str


async def classify(ask: Ask, items: Sequence[Memory]) -> Mapping[str, Judged] | None:
    """Return the judgement of each memory by its id, as far as the answer has a good one; `None` without an answer.

    Only what the user said becomes `global`: no answer of an assistant and no tool is told to every later session.
    """
    named = {f"t{number}": item for number, item in enumerate(items, 1)}
    answered = await ask.json(
        "classification",
        "classify",
        language(" ".join(item.text[:500] for item in items)),
        CLASSIFY,
        project_id=items[0].scope.project_id,
        limit=40 * len(items) + 60,
        data=fenced([told(label, item, most=LOOKED_AT) for label, item in named.items()]),
    )
    if answered is None:
        return None
    found: dict[str, Judged] = {}
    for value in objects(answered.data, "turns", 2 * len(items)):
        item = named.get(str(value.get("id")))
        importance, urgency = share(value.get("importance")), share(value.get("urgency"))
        tier = value.get("tier")
        if item is None or item.id in found or importance is None or urgency is None or tier not in set(Tier):
            continue
        if tier == Tier.GLOBAL and item.role in (Role.ASSISTANT, Role.TOOL):
            tier = Tier.ARCHIVE
        found[item.id] = Judged(Tier(str(tier)), importance, urgency, answered.model)
    return found
