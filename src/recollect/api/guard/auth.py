"""Asks every request for a token, and says whose it was."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from recollect.access.access import ORIGIN
from recollect.api.errors import failure
from recollect.api.guard.headers import header
from recollect.api.guard.open import OPEN, SESSION, is_of_nodes, is_viewer
from recollect.api.guard.refusals import refusals_of
from recollect.api.guard.request_id import state_of
from recollect.api.session import Sessions, cookie_of
from recollect.app import App
from recollect.clock import SystemClock
from recollect.errors import StoreError
from recollect.models import Actor, System, Token, digest_of
from recollect.ports import Tokens

FRESH, AT_ONCE = 2.0, 0.1
"""Seconds after which the tokens are read anew: usually, and when one is not known (it may have just been made)."""


USED_EVERY, OLDEST = timedelta(minutes=1), datetime.min.replace(tzinfo=UTC)
"""How closely the last use of a token is noted."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: the token it showed and that token's name, both empty where none was asked for; and who that is."""

    token_id: str = ""
    name: str = ""
    actor: Actor = field(default_factory=System)


class Keyring:
    """The tokens that let in, held in memory and read anew every two seconds; a revoked one ends within these."""

    def __init__(
        self,
        tokens: Tokens,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] | None = None,
        edition: Callable[[], Awaitable[int]] | None = None,
    ) -> None:
        self._tokens = tokens
        self._clock, self._now = clock, now or SystemClock().now
        self._used: dict[str, datetime] = {}
        self._edition, self._seen = edition, -1
        self._held: list[Token] = []
        self._ended: frozenset[str] = frozenset()
        self._read = self._looked = float("-inf")
        self._reading = asyncio.Lock()

    async def holder(self, secret: str) -> Principal | None:
        """Return who holds this token, `None` when it opens nothing. Takes the same time for every wrong token."""
        digest = digest_of(secret)
        await self._refresh(0.0 if await self._has_changed() else FRESH)
        found = self._match(digest)
        if found is None:
            await self._refresh(AT_ONCE)
            found = self._match(digest)
        if found is not None:
            await self._note(found.token_id)
        return found

    async def visitor(self, sessions: Sessions, cookie: str) -> Principal | None:
        """Return who holds the token that a browser's session stands for, `None` when it opens nothing."""
        await self._refresh(0.0 if await self._has_changed() else FRESH)
        if self._clock() - self._looked >= FRESH:
            begun, self._ended = self._clock(), await self._tokens.signed_out()
            self._looked = begun
        token = sessions.holder(cookie, self._held, self._ended)
        return None if token is None else self._match(token.digest)

    def _match(self, digest: str) -> Principal | None:
        same = [token for token in self._held if hmac.compare_digest(token.digest, digest)]
        now = self._now()
        open_ = [token for token in same if token.expires_at is None or now < token.expires_at]
        return Principal(open_[0].id, open_[0].name, open_[0].actor) if open_ else None

    async def _has_changed(self) -> bool:
        """Whether tokens are known to have changed since they were read, where anything tells that."""
        if self._edition is None:
            return False
        edition, seen = await self._edition(), self._seen
        self._seen = edition
        return edition != seen

    async def _note(self, token_id: str) -> None:
        """Note that a token was used, once a minute at most; where that fails, nothing is noted."""
        now = self._now()
        if now - self._used.get(token_id, OLDEST) >= USED_EVERY:
            self._used[token_id] = now
            with suppress(StoreError):
                await self._tokens.used(token_id, now)

    async def _refresh(self, age: float) -> None:
        if self._clock() - self._read < age:
            return
        async with self._reading:
            if self._clock() - self._read >= age:
                begun = self._clock()
                self._held = await self._tokens.list()
                self._read = begun


class Auth:
    """Lets a request through that shows a known token or a session; health, nodes and the viewer ask for none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._keyring: Keyring | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 to whoever shows no token that opens."""
        if scope["type"] != "http" or scope["path"] in OPEN or scope["path"] == SESSION or is_viewer(scope):
            await self._app(scope, receive, send)
            return
        if is_of_nodes(scope) and shown(scope):
            await self._app(scope, receive, send)
            return
        ORIGIN.set(_origin(scope))
        if self._keyring is None:
            self._keyring = _keyring(scope["app"].state.memory.app)
        secret = shown(scope)
        principal = await self._keyring.holder(secret) if secret else None
        if secret is None and (cookie := cookie_of(scope)) is not None:
            principal = await self._keyring.visitor(scope["app"].state.sessions, cookie)
        if principal is None:
            if secret:
                refusals_of(scope["app"]).refused(_origin(scope))
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
        ORIGIN.set(_origin(scope))
        state_of(scope)["principal"] = Principal()
        await self._app(scope, receive, send)


def _keyring(app: App) -> Keyring:
    async def edition() -> int:
        return (await app.access.known()).edition

    return Keyring(app.tokens, edition=edition)


def _origin(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


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
