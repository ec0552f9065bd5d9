"""A token: what a client shows to be let in. Only its digest is kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from recollect.models.actor import Actor, Person, Service, System
from recollect.models.right import Right


@dataclass(frozen=True, slots=True)
class Token:
    """A token as the store knows it: `digest` is the SHA-256 of the secret in hex, the secret itself is nowhere.

    With `user_id` it is that user's own; with `rights` (by project, `*` for all) a service's. With neither it is the
    server's, which may everything. From `expires_at` on it opens nothing. `used_at` is when it last opened, to the
    minute.
    """

    id: str
    name: str
    digest: str
    created_at: datetime
    user_id: str | None = None
    rights: tuple[tuple[str, Right], ...] | None = None
    expires_at: datetime | None = None
    used_at: datetime | None = None

    @property
    def actor(self) -> Actor:
        """Who acts when this token is shown."""
        if self.user_id is not None:
            return Person(self.user_id, self.id, self.expires_at)
        if self.rights is not None:
            return Service(self.id, self.rights, self.expires_at)
        return System(self.id)


def digest_of(secret: str) -> str:
    """Return what is kept of a token. Tokens are random (256 bits), so one round of SHA-256 hides them for good."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
