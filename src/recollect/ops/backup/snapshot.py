"""One backup: when it was made, of what, and which pieces it is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from recollect.errors import BackupDamaged
from recollect.exchange import Layout

FORMAT = 2
"""A release that knows 1 alone would lose the boxes; a snapshot without any is of that form."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is kept of one table: how many rows, and the objects that hold them, in order."""

    rows: int
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole store at one moment. `files` are small ones that stood beside it, by name, as objects.

    `boxes` are the texts that lay in object storage, by the names they had there, as objects.
    """

    id: str
    made_at: datetime
    release: str
    layout: Layout
    tables: Mapping[str, Part]
    files: Mapping[str, str] = field(default_factory=dict)
    boxes: Mapping[str, str] = field(default_factory=dict)

    @property
    def memories(self) -> int:
        """How many memories it holds."""
        part = self.tables.get("memory")
        return 0 if part is None else part.rows

    def objects(self) -> set[str]:
        """Return the names of all objects it needs."""
        rows = {name for part in self.tables.values() for name in part.pieces}
        return rows | set(self.files.values()) | set(self.boxes.values())

    def written(self) -> bytes:
        """Return it as JSON."""
        value = {"format": FORMAT if self.boxes else 1, **asdict(self), "made_at": self.made_at.isoformat()}
        return json.dumps(value, ensure_ascii=False).encode()


def read(stored: bytes) -> Snapshot:
    """Return a snapshot from its JSON; raise BackupDamaged for anything else, or one of a later form."""
    try:
        value: dict[str, Any] = json.loads(stored)
        if value["format"] > FORMAT:
            raise BackupDamaged("The backup was made by a later release of recollect", hint="Upgrade recollect.")
        return Snapshot(
            id=value["id"],
            made_at=datetime.fromisoformat(value["made_at"]),
            release=value["release"],
            layout=Layout(**value["layout"]),
            tables={name: Part(part["rows"], tuple(part["pieces"])) for name, part in value["tables"].items()},
            files=dict(value["files"]),
            boxes=dict(value.get("boxes", {})),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BackupDamaged("A snapshot cannot be read", hint="Nothing was restored. Try another one.") from error
