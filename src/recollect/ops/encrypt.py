"""Encrypts a store, gives it another key, or takes the encryption away: which key, from where, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from recollect.app.store_key import NAMES, exchanging, fitting, key_place
from recollect.errors import ConfigError, InvalidInput, NotFound, StoreDamaged
from recollect.ports import Tracker
from recollect.settings import Settings
from recollect.stores.sql.database import prepare_home
from recollect.stores.sql.head import Form, form_of
from recollect.stores.sqlcipher.key import Key, new_key
from recollect.stores.sqlcipher.places import KeyFile, Place

if TYPE_CHECKING:
    from recollect.stores.sqlcipher.exchange import Exchanged

ENCRYPTED: Final = "encrypted"
ROTATED: Final = "rotated"
DECRYPTED: Final = "decrypted"
READY: Final = "ready"
"""There is no store yet: it will be encrypted from its first memory on."""
NOTHING: Final = "nothing"
"""It was encrypted already."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, with the key of which place, and what was written anew and compared for it.

    `swept` counts files that an earlier attempt had left behind. `by_hand`: the settings hold the key, so the user has
    to change it there.
    """

    what: str
    key: str
    tables: int = 0
    rows: int = 0
    bytes: int = 0
    swept: int = 0
    by_hand: bool = False


def encrypt(settings: Settings, tracker: Tracker) -> Done:
    """Encrypt the store with the key that the settings name, which is made where it can be and is not there.

    Raises ConfigError where none is named, StoreBusy where the store is open elsewhere; then nothing was changed.
    """
    place, path = _place(settings), settings.database
    form = form_of(path)
    if form is Form.OTHER:
        raise _other(path)
    if form is Form.CLOSED:
        return Done(NOTHING, place.name, swept=_swept(place, path))
    exchange = exchanging().exchange  # before a key is made: whether SQLCipher is here at all
    prepare_home(settings.home)
    key = place.read()
    if key is None:
        key = new_key()
        place.put(key)
    if form is Form.NONE:
        return Done(READY, place.name)
    return _done(ENCRYPTED, place, exchange(path, None, key, tracker))


def rotate(settings: Settings, wanted: Key | None, tracker: Tracker) -> Done:
    """Give the store another key: `wanted`, or one that is made. The old one opens nothing afterwards.

    The new key is kept beside the old one first, and takes its place last: whenever this is broken off, one of the two
    opens the store, and the next opening finds out which. A key in the settings can only be changed by the user, who
    must therefore name the new one.
    """
    place, path = _place(settings), _closed(settings)
    if wanted is None and not place.writable:
        raise InvalidInput(
            f"{place.name} can only be changed by you", field="new-key-file",
            hint="Write the new key to a file, name that with --new-key-file, and change the setting afterwards.",
        )  # fmt: skip
    old, new = fitting(place, path), wanted or new_key()
    if place.writable:
        place.put_next(new)
    made = exchanging().exchange(path, old, new, tracker)
    place.promote()
    return _done(ROTATED, place, made, by_hand=not place.writable)


def decrypt(settings: Settings, tracker: Tracker) -> Done:
    """Take the encryption away; the key stays where it is."""
    place, path = _place(settings), _closed(settings)
    made = exchanging().exchange(path, fitting(place, path), None, tracker)
    return _done(DECRYPTED, place, made, by_hand=True)


def key_in(path: Path) -> Key:
    """Return the key that a file holds; raise NotFound and ConfigError."""
    found = KeyFile(path).read()
    if found is None:
        raise NotFound(f"There is no file {path}", hint="It is to hold one line: the new key.")
    return found


def _place(settings: Settings) -> Place:
    if settings.store.url is not None:
        raise InvalidInput(
            "The store is in PostgreSQL, which keeps its files itself", field="store.url",
            hint="Encrypt the disk that PostgreSQL is on.",
        )  # fmt: skip
    place = key_place(settings)
    if place is None:
        raise ConfigError(
            "No key is set", hint=f"Set {NAMES}. A key file, or an entry of the keyring, is made if it is not there."
        )
    return place


def _closed(settings: Settings) -> Path:
    path = settings.database
    form = form_of(path)
    if form is Form.OTHER:
        raise _other(path)
    if form is not Form.CLOSED:
        raise InvalidInput(f"The store {path} is not encrypted", hint="`recollect encrypt` does that.")
    return path


def _swept(place: Place, path: Path) -> int:
    exchanged = exchanging()
    key = fitting(place, path)
    if not exchanged.remains(path):
        return 0
    count: int = exchanged.sweep(path, key)
    return count


def _done(what: str, place: Place, made: Exchanged, *, by_hand: bool = False) -> Done:
    return Done(what, place.name, made.tables, made.rows, made.bytes, by_hand=by_hand)


def _other(path: Path) -> StoreDamaged:
    return StoreDamaged(f"{path} is no database of recollect", hint="It was left untouched.")
