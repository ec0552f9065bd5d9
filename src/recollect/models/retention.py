"""What is put away after a while: the policies that say so, and what their runs did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recollect.models.memory import Kind, Memory


class Measure(StrEnum):
    """What a policy does with memories.

    `archive` moves them to the tier of that name. `warm` compresses their texts in the store, `cold` moves them to
    object storage. `summarise` does so with turns whose conversation has a summary. `merge` makes near repeats one.
    `delete` deletes.
    """

    ARCHIVE = "archive"
    WARM = "warm"
    COLD = "cold"
    SUMMARISE = "summarise"
    MERGE = "merge"
    DELETE = "delete"


class RunState(StrEnum):
    """Where a run stands: at work (or waiting to be taken up again), at its end, taken back, or past taking back."""

    RUNNING = "running"
    DONE = "done"
    UNDONE = "undone"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Policy:
    """Which memories, and what is done with them. What is `None` or empty leaves that open.

    `project` and `user` are patterns with `*`. `older_than` is in days, counted from when a memory was said and
    written. `keep_latest` memories of each user in each project stay. `shortest` is the least length of a text, in
    characters, that is moved to a shelf.
    """

    name: str
    action: Measure
    project: str = "*"
    user: str = "*"
    kinds: tuple[Kind, ...] = ()
    older_than: float | None = None
    keep_latest: int | None = None
    importance_below: float | None = None
    shortest: int = 400


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a policy would do now. `bytes` are those of the texts; `kept` counts what it meets and leaves alone, by why.

    `projects` are those with most, `sample` a few of the memories.
    """

    policy: Policy
    memories: int
    bytes: int
    kinds: Mapping[str, int]
    projects: Mapping[str, int]
    oldest_at: datetime | None
    newest_at: datetime | None
    kept: Mapping[str, int]
    sample: tuple[Memory, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """What a policy did once. `bytes_before` and `bytes_after` are those its memories took, and take where they are.

    `undone` counts memories that were brought back. `rules` is the policy as it then was, as JSON.
    """

    key: int
    id: str
    policy: str
    action: Measure
    state: RunState
    rules: str
    begun_at: datetime
    ended_at: datetime | None
    last: int = 0
    memories: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    undone: int = 0
    error: str = ""
