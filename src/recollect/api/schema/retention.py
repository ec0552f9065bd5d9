"""What the routes of retention take and answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from recollect.models import Kind, Measure, RunState

PolicyName = Annotated[str, Field(min_length=1, max_length=80, description="The name of a policy of the settings.")]


class Sample(BaseModel):
    """A memory that a policy meets."""

    id: str
    kind: Kind
    text: str
    user_id: str
    project_id: str
    occurred_at: str
    importance: float


class Outlook(BaseModel):
    """What one policy would do now; `kept` counts what it meets and leaves alone, by why."""

    name: str
    action: Measure
    memories: int
    bytes: int
    kinds: dict[str, int]
    projects: dict[str, int]
    oldest_at: str | None
    newest_at: str | None
    kept: dict[str, int]
    sample: list[Sample]


class Total(BaseModel):
    """All policies together; a memory that several of them meet counts for each."""

    memories: int
    bytes: int


class Preview(BaseModel):
    """What the policies would do now."""

    policies: list[Outlook]
    total: Total
    undo_days: float
    every: float
    next_at: str | None


class RetentionRun(BaseModel):
    """What a policy did once. `undo_until` is null where there is no such end, or it has passed."""

    id: str
    policy: str
    action: Measure
    state: RunState
    begun_at: str
    ended_at: str | None
    undo_until: str | None
    undoable: bool
    memories: int
    bytes_before: int
    bytes_after: int
    undone: int
    error: str | None


class Runs(BaseModel):
    """Runs, the latest first; `running` says whether the server that answers is at work on what it was asked to run."""

    runs: list[RetentionRun]
    running: bool


class RunPolicies(BaseModel):
    """Which policy to run; all of them when it is left out."""

    policy: PolicyName | None = None


class UndoneRun(BaseModel):
    """How many memories came back, and how many stay as they are: changed, written again or deleted since."""

    run: RetentionRun
    restored: int
    kept: int
