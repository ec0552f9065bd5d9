"""Answers about what assistants were told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class TellingAnswer(BaseModel):
    """A context that was handed to an assistant, by the memories in it; its text is not kept."""

    id: int
    at: str
    way: Literal["session", "prompt", "mcp", "rest", "chat"] = Field(
        description="Told by a hook when a session started or beside a prompt; asked for by tool or by a program; "
        "given to a model to answer a chat message with."
    )
    agent_id: str | None = Field(description="The assistant, where it is known.")
    turn: str | None = Field(description="The memory that asked: the prompt or message.")
    memories: list[str] = Field(description="Ids, the first told first; without those you may not read.")
    tokens: int
    tokens_of_memories: int | None = Field(description="Tokens of all that the text stands for.")
    budget: int | None


class Tellings(BaseModel):
    """One page of what was told in a conversation, in order."""

    tellings: list[TellingAnswer]
    next_cursor: str | None


class UseAnswer(BaseModel):
    """How often a memory was told in a conversation."""

    conversation_id: str
    user_id: str
    project_id: str
    told: int
    last_told_at: str


class MemoryUsage(BaseModel):
    """How often a memory was told to assistants, in conversations and outside of any; searches are not counted."""

    memory_id: str
    told: int
    last_told_at: str | None
    conversations: list[UseAnswer] = Field(description="At most 50, where it was told last first.")
    more_conversations: int
