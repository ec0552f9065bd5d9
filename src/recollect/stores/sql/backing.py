"""What a `Database` stands on: SQLite's file (`stores.sql.sqlite`) or a server (`stores.postgres.server`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar, runtime_checkable

import sqlalchemy as sa

T = TypeVar("T")


class Watch(Protocol):
    """Tells whether anyone has written since it was last asked."""

    def stamp(self) -> int:
        """Return a number that is another one after every write by anyone; takes microseconds."""

    def close(self) -> None:
        """Release what it holds; also after the database."""


@runtime_checkable
class Following(Protocol):
    """A Backing that follows another one."""

    def behind(self) -> tuple[bool, float | None]:
        """Return whether it is read now, and the seconds for which it has lacked something; `None`: it is away."""


class Backing(Protocol):
    """Connections to one database, the meaning of its errors, and news of what others write to it."""

    writers: int
    """How many transactions may write at once."""

    dialect: sa.Dialect
    """How statements for `ask` are rendered."""

    def prepare(self) -> None:
        """Make the place that tables will be in, unless it is there."""

    def write(self, work: Callable[[sa.Connection], T], *, durable: bool) -> T:
        """Run `work` in a transaction that may write; where the database asks for it, more than once."""

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """Run `work` over one consistent view."""

    def ask(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Return the rows of one statement as the driver gives them."""

    def outside(self, statements: Sequence[str]) -> list[Any]:
        """Run statements that may not stand in a transaction; return the rows of the last."""

    def settled(self) -> int | None:
        """Return the place in the change log below which no entry can still come; `None`: every place is settled."""

    def wrote(self) -> None:
        """Hear that this process has written."""

    def watch(self) -> Watch:
        """Return what tells whether anyone has written."""

    def listen(self, heard: Callable[[], object]) -> None:
        """Call `heard` (on a thread of its own) when another process has written, where that can be known at once."""

    def translated(self) -> AbstractContextManager[None]:
        """Turn every error of the driver into one of ours."""

    def close(self) -> None:
        """Close every connection."""
