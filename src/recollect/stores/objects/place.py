"""Where objects lie: a flat set of named objects, each written as a whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from recollect.errors import NotFound, StoreError, StoreFull, StoreReadOnly

NO_ROOM = 28
"""`ENOSPC`."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An object by name: its bytes, and when it was written."""

    name: str
    size: int
    at: datetime


class Place(Protocol):
    """Named objects. What is written is durable when a call returns; names are `folder/name`."""

    def put(self, name: str, value: bytes) -> None:
        """Write an object; one of that name is replaced."""

    def create(self, name: str, value: bytes) -> bool:
        """Write an object if there is none of that name; return whether it was written."""

    def get(self, name: str) -> bytes:
        """Return an object; raise NotFound."""

    def list(self, folder: str) -> Iterator[Listed]:
        """Yield the objects of a folder, in no order."""

    def delete(self, name: str) -> None:
        """Remove an object; one that is not there is gone already."""


class Folder:
    """A folder on this machine, or on whatever is mounted there; readable by its owner only."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __str__(self) -> str:
        return str(self._root)

    def put(self, name: str, value: bytes) -> None:
        """Write to a file beside it, flush it to the disk, and put it in its place."""
        with _told(self._root):
            self._written(name, value).replace(self._root / name)

    def create(self, name: str, value: bytes) -> bool:
        """Do the same, unless the name is taken."""
        with _told(self._root):
            made = self._written(name, value)
            try:
                os.link(made, self._root / name)
            except FileExistsError:
                return False
            finally:
                made.unlink()
            return True

    def get(self, name: str) -> bytes:
        """Read a file."""
        with _told(self._root):
            try:
                return (self._root / name).read_bytes()
            except FileNotFoundError:
                raise NotFound(f"There is no {name} in {self._root}") from None

    def list(self, folder: str) -> Iterator[Listed]:
        """Walk a folder; files being written are none of it."""
        for path in sorted((self._root / folder).rglob("*")):
            with suppress(FileNotFoundError):  # another process may take it away meanwhile
                found = path.stat()
                if path.is_file() and not path.name.startswith("."):
                    name = path.relative_to(self._root).as_posix()
                    yield Listed(name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def delete(self, name: str) -> None:
        """Remove a file."""
        with _told(self._root):
            (self._root / name).unlink(missing_ok=True)

    def _written(self, name: str, value: bytes) -> Path:
        folder = (self._root / name).parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, path = tempfile.mkstemp(prefix=".", dir=folder)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(value)
                out.flush()
                os.fsync(out.fileno())
        except BaseException:  # no draft stays, however writing ends
            Path(path).unlink(missing_ok=True)
            raise
        return Path(path)


class _told:  # noqa: N801 - reads as `with _told(root)`
    """Turns what the file system says into errors of ours."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, OSError):
            return
        if error.errno == NO_ROOM:
            raise StoreFull(f"There is no room left in {self._root}", hint="Free some, or name another place.")
        if isinstance(error, PermissionError):
            raise StoreReadOnly(f"{self._root} cannot be written", hint="Check its permissions.") from error
        raise StoreError(f"{self._root} failed ({error.strerror})", hint="Check the device and the path.") from error
