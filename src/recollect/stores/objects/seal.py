"""Compresses what is backed up and, with a passphrase, encrypts it: Argon2id makes the key, XChaCha20-Poly1305 seals.

The name of an object is a digest of what is in it, keyed where there is a passphrase, so that the names of a sealed
backup tell nothing. An object is bound to its name: none can stand in for another.
"""

from __future__ import annotations

import base64
import hmac
import zlib
from dataclasses import dataclass
from hashlib import blake2b
from importlib import import_module
from typing import Any, Final

from recollect.errors import BackupDamaged, ConfigError, InvalidInput

LEVEL: Final = 3
NONCE: Final = 24
WORK: Final = (3, 64 * 1024 * 1024)
"""Passes and bytes of memory that Argon2id takes: the second recommendation of RFC 9106."""
PROOF: Final = b"recollect backup"
"""What is sealed beside the salt, so that a wrong passphrase is known at once."""


@dataclass(frozen=True, slots=True)
class Key:
    """Two keys made of one passphrase: one seals, one names."""

    sealing: bytes
    naming: bytes


class Seal:
    """Turns plain bytes into what is stored, and back."""

    def __init__(self, key: Key | None = None) -> None:
        self._key = key
        self._sodium: Any = None if key is None else sodium()

    @property
    def closed(self) -> bool:
        """Whether a passphrase is needed."""
        return self._key is not None

    def name(self, plain: bytes) -> str:
        """Return the name of an object with this content."""
        return blake2b(plain, key=b"" if self._key is None else self._key.naming, digest_size=32).hexdigest()

    def close(self, name: str, plain: bytes) -> bytes:
        """Return what is stored under a name."""
        packed = zlib.compress(plain, LEVEL)
        if self._key is None:
            return packed
        nonce = self._sodium.utils.random(NONCE)
        closed: bytes = self._sodium.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            packed, name.encode(), nonce, self._key.sealing
        )
        return bytes(nonce) + closed

    def open(self, name: str, stored: bytes) -> bytes:
        """Return what was closed under this name; raise BackupDamaged for anything else."""
        try:
            return zlib.decompress(self._opened(name, stored))
        except (zlib.error, ValueError) as error:
            raise _damaged(name) from error

    def whole(self, name: str, stored: bytes) -> bytes:
        """Return what was closed under the name that its content has; raise BackupDamaged."""
        plain = self.open(name, stored)
        if not hmac.compare_digest(self.name(plain), name):
            raise _damaged(name)
        return plain

    def _opened(self, name: str, stored: bytes) -> bytes:
        if self._key is None:
            return stored
        try:
            opened: bytes = self._sodium.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                stored[NONCE:], name.encode(), stored[:NONCE], self._key.sealing
            )
        except self._sodium.exceptions.CryptoError as error:
            raise _damaged(name) from error
        return opened


def new_key(passphrase: str) -> tuple[Key, dict[str, Any]]:
    """Return the key of a new repository, and what must be kept to make it again."""
    salt = sodium().utils.random(16)
    key = _derived(passphrase, salt, *WORK)
    proof = Seal(key).close("proof", PROOF)
    return key, {"salt": _text(salt), "passes": WORK[0], "memory": WORK[1], "proof": _text(proof)}


def key_of(passphrase: str, kept: dict[str, Any]) -> Key:
    """Return the key again; raise InvalidInput for another passphrase, BackupDamaged where what was kept is no more."""
    try:
        salt, proof = base64.b64decode(kept["salt"]), base64.b64decode(kept["proof"])
        passes, memory = int(kept["passes"]), int(kept["memory"])
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged("repository.json") from error
    key = _derived(passphrase, salt, passes, memory)
    try:
        Seal(key).open("proof", proof)
    except BackupDamaged:
        raise InvalidInput(
            "The passphrase is not that of this backup", field="passphrase", hint="Nothing was read or written."
        ) from None
    return key


def sodium() -> Any:
    """Return libsodium, which the extra `backup` brings; raise ConfigError where it is not installed."""
    try:
        for part in ("bindings", "exceptions", "pwhash", "utils"):
            import_module(f"nacl.{part}")
        return import_module("nacl")
    except ImportError as error:
        raise ConfigError(
            "Encrypted backups need PyNaCl", hint="Install it: pip install 'recollect[backup]'."
        ) from error


def _derived(passphrase: str, salt: bytes, passes: int, memory: int) -> Key:
    both: bytes = sodium().pwhash.argon2id.kdf(64, passphrase.encode(), salt, opslimit=passes, memlimit=memory)
    return Key(both[:32], both[32:])


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _damaged(name: str) -> BackupDamaged:
    return BackupDamaged(
        f"The backup's object {name[:16]} is damaged",
        hint="Nothing was restored. Try another snapshot or another copy.",
    )
