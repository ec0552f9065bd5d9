"""What a store is encrypted with: 32 bytes as they are, or a passphrase that such bytes are made of."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from hashlib import pbkdf2_hmac
from typing import Final

from recollect.errors import ConfigError

SALT: Final = 16
"""Bytes at the head of an encrypted file that keys are salted with."""
ROUNDS: Final = 256_000
"""Of PBKDF2 with HMAC-SHA-512, as SQLCipher 4 makes keys of passphrases: its own tools open our files."""
SHORTEST: Final = 12
"""Characters of a passphrase below which guessing is no work."""
_RAW: Final = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, slots=True)
class Key:
    """A key; it never shows itself. 64 hexadecimal digits are the key, anything else is a passphrase."""

    text: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.is_raw and len(self.text) < SHORTEST:
            raise ConfigError(
                "The key of the store is too short",
                hint=f"Give 64 hexadecimal digits, or a passphrase of {SHORTEST} characters or more.",
            )

    @property
    def is_raw(self) -> bool:
        """Whether it is used as it is: opening then takes no time."""
        return _RAW.fullmatch(self.text) is not None

    def digits(self, salt: bytes) -> str:
        """Return what SQLCipher is given, in hexadecimal: the key, and after one made of a passphrase its salt.

        A passphrase takes a few tenths of a second, on purpose.
        """
        if self.is_raw:
            return self.text
        return (pbkdf2_hmac("sha512", self.text.encode(), salt, ROUNDS, 32) + salt).hex()


def new_key() -> Key:
    """Return a key that nobody has had before."""
    return Key(secrets.token_hex(32))
