"""Turns what models found into what one transaction writes: pure, the same for the same findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from recollect.capture.ids import new_id
from recollect.capture.intake import content_hash
from recollect.exchange import Batch, Entry, Revision
from recollect.infer.ask import MADE_BY
from recollect.infer.classify import Judged
from recollect.infer.extract import Extracted, Fact
from recollect.infer.resolve import Pair
from recollect.models import Kind, Memory, Mention, Role, Source, Task, Tier
from recollect.process.index import index
from recollect.process.standing import standing

JUDGED_BY = "judged_by"
"""The metadata key of a memory whose tier, importance and urgency a model gave: the model's name."""

SLIGHT = 0.05
"""A judgement that moves nothing by more than this is not worth a new version."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What models found in some memories. `repeats` are new facts that only say a known one again, by their ids."""

    facts: Sequence[Memory] = ()
    mentions: Mapping[str, Sequence[Mention]] = field(default_factory=dict)
    relations: Mapping[str, Sequence[tuple[str, str, str]]] = field(default_factory=dict)
    judged: Mapping[str, Judged] = field(default_factory=dict)
    pairs: Sequence[Pair] = ()
    links: Sequence[tuple[str, str, str]] = ()


def facts_of(found: Extracted, turns: Mapping[str, Memory], now: datetime) -> list[tuple[Memory, Fact]]:
    """Return the facts as memories, each beside its last source and of its scope."""
    return [(_fact_of(fact, found.by, turns[fact.sources[-1]], len(fact.sources), now), fact) for fact in found.facts]


def _fact_of(fact: Fact, by: str, turn: Memory, repeats: int, now: datetime) -> Memory:
    """Return one fact.

    What begins to be true later is known from now on, and what ended before it was told stays to be told: both only
    say in words when they hold.
    """
    said = turn.occurred_at
    text, category = fact.statement.text, fact.statement.category
    own = category in ("preference", "decision") and turn.role is not Role.ASSISTANT
    return replace(
        turn,
        id=new_id(now),
        kind=Kind.FACT,
        text=text,
        title=None,
        role=None,
        position=0,
        created_at=now,
        content_hash=content_hash(text),
        keywords=(),
        importance=max(turn.importance, 0.6 if own else turn.importance),
        dense=True,
        standing=turn.standing or standing(text),
        repeats=repeats,
        metadata={"category": category, MADE_BY: by},
        source=Source(turn.source.client, turn.source.file, None),
        sources=fact.sources,
        valid_from=min(fact.valid_from, said) if fact.valid_from else said,
        valid_to=fact.valid_to if fact.valid_to and fact.valid_to > said else None,
        superseded_by=None,
        version=1,
    )


def batch_of(found: Findings, known: Mapping[str, Memory], talks: Sequence[Sequence[str | None]]) -> Batch:
    """Return what is to be written; `known` are the present versions of all memories that findings speak of.

    What was found in turns that are gone meanwhile, and what it does to others, is left out.
    """
    made = [item for item in found.facts if any(source in known for source in item.sources)]
    repeated = {pair.new: pair.known for pair in found.pairs if pair.does == "repeats" and pair.known in known}
    facts = {item.id: item for item in made if item.id not in repeated}
    changed: dict[str, Memory] = {}
    for item in made:
        if item.id in repeated:
            old = changed.get(repeated[item.id], known[repeated[item.id]])
            changed[old.id] = _counted(old, item)
    retired = _end(found.pairs, facts, known, changed)
    for name, judged in found.judged.items():
        turn = changed.get(name) or known.get(name)
        if turn is not None and _moves(turn, judged):
            changed[name] = _judged(turn, judged)
    tasks = [Task("embed", {"ids": list(facts)})] if facts else []
    tasks += [Task("summarise", {"conversations": [list(talk) for talk in talks]})] if talks else []
    return Batch(
        adds=[Entry(item, index(item), fact_key(item)) for item in facts.values()],
        revisions=[
            Revision(replace(item, version=known[name].version + 1), retire=name in retired)
            for name, item in changed.items()
            if item != known[name]
        ],
        mentions={name: some for name, some in found.mentions.items() if name in facts or name in known},
        relations={name: some for name, some in found.relations.items() if name in facts},
        links=[link for link in found.links if link[0] in facts or link[0] in known],
        tasks=tasks,
    )


def _end(
    pairs: Sequence[Pair], facts: Mapping[str, Memory], known: Mapping[str, Memory], changed: dict[str, Memory]
) -> set[str]:
    """Note in `changed` which known memories end by new ones; return those that were true until then."""
    retired: set[str] = set()
    news = {**known, **facts}
    for pair in pairs:
        old, new = known.get(pair.known), news.get(pair.new)
        if pair.does == "repeats" or old is None or new is None or old.superseded_by:
            continue
        changed[old.id] = replace(changed.get(old.id, old), superseded_by=new.id, valid_to=_until(new, old))
        if pair.does == "replaces":
            retired.add(old.id)
    return retired


def fact_key(item: Memory) -> str:
    """Return the key of a fact that a model found: it begins with the turn it was found in, see `prefix`."""
    return f"{prefix(item.sources[0])}{item.content_hash}"


def prefix(turn: str) -> str:
    """Return what the keys of all facts begin with that models found in a turn first."""
    return f"infer:{turn}:"


def _counted(old: Memory, again: Memory) -> Memory:
    """Return a known fact that was said again; a note's sources are messages, and stay what they are."""
    more = tuple(name for name in again.sources if name not in old.sources)
    if not more:
        return old
    sources = (*old.sources, *more) if old.kind is Kind.FACT else old.sources
    return replace(old, sources=sources, repeats=old.repeats + 1)


def _until(new: Memory, old: Memory) -> datetime:
    """Return when the old one ceased to be true: when the new one began to be, but not before it was itself said."""
    return max(new.valid_from or new.occurred_at, old.valid_from or old.occurred_at)


def _moves(item: Memory, judged: Judged) -> bool:
    moved = max(abs(item.importance - judged.importance), abs(item.urgency - judged.urgency))
    return item.tier != judged.tier or moved > SLIGHT


def _judged(item: Memory, judged: Judged) -> Memory:
    """Return a memory as the model judged it; the user's standing instructions stay in every session."""
    tier = Tier.GLOBAL if item.tier is Tier.GLOBAL and item.standing else judged.tier
    return replace(
        item,
        tier=tier,
        importance=judged.importance,
        urgency=judged.urgency,
        metadata={**item.metadata, JUDGED_BY: judged.by},
    )
