"""What a center answers to a node that sent a page."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Refusal(BaseModel):
    """One memory that was not taken, and why."""

    id: str
    reason: str


class Pushed(BaseModel):
    """What came of a page."""

    reached: int = Field(description="How far the node's change log has been taken.")
    new: int = Field(description="Memories that are new, or whose text is.")
    changed: int
    deleted: int
    kept: int = Field(description="Memories of which the center has a later version; the sent one is in their history.")
    known: int
    refused: int
    refusals: list[Refusal] = Field(description="The first of what was refused.")
    forgotten: list[list[str | int | bool]] = Field(
        default=[],
        description="Users and projects to be forgotten: what the center knows, where the node told what it does.",
    )
