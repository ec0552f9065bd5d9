"""Arguments that several tools share, with what a model is told about them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

Id = Annotated[str, Field(min_length=8, max_length=80)]
Ids = Annotated[
    list[Id],
    Field(min_length=1, max_length=50, description="Ids as other tools show them; the last 8 characters are enough."),
]
Project = Annotated[
    str | None,
    Field(max_length=256, description="The project: the name of the repository's top folder. Default: this one."),
]
User = Annotated[str | None, Field(max_length=256, description="Whose memories. Leave out unless told otherwise.")]
Conversation = Annotated[str | None, Field(max_length=256, description="Only this conversation (session).")]
Question = Annotated[str, Field(max_length=10_000, description="A question or keywords, in any language.")]
Kinds = Annotated[
    list[Literal["turn", "note", "fact", "observation", "summary"]] | None,
    Field(max_length=5, description="Only these: turn (said), note (kept on purpose), fact, observation, summary."),
]
