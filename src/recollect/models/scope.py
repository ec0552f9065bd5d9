"""Whose memories are meant: the four coordinates every memory has and every question carries."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a memory lives. `user_id` and `project_id` are always set; the other two may be empty."""

    user_id: str = DEFAULT
    project_id: str = DEFAULT
    conversation_id: str | None = None
    agent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """Which scopes a question may look into; `None` leaves that coordinate open.

    At least one of `user_id` and `project_id` is set: with neither given, `Reach.of` means the user `default` in all
    projects, so that no question ever reaches across all users.
    """

    user_id: str | None = DEFAULT
    project_id: str | None = DEFAULT
    conversation_id: str | None = None
    agent_id: str | None = None

    @classmethod
    def of(
        cls,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
    ) -> Reach:
        """Return the reach a caller means: with neither user nor project, everything of the user `default`."""
        if user_id is None and project_id is None:
            user_id = DEFAULT
        return cls(user_id, project_id, conversation_id, agent_id)


_NOBODY = frozenset({"user", "assistant", "system", "tool", "human", "ai"})


def name_code(name: str | None) -> int:
    """Return the number ranking knows a speaker by: CRC-32 of the folded first name.

    Nobody, and names that are only roles, are 0.
    """
    words = name.casefold().split() if name else []
    return 0 if not words or words[0] in _NOBODY else zlib.crc32(words[0].encode()) or 1
