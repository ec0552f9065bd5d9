"""`/api/session`: a browser shows a token once and is known by a cookie from then on; the cookie is never the token.

The cookie names a token's id, when it ends and a number used once, and is sealed with a key of this server and the
token's digest: it survives a restart, and dies with the token. Who signs out is remembered until the cookie would have
ended by itself, over restarts too.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

from recollect.api.guard.headers import header
from recollect.models import Token
from recollect.ports import Tokens

DAYS: Final = 14
LASTS: Final = DAYS * 86_400
"""Seconds after which a browser has to sign in again."""
PROOF: Final = b"x-recollect"
"""The header without which a cookie changes nothing: pages of other sites cannot send it."""
LEFT: Final = 1000
"""Sessions ended here that are known at once; all servers look up the ended ones every two seconds."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OURS: Final = frozenset({None, "same-origin", "none"})
"""From where (Sec-Fetch-Site) a cookie is taken: other ports of this machine get the cookie too, but not this word."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a cookie says, not yet believed."""

    token_id: str
    ends: int
    once: str
    seal: str

    @classmethod
    def of(cls, cookie: str) -> Claim | None:
        """Return what a cookie says, `None` where it is none of ours."""
        parts = cookie.rsplit(".", 3)
        if len(parts) != 4 or len(cookie) > 500 or not (parts[1].isascii() and parts[1].isdigit()):
            return None
        return cls(parts[0], int(parts[1][:15]), parts[2], parts[3])


class Sessions:
    """Opens, recognises and ends the sessions of browsers; which were ended is kept where every server sees it."""

    def __init__(self, key: bytes | None = None, clock: Callable[[], float] = time.time) -> None:
        self._key = key or secrets.token_bytes(32)
        self._clock = clock
        self._left: deque[str] = deque(maxlen=LEFT)

    def begin(self, token_id: str, digest: str) -> str:
        """Return the cookie of a new session."""
        ends, once = int(self._clock()) + LASTS, secrets.token_urlsafe(16)
        return f"{token_id}.{ends}.{once}.{self._seal(token_id, ends, once, digest)}"

    def holder(self, cookie: str, tokens: Sequence[Token], ended: Collection[str] = ()) -> Token | None:
        """Return the token a session stands for, `None` when it is over, forged, or its token is gone."""
        claim = Claim.of(cookie)
        if claim is None or claim.ends <= self._clock() or claim.once in self._left or claim.once in ended:
            return None
        for token in tokens:
            if token.id == claim.token_id:
                right = self._seal(claim.token_id, claim.ends, claim.once, token.digest)
                return token if hmac.compare_digest(right.encode(), claim.seal.encode()) else None
        return None

    async def end(self, cookie: str, tokens: Tokens) -> None:
        """Let a session of these tokens open nothing any more, at any server; what is none of ours is left alone."""
        claim, now = Claim.of(cookie), int(self._clock())
        if claim is not None and self.holder(cookie, await tokens.list()) is not None:
            self._left.append(claim.once)
            await tokens.sign_out(claim.once, claim.ends, now)

    def _seal(self, token_id: str, ends: int, once: str, digest: str) -> str:
        said = "\n".join((token_id, str(ends), once, digest))
        return hmac.new(self._key, said.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def cookie_name(scope: Scope) -> str:
    """Return the name of the cookie: with the port, for browsers do not keep cookies of two ports apart."""
    port = (header(scope, b"host") or "").rpartition(":")[2]
    return f"recollect_{port}" if port.isascii() and port.isdigit() else "recollect"


def cookie_of(scope: Scope) -> str | None:
    """Return the session a request shows, `None` when it shows none or may not be judged by one.

    A cookie comes along whatever page makes the browser ask, so what changes something must bring `X-Recollect` too.
    """
    if header(scope, b"sec-fetch-site") not in OURS:
        return None
    if scope["method"] not in SAFE and header(scope, PROOF) is None:
        return None
    wanted = cookie_name(scope)
    for part in (header(scope, b"cookie") or "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted:
            return value
    return None
