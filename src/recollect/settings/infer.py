"""What models do for memories, beside which of them does it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from recollect.settings.part import Part


class InferSettings(Part):
    """How memories are completed by language models, where any are named for it."""

    concurrency: int = Field(4, ge=1, le=256, description="questions of jobs asked at once")
    batch: int = Field(20, ge=1, le=100, description="most turns of a conversation that a model reads in one call")
    understand: bool = Field(False, description="whether a model reads each question before it is searched for")
    observe: bool = Field(True, description="whether a model reads what the tools of coding assistants showed")
    flagged: Literal["leave_out", "mark"] = Field(
        "leave_out", description="what becomes of flagged memories in a context"
    )
