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
class Within:
    """The most that somebody may reach: `projects` whole, and of `own` projects the memories of `user_id`.

    `projects` is `None` for every project but those in `besides`.
    """

    projects: frozenset[str] | None = frozenset()
    besides: frozenset[str] = frozenset()
    user_id: str | None = None
    own: frozenset[str] = frozenset()

    def covers(self, user_id: str, project_id: str) -> bool:
        """Whether memories of this user in this project are inside."""
        whole = project_id not in self.besides if self.projects is None else project_id in self.projects
        return whole or (user_id == self.user_id and project_id in self.own)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which scopes a question may look into; `None` leaves that coordinate open.

    At least one of `user_id` and `project_id` is set: with neither given, `Reach.of` means the user `default` in all
    projects, so that no question ever reaches across all users. `within` is the most that whoever asks may reach; a
    reach that has it may leave both open. A store looks only at what all of these allow.
    """

    user_id: str | None = DEFAULT
    project_id: str | None = DEFAULT
    conversation_id: str | None = None
    agent_id: str | None = None
    within: Within | None = None

    @property
    def tenants(self) -> Reach:
        """The same, for all conversations and agents."""
        return Reach(self.user_id, self.project_id, within=self.within)

    def covers(self, user_id: str, project_id: str) -> bool:
        """Whether memories of this user in this project are in reach."""
        if self.user_id is None and self.project_id is None and self.within is None:
            return False
        named = self.user_id in {None, user_id} and self.project_id in {None, project_id}
        return named and (self.within is None or self.within.covers(user_id, project_id))

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
