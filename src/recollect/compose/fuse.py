"""Puts chosen hits together without a model: by topic, oldest to newest inside one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from recollect.compose.likeness import likeness, told
from recollect.models import Hit, Memory

RELATED = 0.18
"""Likeness from which two memories are taken for one topic when they share no name."""
NEARBY = 12
"""Turns of one conversation not further apart than this are one topic."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A memory as it will be shown: its text, perhaps shortened."""

    memory: Memory
    text: str


@dataclass(frozen=True, slots=True)
class Topic:
    """Pieces that belong together, oldest first. `name` is empty for what belongs to nothing else."""

    name: str
    pieces: tuple[Piece, ...]


def fuse(hits: Sequence[Hit], shown: Mapping[str, str]) -> tuple[Topic, ...]:
    """Group hits by topic, the topic of the best hit first; `shown` is the text, perhaps shortened, of each id.

    Memories are one topic when they name the same thing, stand near each other in a conversation or share many words.
    Those without company come last, under no name. Order and names depend on the hits alone.
    """
    groups: list[list[Hit]] = []
    sets = {hit.memory.id: told(hit) for hit in hits}
    speakers = {hit.memory.speaker.casefold() for hit in hits if hit.memory.speaker}
    for hit in hits:
        home = next((group for group in groups if any(_related(hit, other, sets, speakers) for other in group)), None)
        if home is None:
            groups.append([hit])
        else:
            home.append(hit)
    topics = [Topic(_name(group, speakers), _pieces(group, shown)) for group in groups if len(group) > 1]
    single = [hit for group in groups if len(group) == 1 for hit in group]
    return (*topics, Topic("", _pieces(single, shown))) if single else tuple(topics)


def _pieces(group: Sequence[Hit], shown: Mapping[str, str]) -> tuple[Piece, ...]:
    ordered = sorted(group, key=lambda hit: (hit.memory.occurred_at, hit.memory.position, hit.memory.id))
    return tuple(Piece(hit.memory, shown[hit.memory.id]) for hit in ordered)


def _related(one: Hit, two: Hit, sets: dict[str, frozenset[str]], speakers: Collection[str]) -> bool:
    first, second = one.memory, two.memory
    conversation = first.scope.conversation_id
    if conversation and conversation == second.scope.conversation_id:
        return abs(first.position - second.position) <= NEARBY
    if _names(first, speakers) & _names(second, speakers):
        return True
    return likeness(sets[first.id], sets[second.id]) >= RELATED


def _names(memory: Memory, speakers: Collection[str]) -> frozenset[str]:
    """Return the things a memory names; who speaks in it ties nothing together."""
    return frozenset(name.casefold() for name in memory.entities) - frozenset(speakers)


def _name(group: Sequence[Hit], speakers: Collection[str]) -> str:
    """Return what a topic is called: the title its memories share, else the name or keyword most of them have."""
    titles = {hit.memory.title for hit in group}
    if len(titles) == 1 and (title := next(iter(titles))):
        return title
    counts: Counter[str] = Counter()
    shown: dict[str, str] = {}
    for hit in group:
        for name in dict.fromkeys((*hit.memory.entities, *hit.memory.keywords)):
            folded = name.casefold()
            if folded not in speakers:
                counts[folded] += 1
                shown.setdefault(folded, name)
    best = max(counts, key=lambda folded: counts[folded], default="")
    return shown[best] if best and counts[best] > 1 else ""
