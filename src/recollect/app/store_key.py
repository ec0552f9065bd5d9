"""Finds the key of the store that the settings name, and what opens its file by it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from recollect.errors import ConfigError
from recollect.hooks import spool
from recollect.settings import Settings
from recollect.stores.sql.head import Form, form_of
from recollect.stores.sql.sqlite import translated
from recollect.stores.sqlcipher.places import Given, KeyFile, Place, Ring

if TYPE_CHECKING:
    from recollect.stores.sql.driver import Driver
    from recollect.stores.sqlcipher.driver import SqlCipher
    from recollect.stores.sqlcipher.key import Key

NAMES: Final = "store.key, store.key_file or store.keyring"


def key_place(settings: Settings) -> Place | None:
    """Return where the key is: `store.key` before `store.key_file` before `store.keyring`; `None` where none is set."""
    store = settings.store
    if store.key is not None:
        return Given(store.key.get_secret_value())
    if store.key_file is not None:
        return KeyFile(store.key_file)
    if store.keyring is None:
        return None
    try:
        return Ring(store.keyring, import_module("keyring"))
    except ImportError as error:
        raise ConfigError("store.keyring needs the library keyring", hint="pip install 'recollect[keyring]'") from error


def driver_of(settings: Settings) -> Driver | None:
    """Return what opens the store's file, `None` where it is not encrypted.

    Raises ConfigError, before anything is written, where the settings and the file do not belong together: a key for a
    plain file, none for an encrypted one, another one. Notes beside the store whether hooks may keep events there.
    """
    if settings.store.url is not None:
        return None
    place, form = key_place(settings), form_of(settings.database)
    if place is None:
        if form is Form.CLOSED:
            raise ConfigError(
                f"The store {settings.database} is encrypted (or no database), and no key is set",
                hint=f"Set {NAMES} to the key it was encrypted with. It was left untouched.",
            )
        spool.open_to_all(str(settings.home))
        return None
    if form is Form.PLAIN:
        raise ConfigError(
            f"{place.name} is set, but the store {settings.database} is not encrypted",
            hint="Encrypt it: recollect encrypt. Or take the setting out.",
        )
    driver = cipher()(fitting(place, settings.database))
    (spool.open_to_all if settings.store.plain_spool else spool.close_to_all)(str(settings.home))
    return driver


def fitting(place: Place, path: Path) -> Key:
    """Return the key that the file answers to; a rotation that was broken off after the exchange is ended.

    Raises ConfigError where neither the present key nor the next one is it.
    """
    made = cipher()
    key = place.read() or place.next()
    if key is None:
        raise ConfigError(
            f"There is no key in {place.name}",
            hint="Put the key of the store there; for a new store, `recollect encrypt` makes one.",
        )
    with translated(made.error):
        if made(key).fits(path):
            return key
        coming = place.next()
        if coming is not None and made(coming).fits(path):
            place.promote()
            return coming
    raise ConfigError(
        f"The key in {place.name} does not open the store {path}",
        hint="It was left untouched. Name the key it was encrypted with; if that is this one, the file is damaged.",
    )


def cipher() -> type[SqlCipher]:
    """Return what opens encrypted files; raise ConfigError where the extra is not installed."""
    found: type[SqlCipher] = _brought("driver").SqlCipher
    return found


def exchanging() -> ModuleType:
    """Return what exchanges keys; raise ConfigError where the extra is not installed."""
    return _brought("exchange")


def _brought(name: str) -> ModuleType:
    try:
        return import_module(f"recollect.stores.sqlcipher.{name}")
    except ImportError as error:
        raise ConfigError(
            "An encrypted store needs SQLCipher, which is not installed", hint="pip install 'recollect[encrypted]'"
        ) from error
