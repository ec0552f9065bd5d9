"""Reads the pieces of a snapshot back, each checked against its name."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from recollect.errors import BackupDamaged
from recollect.exchange import Piece
from recollect.models import Forgotten
from recollect.ops.backup.repository import Repository
from recollect.ops.backup.snapshot import Snapshot
from recollect.ports import Tracker

BOX: Final = "box"
"""The table of boxes of texts; those that lie elsewhere name a `place`."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Every piece of a snapshot, in the order tables can be filled; may be gone through more than once.

    With `thawed`, texts that lay in object storage lie in the store: the object may be another store's, or be gone.
    Going through them raises BackupDamaged for a piece that is not what it was.
    """

    repository: Repository
    snapshot: Snapshot
    tracker: Tracker
    thawed: bool = False

    def __iter__(self) -> Iterator[Piece]:
        done, total = 0, sum(part.rows for part in self.snapshot.tables.values())
        for table, part in self.snapshot.tables.items():
            rows = 0
            for name in part.pieces:
                piece = read(self.repository.get(name), table)
                rows += len(piece.rows)
                yield _thawed(self.repository, self.snapshot, piece) if self.thawed and table == BOX else piece
                done += len(piece.rows)
                self.tracker(done, total, table)
            if rows != part.rows:
                raise BackupDamaged(f"{table} has {rows:,} of {part.rows:,} rows", hint="Nothing was restored.")


def cold_boxes(piece: Piece) -> dict[str, int]:
    """Return the keys of the boxes in a piece that lie elsewhere, by their names there."""
    rows = (dict(zip(piece.columns, row, strict=True)) for row in piece.rows)
    return {row["name"]: row["key"] for row in rows if row["place"]}


def _thawed(repository: Repository, snapshot: Snapshot, piece: Piece) -> Piece:
    """Return a piece of boxes with the texts of those that lay elsewhere; of one that was left out nothing changes."""
    made = []
    for row in piece.rows:
        values = dict(zip(piece.columns, row, strict=True))
        kept = snapshot.boxes.get(values["name"]) if values["place"] else None
        if kept is not None:
            body = repository.get(kept)
            values |= {"place": "", "name": "", "size": len(body), "body": {"base64": b64encode(body).decode()}}
        made.append([values[name] for name in piece.columns])
    return Piece(piece.table, piece.columns, made)


def deleted(repository: Repository, snapshot: Snapshot) -> set[str]:
    """Return the ids of memories that were deleted before a snapshot was made."""
    return {str(row["memory_id"]) for row in _rows(repository, snapshot, "change") if row["verb"] == "delete"}


def forgotten(repository: Repository, snapshot: Snapshot) -> list[Forgotten]:
    """Return the orders to forget that were known when a snapshot was made."""
    names = Forgotten.__dataclass_fields__
    return [Forgotten(**{name: row[name] for name in names}) for row in _rows(repository, snapshot, "forgotten")]


def _rows(repository: Repository, snapshot: Snapshot, table: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table; none where the snapshot has no such table."""
    part = snapshot.tables.get(table)
    for name in () if part is None else part.pieces:
        piece = read(repository.get(name), table)
        for row in piece.rows:
            yield dict(zip(piece.columns, row, strict=True))


def written(piece: Piece) -> bytes:
    """Return a piece as it is kept: a line that names table and columns, then a line a row."""
    lines = [json.dumps({"table": piece.table, "columns": piece.columns})]
    lines += [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in piece.rows]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def read(plain: bytes, table: str) -> Piece:
    """Return a piece of a table as it was written; raise BackupDamaged for anything else."""
    try:
        head, *rows = map(json.loads, plain.decode("utf-8", "surrogatepass").split("\n"))
        if head["table"] != table or any(len(row) != len(head["columns"]) for row in rows):
            raise BackupDamaged(f"A piece of {table} is one of another table", hint="Nothing was restored.")
        return Piece(table, tuple(head["columns"]), rows)
    except (ValueError, KeyError, TypeError) as error:
        raise BackupDamaged(f"A piece of {table} cannot be read", hint="Nothing was restored.") from error
