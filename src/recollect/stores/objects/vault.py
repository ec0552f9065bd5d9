"""A place for texts that are seldom read: each object compressed, sealed where there is a passphrase, never changed."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from typing import Any, Final

from recollect.errors import BackupDamaged, InvalidInput, NotFound, StoreDamaged
from recollect.stores.objects.place import Place
from recollect.stores.objects.seal import Key, Seal, key_of, new_key

HEAD: Final = "cold.json"
FOLDER: Final = "cold"


class Vault:
    """Objects at one place. `place` is asked for when the vault is first used; so is the key made of the passphrase."""

    def __init__(self, place: Callable[[], Place], passphrase: str | None, name: str) -> None:
        self._made, self._passphrase, self.name = place, passphrase, name
        self._opened: tuple[Place, Seal] | None = None
        self._opening = threading.Lock()

    def put(self, name: str, plain: bytes) -> None:
        """Keep some bytes under a name of `new_name`, durably."""
        place, seal = self._open(create=True)
        place.put(_object(name), seal.close(name, plain))

    def get(self, name: str) -> bytes:
        """Return what was put under a name; raise NotFound, and StoreDamaged where it is something else."""
        place, seal = self._open(create=False)
        try:
            return seal.open(name, place.get(_object(name)))
        except BackupDamaged as error:
            raise StoreDamaged(
                f"The cold object {name} at {self.name} is damaged", hint="Fetch another copy of it, from its backup."
            ) from error

    def drop(self, name: str) -> None:
        """Remove an object; one that is not there is gone already."""
        self._open(create=False)[0].delete(_object(name))

    def _open(self, *, create: bool) -> tuple[Place, Seal]:
        with self._opening:
            if self._opened is None:
                place = self._made()
                self._opened = (place, Seal(self._key(place, create=create)))
            return self._opened

    def _key(self, place: Place, *, create: bool) -> Key | None:
        try:
            kept: dict[str, Any] | None = json.loads(place.get(HEAD))["seal"]
        except NotFound:
            if not create:
                raise
            key, kept = new_key(self._passphrase) if self._passphrase else (None, None)
            if place.create(HEAD, json.dumps({"format": 1, "seal": kept}).encode()):
                return key
            return self._key(place, create=False)
        except (KeyError, TypeError, ValueError) as error:
            raise StoreDamaged(f"{HEAD} at {self.name} cannot be read", hint="Fetch another copy of it.") from error
        if kept is None:
            return None
        if not self._passphrase:
            raise InvalidInput(
                f"The cold texts at {self.name} are sealed by a passphrase",
                field="retention.passphrase",
                hint="Set RECOLLECT_RETENTION__PASSPHRASE.",
            )
        return key_of(self._passphrase, kept)


def new_name() -> str:
    """Return a name that no object has."""
    return os.urandom(16).hex()


def _object(name: str) -> str:
    return f"{FOLDER}/{name[:2]}/{name}"
