"""A repository of backups: objects named by what is in them, and snapshots that say which belong together.

A snapshot is written last, so that one which is there is whole. One writer at a time: a lock says who.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from recollect.errors import BackupDamaged, Conflict, InvalidInput, NotFound
from recollect.ops.backup.snapshot import Snapshot, read
from recollect.stores.objects.place import Place
from recollect.stores.objects.seal import Key, Seal, key_of, new_key

HEAD: Final = "repository.json"
LOCK: Final = "lock.json"
STALE: Final = timedelta(hours=6)
"""After which a lock is taken to be one of a process that died."""


class Repository:
    """Objects and snapshots at one place, opened with the passphrase they were sealed with."""

    def __init__(self, place: Place, seal: Seal) -> None:
        self.place, self.seal = place, seal

    def put(self, plain: bytes, known: set[str]) -> str:
        """Keep some bytes, unless they are `known` to be there; return their name."""
        name = self.seal.name(plain)
        if name not in known:
            self.place.put(_object(name), self.seal.close(name, plain))
            known.add(name)
        return name

    def get(self, name: str) -> bytes:
        """Return what was kept under a name; raise BackupDamaged where it is gone or another."""
        try:
            return self.seal.whole(name, self.place.get(_object(name)))
        except NotFound as error:
            raise BackupDamaged(
                f"The backup's object {name[:16]} is missing",
                hint="Nothing was restored. Try another snapshot or copy.",
            ) from error

    def has(self) -> dict[str, datetime]:
        """Return the names of all objects and when each was written."""
        return {found.name.rpartition("/")[2]: found.at for found in self.place.list("objects")}

    def add(self, snapshot: Snapshot) -> None:
        """Keep a snapshot whose objects are all there."""
        self.place.put(_snapshot(snapshot.id), self.seal.close(snapshot.id, snapshot.written()))

    def snapshots(self) -> list[Snapshot]:
        """Return every snapshot, the oldest first."""
        names = [found.name.rpartition("/")[2] for found in self.place.list("snapshots")]
        found = [read(self.seal.open(name, self.place.get(_snapshot(name)))) for name in names]
        return sorted(found, key=lambda one: (one.made_at, one.id))

    def snapshot(self, name: str | None = None, *, at: datetime | None = None) -> Snapshot:
        """Return the snapshot whose id begins so, or the latest (not after `at`); raise NotFound."""
        found = [one for one in self.snapshots() if at is None or one.made_at <= at]
        if name is not None:
            found = [one for one in found if one.id.startswith(name)]
            if len(found) > 1:
                raise InvalidInput(f"Several snapshots begin with {name}", field="snapshot", hint="Give more of it.")
        if not found:
            which = f"snapshot {name}" if name else "snapshot" if at is None else f"snapshot before {at.isoformat()}"
            raise NotFound(
                f"There is no {which} in {self.place}", hint="`recollect backup list` shows those there are."
            )
        return found[-1]

    def drop(self, name: str) -> None:
        """Remove a snapshot; its objects stay until they are swept."""
        self.place.delete(_snapshot(name))

    def sweep(self, unneeded: list[str]) -> None:
        """Remove objects."""
        for name in unneeded:
            self.place.delete(_object(name))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out; raise Conflict where one is at work."""
        who = {"host": socket.gethostname(), "pid": os.getpid(), "at": datetime.now(UTC).isoformat()}
        value = json.dumps(who).encode()
        if not self.place.create(LOCK, value):
            self._break(json.loads(self.place.get(LOCK)))
            if not self.place.create(LOCK, value):
                raise Conflict(f"Another backup has begun at {self.place}", hint="Wait for it to end.")
        try:
            yield
        finally:
            self.place.delete(LOCK)

    def _break(self, other: dict[str, Any]) -> None:
        """Remove the lock of a process that is gone; raise Conflict for one that may be at work."""
        gone = other["host"] == socket.gethostname() and not _runs(int(other["pid"]))
        if not gone and datetime.now(UTC) - datetime.fromisoformat(other["at"]) < STALE:
            raise Conflict(
                f"Another backup is being made at {self.place} (process {other['pid']} on {other['host']})",
                hint=f"Wait for it to end; if it died, remove {LOCK} there.",
            )
        self.place.delete(LOCK)


def open_repository(place: Place, passphrase: str | None, *, create: bool = False) -> Repository:
    """Open the repository at a place, or begin one there.

    Raises NotFound where there is none, InvalidInput for a passphrase that is missing or wrong.
    """
    try:
        head = json.loads(place.get(HEAD))
        kept = head["seal"]
    except NotFound:
        if not create:
            raise NotFound(f"There are no backups at {place}", hint="`recollect backup` makes the first.") from None
        return _begun(place, passphrase)
    except (KeyError, TypeError, ValueError) as error:
        raise BackupDamaged(f"{HEAD} at {place} cannot be read", hint="Fetch another copy of the backups.") from error
    return Repository(place, Seal(_key(kept, passphrase)))


def _begun(place: Place, passphrase: str | None) -> Repository:
    key, kept = new_key(passphrase) if passphrase else (None, None)
    place.put(HEAD, json.dumps({"format": 1, "id": uuid4().hex, "seal": kept}).encode())
    return Repository(place, Seal(key))


def _key(kept: dict[str, Any] | None, passphrase: str | None) -> Key | None:
    if kept is None:
        return None
    if not passphrase:
        raise InvalidInput(
            "These backups are sealed by a passphrase",
            field="passphrase",
            hint="Set RECOLLECT_BACKUP__PASSPHRASE, or name a file with --passphrase-file.",
        )
    return key_of(passphrase, kept)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _object(name: str) -> str:
    return f"objects/{name[:2]}/{name}"


def _snapshot(name: str) -> str:
    return f"snapshots/{name}"
