"""What a client's settings are to hold: entries in files that are its user's, and files that are ours alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Read = Callable[[Path], bytes | None]
"""Returns what a file holds, `None` where there is none; raises OSError."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object is to have this value; what the fields named in `passing` say is of no account."""

    path: tuple[str, ...]
    value: Any
    passing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Default:
    """A member that a file needs: where it is there, whatever it says, it stays."""

    path: tuple[str, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class Element:
    """A list is to hold this value, once."""

    path: tuple[str, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a TOML file is to hold these values and nothing else."""

    path: tuple[str, ...]
    values: Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Shared:
    """A JSON file of the user's, and what is to be in it; `five`: the client reads it as JSON5."""

    path: Path
    entries: tuple[Member | Default | Element, ...]
    five: bool = False


@dataclass(frozen=True, slots=True)
class SharedToml:
    """A TOML file of the user's, and the table that is to be in it."""

    path: Path
    table: Table


@dataclass(frozen=True, slots=True)
class Owned:
    """A file that is ours alone."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that a client is to be given, and what its user should know."""

    client: str
    files: tuple[Shared | SharedToml | Owned, ...]
    notes: tuple[str, ...] = ()
