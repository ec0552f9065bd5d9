"""Which of two states of one memory stands, wherever they meet and in whatever order: a join, so that stores converge.

The decision and its reasons are docs/adr/0018-the-later-version-wins.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from recollect.models import Forgotten, Kind, Memory, Replica

LOCAL: Final = frozenset({"position", "added_at", "added_version", "mentions", "relations"})
"""Fields of a body that each store numbers or finds by itself."""


def merge(one: Replica, other: Replica) -> Replica:
    """Return the state that stands: the one with the greater stamp.

    Commutative, associative and idempotent, as stamps are totally ordered. Nothing of the other one is mixed in; the
    store that sees both keeps it in the memory's history.
    """
    return other if other.stamp > one.stamp else one


def unite(one: Replica, other: Replica) -> tuple[Replica, Replica]:
    """Return what becomes of two memories that were added under one key: the one that stays, and the end of the other.

    The same message captured on two machines is one memory. The smaller id, which was given first, stays; it holds the
    state of whichever stands by `merge`, in the life of the one that stays.
    """
    first, second = sorted((one, other), key=lambda item: item.id)
    moved = replace(second, id=first.id, stamp=replace(second.stamp, life=first.stamp.life))
    return merge(first, moved), ended(second)


def ended(item: Replica) -> Replica:
    """Return the end of a memory's present life, by the write that it ended with: the same wherever it is found."""
    return Replica(item.id, replace(item.stamp, gone=True, version=0))


def agreed(one: Forgotten, other: Forgotten) -> Forgotten:
    """Return what stands of two notes about the same user or project: the later note, up to the later of both times.

    Commutative, associative and idempotent; a note that was lifted keeps its time, which says nothing while it is.
    """
    later = other if other.stamp > one.stamp else one
    return replace(later, at=max(one.at, other.at))


def content(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what must be equal in all stores that hold this state."""
    return {name: value for name, value in body.items() if name not in LOCAL}


def travels(item: Memory) -> bool:
    """Whether a memory is exchanged at all: what a store derived by itself is derived anew by each other one.

    A fact that was said more often than it has sources was also written on purpose; a summary with a message id was
    written by somebody else.
    """
    if item.kind is Kind.SUMMARY:
        return item.source.message_id is not None
    return item.kind is not Kind.FACT or not item.sources or item.repeats > len(item.sources)
