"""Requests and answers of capture and context."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recollect.api.schema.field import Identifier, Metadata, Moment, Question, Scoped
from recollect.capture.intake import MAX_TEXT, MAX_TURNS


class Block(BaseModel):
    """A piece of a message's content."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: Literal["text", "input_text", "output_text"]
    text: Annotated[str, Field(json_schema_extra={"maxLength": MAX_TEXT})]


class TurnRequest(BaseModel):
    """One message as a client has it; fields it does not know are passed over, for messages carry many."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    role: Annotated[
        str,
        Field(
            max_length=40,
            description="user, assistant, system or tool; also human, ai, model, bot, developer, function.",
            examples=["user"],
        ),
    ]
    content: Annotated[
        Annotated[str, Field(json_schema_extra={"maxLength": MAX_TEXT})]
        | Annotated[list[Block], Field(max_length=1000)],
        Field(examples=["Where do we deploy?"]),
    ]
    speaker: Annotated[str | None, Field(max_length=256)] = None
    occurred_at: Moment | None = None
    message_id: Identifier | None = None
    metadata: Metadata | None = None


class CaptureRequest(Scoped):
    """Turns of a conversation, in order."""

    turns: Annotated[list[TurnRequest], Field(max_length=MAX_TURNS)]
    source: Annotated[Identifier | None, Field(description="Which client sends them.")] = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "turns": [
                        {"role": "user", "content": "Where do we deploy?", "speaker": "Bo", "message_id": "m1"},
                        {"role": "assistant", "content": "To Hetzner, from main.", "message_id": "m2"},
                    ],
                    "conversation_id": "c1",
                    "project_id": "web",
                }
            ]
        }
    )


class Receipt(BaseModel):
    """One id a turn, in order (null: nothing was left of it); how many were known; what was masked, by kind."""

    ids: list[str | None]
    duplicates: int
    redacted: dict[str, int]


class ContextRequest(Scoped):
    """A question, and how much may be said about it."""

    query: Question
    budget: Annotated[int | None, Field(ge=20, le=1_000_000, description="Most tokens of the text.")] = None
    format: Literal["markdown", "text", "xml"] = "markdown"
    asked_at: Moment | None = None

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"query": "Where do we deploy?", "project_id": "web", "budget": 200}]}
    )


class ContextAnswer(BaseModel):
    """Text with dates and sources, and the ids of the memories in it."""

    text: str
    tokens: int
    memories: list[str]
    dropped: int
    fused_by: str


def plain(asked: TurnRequest) -> dict[str, Any]:
    """Return a turn as the library takes it."""
    return asked.model_dump(exclude_unset=True)
