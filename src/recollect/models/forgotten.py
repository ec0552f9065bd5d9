"""A user or project of whom everything was to be forgotten: an order that stands for stores that were away."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was made up to `at` of a user ("": of any) in a project ("": in any) is to be nowhere.

    `at` and `noted_at` are microseconds since 1970. `version`, `noted_at` and `origin` (the name of the store that
    noted it) say which note about the same whom is the later one. `lifted`: it holds no more, as somebody brought such
    memories back on purpose.
    """

    user_id: str
    project_id: str
    at: int
    version: int
    noted_at: int
    origin: str
    lifted: bool = False

    @property
    def whom(self) -> tuple[str, str]:
        """Whom it is about."""
        return self.user_id, self.project_id

    @property
    def stamp(self) -> tuple[int, int, str]:
        """Which note it is."""
        return self.version, self.noted_at, self.origin

    def covers(self, user_id: str, project_id: str, made_at: int) -> bool:
        """Whether a memory of this user in this project, made at this time, is to be nowhere."""
        meant = self.user_id in {"", user_id} and self.project_id in {"", project_id}
        return meant and not self.lifted and made_at <= self.at
