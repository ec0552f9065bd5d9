"""Where the key of a store is kept: in the settings themselves, in a file, or in the keyring of the system.

A place that can be written holds two keys while one is being exchanged: the present one and the next. Whichever the
store answers to when it is opened is the right one, so that a rotation may break off at any moment.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

from recollect.errors import ConfigError, StoreError
from recollect.stores.sqlcipher.key import Key

MOST = 4096
"""Bytes that a file with a key may have."""


class Place(Protocol):
    """Where a key is."""

    name: str
    """As people are told."""

    writable: bool
    """Whether a new key can be put there by us."""

    def read(self) -> Key | None:
        """Return the key; `None` where there is none yet. Raises ConfigError where it cannot be read."""

    def next(self) -> Key | None:
        """Return the key that is about to take its place, if any."""

    def put(self, key: Key) -> None:
        """Keep a first key, on disk when this returns."""

    def put_next(self, key: Key) -> None:
        """Keep a key beside the present one, on disk when this returns."""

    def promote(self) -> None:
        """Make the next key the present one; nothing happens where that is done already."""


class Given:
    """A key that stands in the settings or the environment: nobody but the user can change it."""

    writable = False
    name = "store.key"

    def __init__(self, text: str) -> None:
        self._text = text

    def read(self) -> Key | None:
        """Return the key."""
        return Key(self._text)

    def next(self) -> Key | None:
        """Return none."""
        return None

    def put(self, key: Key) -> None:
        """Refuse."""
        raise _ours_to_change(key)

    def put_next(self, key: Key) -> None:
        """Refuse."""
        raise _ours_to_change(key)

    def promote(self) -> None:
        """Do nothing."""


class KeyFile:
    """A key in a file of its owner alone; the next one lies beside it, its name ending in `.next`."""

    writable = True

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beside = path.with_name(path.name + ".next")
        self.name = f"store.key_file ({path})"

    def read(self) -> Key | None:
        """Return what the file says, without the spaces and line ends around it."""
        return _key_in(self._path)

    def next(self) -> Key | None:
        """Return what the file beside it says."""
        return _key_in(self._beside)

    def put(self, key: Key) -> None:
        """Write the file."""
        self._write(self._path, key)

    def put_next(self, key: Key) -> None:
        """Write the file beside it."""
        self._write(self._beside, key)

    def promote(self) -> None:
        """Rename the file beside it."""
        try:
            self._beside.replace(self._path)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _unwritable(self._path, error) from error
        sync_folder(self._path.parent)

    def _write(self, path: Path, key: Key) -> None:
        draft = path.with_name(path.name + ".part")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.unlink(missing_ok=True)
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{key.text}\n")
                file.flush()
                os.fsync(descriptor)
            draft.replace(path)
        except OSError as error:
            raise _unwritable(path, error) from error
        sync_folder(path.parent)


class Ring:
    """A key in the keyring of the system: `service` is the name it is kept under."""

    writable = True
    _present, _beside = "store", "store.next"

    def __init__(self, service: str, keyring: Any) -> None:
        self._service, self._keyring = service, keyring
        self.name = f"store.keyring ({service})"

    def read(self) -> Key | None:
        """Ask for the key."""
        return self._asked(self._present)

    def next(self) -> Key | None:
        """Ask for the next one."""
        return self._asked(self._beside)

    def put(self, key: Key) -> None:
        """Hand the key over."""
        self._told(self._present, key)

    def put_next(self, key: Key) -> None:
        """Hand the next one over."""
        self._told(self._beside, key)

    def promote(self) -> None:
        """Hand the next one over as the present one, then take it out."""
        key = self.next()
        if key is None:
            return
        self.put(key)
        try:
            self._keyring.delete_password(self._service, self._beside)
        except self._keyring.errors.PasswordDeleteError:
            return  # another process was faster
        except self._keyring.errors.KeyringError as error:
            raise self._locked(error) from error

    def _asked(self, name: str) -> Key | None:
        try:
            text = self._keyring.get_password(self._service, name)
        except self._keyring.errors.KeyringError as error:
            raise self._locked(error) from error
        return None if text is None else Key(text)

    def _told(self, name: str, key: Key) -> None:
        try:
            self._keyring.set_password(self._service, name, key.text)
        except self._keyring.errors.KeyringError as error:
            raise self._locked(error) from error

    def _locked(self, error: Exception) -> ConfigError:
        return ConfigError(
            f"The system's keyring does not give the key of the store ({str(error) or type(error).__name__})",
            hint="Unlock it, or keep the key in a file: store.key_file.",
        )


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk, where the system lets folders be synced."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _key_in(path: Path) -> Key | None:
    try:
        with path.open("rb") as file:
            found = file.read(MOST + 1)
        text = found.decode().strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The key file {path} cannot be read ({error})", hint="Mend its rights or it.") from error
    if not text or len(found) > MOST:
        raise ConfigError(f"The key file {path} holds no key", hint="It is to hold one line: the key.")
    return Key(text)


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(f"The key file {path} cannot be written ({error.strerror})", hint="The store is as it was.")


def _ours_to_change(_: Key) -> ConfigError:
    return ConfigError("store.key is set in the settings, which only you can change", hint="Use store.key_file.")
