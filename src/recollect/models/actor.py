"""Who acts: the owner of the machine, a user, or a service with a token of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recollect.models.right import Right
from recollect.models.scope import DEFAULT

EVERYWHERE = "*"
"""Instead of a project's id: every project there is and will be."""


@dataclass(frozen=True, slots=True)
class User:
    """A person who may be let in with tokens of his own; `id` is the `user_id` of his memories."""

    id: str
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class System:
    """The owner of the machine: the embedded library, the command line, a server that asks nobody, its own token.

    May everything.
    """

    token_id: str = ""

    @property
    def user_id(self) -> str:
        """Whose memories are meant where nobody is named."""
        return DEFAULT


@dataclass(frozen=True, slots=True)
class Person:
    """A user, by one of his tokens (`token_id`, until `until`) or named by the program that embeds recollect."""

    user_id: str
    token_id: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A program with a token: it may name any user, within the projects of its token and up to its right in each."""

    token_id: str
    rights: tuple[tuple[str, Right], ...]
    until: datetime | None = None

    @property
    def user_id(self) -> str:
        """Whose memories are meant where nobody is named."""
        return DEFAULT


Actor = System | Person | Service
