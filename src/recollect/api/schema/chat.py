"""Requests and answers of chat."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from recollect.api.schema.field import Body, Identifier, Metadata
from recollect.retrieve.search import MAX_QUESTION


class MessageRequest(Body):
    """A message of a user, in a session or in a new one."""

    user_id: Identifier | None = None
    message: Annotated[str, Field(min_length=1, max_length=MAX_QUESTION)]
    session_id: Annotated[Identifier | None, Field(description="The conversation; made when there is none.")] = None
    project_id: Identifier | None = None
    agent_id: Identifier | None = None
    metadata: Annotated[Metadata | None, Field(description="Kept with the user's turn.")] = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": "alice",
                    "message": "我喜欢科幻电影，特别是《星际穿越》",
                    "session_id": "session_001",
                    "metadata": {"source": "web", "timestamp": "2024-01-01T10:00:00Z"},
                }
            ]
        }
    )


class MessageAnswer(BaseModel):
    """The answer. `memories_used` are the ids that were quoted or given to the model: none when nothing was."""

    response: str
    user_id: str
    session_id: str
    memories_used: list[str]
    timestamp: str
    model: str = Field(description="The model's name, or `extractive` where memories were quoted.")
    fallback: str | None = Field(description="Why the model did not answer, where it was asked and failed.")
