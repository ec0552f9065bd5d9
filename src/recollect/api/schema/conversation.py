"""Answers of conversations and the timeline."""

from __future__ import annotations

from pydantic import BaseModel, Field

from recollect.api.schema.memory import MemoryAnswer


class ConversationAnswer(BaseModel):
    """A conversation, with title and summary once there is one."""

    id: str
    user_id: str
    project_id: str
    turns: int
    started_at: str
    ended_at: str
    title: str | None
    summary: str | None


class Conversations(BaseModel):
    """One page of conversations, the latest first."""

    conversations: list[ConversationAnswer]
    next_cursor: str | None


class ConversationTurns(BaseModel):
    """A conversation and one page of its turns, in order."""

    conversation: ConversationAnswer
    turns: list[MemoryAnswer]
    next_cursor: str | None


class Timeline(BaseModel):
    """The turns around a memory, in order."""

    anchor: str | None = Field(description="The memory they are around; null where nothing was found.")
    memories: list[MemoryAnswer]
