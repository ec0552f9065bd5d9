"""The fields that requests share, with their limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recollect.capture.identifier import MAX_IDENTIFIER
from recollect.capture.intake import MAX_TEXT, MAX_TITLE
from recollect.retrieve.search import MAX_LIMIT, MAX_QUESTION


class Body(BaseModel):
    """The body of a request; a field it does not know is refused, so that a slip of the pen is not passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Identifier = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_IDENTIFIER,
        description="1 to 256 visible characters on one line, of any script.",
        examples=["alice"],
    ),
]
Content = Annotated[
    str,
    Field(
        min_length=1,
        description="The text to remember; the limit is 2,000,000 characters.",
        examples=["用户偏好使用Python进行数据分析"],
        json_schema_extra={"maxLength": MAX_TEXT},
    ),
]
Metadata = Annotated[
    dict[str, Any],
    Field(
        description="A JSON object of your own, at most 64 KB and 16 levels; `category` is counted by stats.",
        examples=[{"category": "preferences", "topic": "programming", "confidence": 0.9}],
    ),
]
Title = Annotated[str, Field(max_length=MAX_TITLE, examples=["Tools"])]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Moment = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        description="ISO 8601; a time without a zone is UTC.",
        examples=["2026-05-01T09:00:00Z"],
    ),
]
Question = Annotated[
    str,
    Field(max_length=MAX_QUESTION, description="An empty one asks for the latest memories.", examples=["编程语言偏好"]),
]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="How many at most.")]
Cursor = Annotated[str, Field(min_length=1, max_length=256, description="The `next_cursor` of the page before.")]
KindName = Literal["turn", "note", "fact", "observation", "summary"]
Kinds = Annotated[list[KindName], Field(max_length=5, description="Only these kinds.", examples=[["note", "fact"]])]
Filters = Annotated[
    dict[str, Any],
    Field(
        description="Conditions on metadata and fields, joined by AND, OR, NOT.",
        examples=[{"category": "preferences"}],
    ),
]


class Scoped(Body):
    """Whose memory is meant. Without user and project it is the user `default`."""

    user_id: Identifier | None = None
    project_id: Identifier | None = None
    conversation_id: Identifier | None = None
    agent_id: Identifier | None = None
