"""One memory as stores exchange it: which write it is, and what it holds; and who exchanges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Stamp:
    """Which write of a memory this is, in the order that decides which of two stands.

    `life` counts how often the memory came to be: it starts at 1 and goes on only when one that was deleted is brought
    back on purpose, or one that had left is called back. Within a life a delete stands above everything, then the
    higher version, then the later time (microseconds since 1970, by the clock of the store that wrote it), then the
    name of that store. A stamp names one write: equal stamps hold equal contents.
    """

    life: int
    gone: bool
    version: int
    at: int
    origin: str


@dataclass(frozen=True, slots=True)
class Replica:
    """A memory in the state of one write: what it holds (`None`: it is gone), and vectors of its chunks if asked for.

    `body` is the memory's line of an export: all its fields, the key it was added under, what it mentions and relates.
    """

    id: str
    stamp: Stamp
    body: Mapping[str, Any] | None = None
    vectors: tuple[Mapping[str, Any], ...] = ()


class Going(Enum):
    """What is decided about a memory before it may leave a store.

    YES: it goes. NO: it stays. PRIVATE: it stays, and what has left of it before is called back.
    """

    YES = auto()
    NO = auto()
    PRIVATE = auto()


@dataclass(frozen=True, slots=True)
class Node:
    """A store that may exchange with this one, the center: known by the digest of its token.

    `projects` are patterns of what it may see and send. `reached` is how far into its own change log the center has
    taken what it sent, `store` the id of the store that last showed the token.
    """

    id: str
    name: str
    digest: str
    created_at: datetime
    projects: tuple[str, ...] = ("*",)
    seen_at: datetime | None = None
    store: str = ""
    reached: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """How far this store, a node, is with its center.

    `pulled` is a place in the center's change log, `pushed` one in the own; both start anew where the center (`store`)
    or the rules of what is exchanged have changed. `refused` counts what the center would not take.
    """

    store: str = ""
    rules: str = ""
    model: str = ""
    pulled: int = 0
    pushed: int = 0
    ahead: int = 0
    refused: int = 0
    paused: bool = False
    done_at: datetime | None = None
    tried_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Departing:
    """One page of what a store sends: the replicas, the place in its log to go on from, and the end of its log."""

    replicas: tuple[Replica, ...]
    next: int
    head: int

    @property
    def more(self) -> bool:
        """Whether the log goes on behind this page."""
        return self.next < self.head


@dataclass(frozen=True, slots=True)
class Arrived:
    """What a store made of a page: ids of memories that are new or were reworded, changed otherwise, and deleted.

    `kept` counts those that lost against what the store had, `known` those it had already.
    """

    fresh: tuple[str, ...] = ()
    changed: int = 0
    deleted: int = 0
    kept: int = 0
    known: int = 0
    again: tuple[str, ...] = field(default=())
