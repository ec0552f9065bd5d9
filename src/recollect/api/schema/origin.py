"""Answers about where a memory was heard."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Origin(BaseModel):
    """The place in a client's own file that a memory comes from."""

    memory_id: str
    client: str | None
    file: str | None
    line: int | None = Field(description="From 1; null where the file is not on the server's machine any more.")
    message_id: str | None
