"""Takes facts, entities and relations out of turns by a model, and believes none of them unlooked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recollect.capture.poison import flags
from recollect.capture.redact import redact
from recollect.infer.ask import Ask
from recollect.infer.fence import fenced, told
from recollect.infer.given import day, labels, objects, text, texts
from recollect.infer.schema import CATEGORIES, ENTITY_TYPES, EXTRACT
from recollect.infer.support import supported, touches
from recollect.models import EntityType, Memory, Mention
from recollect.process.statements import LONGEST, Statement
from recollect.text.language import language

MOST_FACTS = 6
"""Facts taken from one turn on average: who says more has pasted a document."""
MOST_RELATIONS = 4
NAME = 80
"""Characters of the longest name, and of the longest end of a relation."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement that stands alone, the ids of the turns that bear it out, and when it is true."""

    statement: Statement
    sources: tuple[str, ...]
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    relations: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a model found in some turns, and which model; `mentions` stand under the turns' ids. `dropped` counts."""

    facts: tuple[Fact, ...]
    mentions: Mapping[str, tuple[Mention, ...]]
    by: str
    dropped: int = 0


async def extract(ask: Ask, turns: Sequence[Memory], before: Sequence[Memory] = ()) -> Extracted | None:
    """Return what the turns state, `None` without an answer; `before` are earlier turns, to understand them by.

    A fact is dropped that cites no turn or an unknown one, is not borne out by what it cites, is too long, tells dates
    that nobody meant, or seems written to steer whoever reads it.
    """
    named = {f"t{number}": turn for number, turn in enumerate(turns, 1)}
    earlier = [told(f"b{number}", turn, most=120) for number, turn in enumerate(before, 1)]
    answered = await ask.json(
        "extraction",
        "extract",
        language(" ".join(turn.text[:500] for turn in turns)),
        EXTRACT,
        project_id=turns[0].scope.project_id,
        known=fenced(earlier),
        data=fenced([told(label, turn) for label, turn in named.items()]),
    )
    if answered is None:
        return None
    most = MOST_FACTS * len(turns)
    raw = list(objects(answered.data, "facts", most))
    facts = {fact.statement.text.casefold(): fact for fact in (_fact(value, named, before) for value in raw) if fact}
    return Extracted(tuple(facts.values()), _mentions(answered.data, named), answered.model, len(raw) - len(facts))


def _fact(value: Mapping[str, Any], named: Mapping[str, Memory], before: Sequence[Memory]) -> Fact | None:
    said, cited = text(value.get("text"), LONGEST), labels(value.get("sources"), named)
    category = value.get("category")
    if said is None or cited is None or category not in CATEGORIES:
        return None
    said = redact(said).text
    sources = [named[label] for label in cited]
    # What a turn leaves open ("there", "the same") may be named in the turns before it.
    if not said.strip() or flags(said) or not touches(said, sources) or not supported(said, [*sources, *before]):
        return None
    near = sources[-1].occurred_at
    first, last = day(value.get("valid_from"), near), day(value.get("valid_to"), near)
    if first is not None and last is not None and last < first:
        first = last = None
    return Fact(
        Statement(said, str(category), 0, 0), tuple(item.id for item in sources), first, last, _relations(value, said)
    )


def _relations(value: Mapping[str, Any], said: str) -> tuple[tuple[str, str, str], ...]:
    """Return the good relations of a fact: both ends stand in it, and the predicate is a plain word."""
    folded = said.casefold()
    found: dict[tuple[str, str, str], None] = {}
    raw = value.get("relations")
    for triple in raw[: 2 * MOST_RELATIONS] if isinstance(raw, list) else ():
        parts = texts(triple, NAME, 3)
        if len(parts) != 3 or len(triple) != 3:
            continue
        subject, predicate, other = parts
        predicate = predicate.lower().replace(" ", "_").replace("-", "_")
        plain = predicate.isascii() and predicate.replace("_", "").isalnum() and len(predicate) <= 40
        if plain and subject != other and subject.casefold() in folded and other.casefold() in folded:
            found[subject, predicate, other] = None
    return tuple(found)[:MOST_RELATIONS]


def _mentions(data: Any, named: Mapping[str, Memory]) -> dict[str, tuple[Mention, ...]]:
    """Return the entities by the turn they stand in, word for word."""
    found: dict[str, dict[str, Mention]] = {}
    for value in objects(data, "entities", 24 * len(named)):
        turn, name = named.get(str(value.get("source"))), text(value.get("name"), NAME)
        kind = value.get("type")
        if turn is None or name is None or kind not in ENTITY_TYPES:
            continue
        if name.casefold() in turn.text.casefold() or name == turn.speaker:
            found.setdefault(turn.id, {}).setdefault(name.casefold(), Mention(name, EntityType(str(kind))))
    return {place: tuple(mentions.values()) for place, mentions in found.items()}
