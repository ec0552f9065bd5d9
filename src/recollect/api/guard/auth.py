"""Asks every request for a token, and says whose it was."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from recollect.api.errors import failure
from recollect.api.guard.headers import header
from recollect.api.guard.open import OPEN
from recollect.api.guard.request_id import state_of
from recollect.models import Token, digest_of
from recollect.ports import Tokens

FRESH, AT_ONCE = 2.0, 0.1
"""Seconds after which the tokens are read anew: usually, and when one is not known (it may have just been made)."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: the token it showed and that token's name; both empty where none was asked for."""

    token_id: str = ""
    name: str = ""


class Keyring:
    """The tokens that let in, held in memory and read anew every two seconds; a revoked one ends within these."""

    def __init__(self, tokens: Tokens, clock: Callable[[], float] = time.monotonic) -> None:
        self._tokens = tokens
        self._clock = clock
        self._held: list[Token] = []
        self._read = float("-inf")
        self._reading = asyncio.Lock()

    async def holder(self, secret: str) -> Principal | None:
        """Return who holds this token, `None` when it opens nothing. Takes the same time for every wrong token."""
        digest = digest_of(secret)
        await self._refresh(FRESH)
        found = self._match(digest)
        if found is None:
            await self._refresh(AT_ONCE)
            found = self._match(digest)
        return found

    def _match(self, digest: str) -> Principal | None:
        same = [token for token in self._held if hmac.compare_digest(token.digest, digest)]
        return Principal(same[0].id, same[0].name) if same else None

    async def _refresh(self, age: float) -> None:
        if self._clock() - self._read < age:
            return
        async with self._reading:
            if self._clock() - self._read >= age:
                begun = self._clock()
                self._held = await self._tokens.list()
                self._read = begun


class Auth:
    """Lets a request through when it shows a token that is known; the health routes ask for none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._keyring: Keyring | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 to whoever shows no token that opens."""
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        if self._keyring is None:
            self._keyring = Keyring(scope["app"].state.memory.app.tokens)
        secret = shown(scope)
        principal = await self._keyring.holder(secret) if secret else None
        if principal is None:
            await _refused(scope, secret)(scope, receive, send)
            return
        state_of(scope)["principal"] = principal
        await self._app(scope, receive, send)


class NoAuth:
    """Lets everybody through as nobody in particular."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer without asking."""
        state_of(scope)["principal"] = Principal()
        await self._app(scope, receive, send)


def shown(scope: Scope) -> str | None:
    """Return the token a request shows: `Authorization: Bearer`, `Token` (Mem0's clients), `Basic`, or `X-API-Key`.

    Basic is what browsers ask their user for; the token is the password.
    """
    given = header(scope, b"authorization")
    if given is None:
        return header(scope, b"x-api-key")
    scheme, _, rest = given.strip().partition(" ")
    rest = rest.strip()
    if scheme.lower() in {"bearer", "token"}:
        return rest
    return _password(rest) if scheme.lower() == "basic" else None


def _password(given: str) -> str | None:
    try:
        text = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text.partition(":")[2]


BROWSER: Final = 'Basic realm="recollect: the token is the password", charset="UTF-8"'


def _refused(scope: Scope, secret: str | None) -> ASGIApp:
    said = "This token opens nothing here" if secret else "A token is asked for"
    wants_page = "text/html" in (header(scope, b"accept") or "")
    challenge = BROWSER if wants_page else "Bearer"
    return failure(
        401,
        "unauthorized",
        said,
        "Send `Authorization: Bearer …`; `recollect token` says where the token of this server is.",
        {"www-authenticate": challenge},
    )
