"""A token: what a client shows to be let in. Only its digest is kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Token:
    """A token as the store knows it: `digest` is the SHA-256 of the secret in hex, the secret itself is nowhere."""

    id: str
    name: str
    digest: str
    created_at: datetime


def digest_of(secret: str) -> str:
    """Return what is kept of a token. Tokens are random (256 bits), so one round of SHA-256 hides them for good."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
