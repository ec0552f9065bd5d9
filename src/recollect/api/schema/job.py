"""Requests and answers of jobs and usage."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from recollect.api.schema.field import Body


class JobAnswer(BaseModel):
    """Work that is left to do; `covers` counts the memories it is about."""

    id: int
    name: str
    state: str
    attempts: int
    run_at: str
    created_at: str
    error: str | None
    covers: int


class Jobs(BaseModel):
    """Jobs, parked ones first; `waiting` counts all that are not parked."""

    jobs: list[JobAnswer]
    waiting: int


class RetryRequest(Body):
    """Which parked jobs to run again; all of them where none are named."""

    ids: Annotated[list[Annotated[int, Field(ge=1, lt=2**63)]] | None, Field(min_length=1, max_length=10_000)] = None

    model_config = ConfigDict(json_schema_extra={"examples": [{}, {"ids": [17]}]})


class Retried(BaseModel):
    """How many jobs were parked and run again now."""

    retried: int


class Call(BaseModel):
    """What one call of a model cost."""

    at: str
    purpose: str
    provider: str
    tokens_in: int
    tokens_out: int
    cost: float
    milliseconds: float
    project_id: str
    outcome: str


class Total(BaseModel):
    """What several calls took: how many, how many of them failed, and how many questions needed none."""

    calls: int
    failed: int
    cached: int
    tokens_in: int
    tokens_out: int
    cost: float


class Spent(Total):
    """What calls for one purpose by one model cost together."""

    purpose: str
    provider: str


class Day(Total):
    """What models cost for one project on one day (UTC)."""

    day: str
    project_id: str


class BudgetAnswer(BaseModel):
    """What all models took today, the most they may (null: no limit), and whether a call was refused for it."""

    tokens: int
    cost: float
    most_tokens: int | None
    most_cost: float | None
    spent: bool


class UsageAnswer(BaseModel):
    """What models cost: a page of single calls, the latest first, and the totals of all of them."""

    usage: list[Call]
    totals: list[Spent]
    days: list[Day]
    budget: BudgetAnswer
    next_cursor: str | None
