"""What every step of a verification is given, and how it says that something is not as it should be."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypedDict

from recollect.client import Client
from recollect.ops.check import Status
from recollect.sync import Memory

Verbs = Client | Memory
"""A store by its verbs: a server's, or one in this process."""

SYLLABLES: Final = ("ba", "do", "fe", "gi", "ka", "lu", "mo", "ni", "pe", "ro", "sa", "tu", "vi", "wo", "zy")


class Wrong(Exception):
    """A step found something that is not as it should be; `remedy` says what to do about it."""

    def __init__(self, detail: str, remedy: str, status: Status = Status.FAIL) -> None:
        super().__init__(detail)
        self.detail, self.remedy, self.status = detail, remedy, status


class Scope(TypedDict, total=False):
    """Whose memories a verification writes."""

    user_id: str | None
    project_id: str | None


@dataclass(frozen=True, slots=True)
class Trial:
    """One verification: the store, how to ask it for its health, and the projects it writes to, which are its alone."""

    verbs: Verbs
    health: Callable[[], Mapping[str, Any]]
    user: str | None
    project: str = field(default_factory=lambda: f"recollect-verify-{secrets.token_hex(8)}")

    @property
    def scope(self) -> Scope:
        """Where most is written."""
        return {"user_id": self.user, "project_id": self.project}

    @property
    def beside(self) -> Scope:
        """A second project, into which the first must not be seen."""
        return {"user_id": self.user, "project_id": f"{self.project}-beside"}

    @property
    def scopes(self) -> Sequence[Scope]:
        """All that is removed in the end."""
        return (self.scope, self.beside)


def name() -> str:
    """Return a word that nobody has said yet."""
    return "".join(secrets.choice(SYLLABLES) for _ in range(7))


def demand(met: object, detail: str, remedy: str, status: Status = Status.FAIL) -> None:
    """Raise Wrong unless a demand is met."""
    if not met:
        raise Wrong(detail, remedy, status)
