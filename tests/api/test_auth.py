"""Every route asks for a token, in each form clients send one, and lets nobody in with anything else."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from tests.api.guarded import BEARER, SECRET, asking, guarded, refused

from recollect.access.access import Access
from recollect.api.guard.auth import Keyring
from recollect.api.guard.open import OPEN, SESSION, VIEWER
from recollect.errors import StoreBusy
from recollect.models import Token, digest_of
from recollect.testing.clock import START

BASIC = base64.b64encode(f"anyone:{SECRET}".encode()).decode()
RIGHT = [
    BEARER,
    {"Authorization": f"bearer   {SECRET}"},
    {"Authorization": f"Token {SECRET}"},
    {"Authorization": f"Basic {BASIC}"},
    {"X-API-Key": SECRET},
]
WRONG = [
    {},
    {"Authorization": ""},
    {"Authorization": SECRET},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer "},
    {"Authorization": f"Bearer {SECRET}x"},
    {"Authorization": f"Bearer {SECRET[:-1]}"},
    {"Authorization": f"Bearer {digest_of(SECRET)}"},
    {"Authorization": f"Digest {SECRET}"},
    {"Authorization": "Basic !!!"},
    {"Authorization": "Basic /w=="},
    {"Authorization": "Bearer \u00ff\u00fe"},
    {"X-API-Key": ""},
    {"X-API-Key": "0"},
    {"Authorization": "Bearer wrong", "X-API-Key": SECRET},
]


def routes_of(routes: Sequence[Any]) -> Iterator[Any]:
    """Yield every route, those of included routers too."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from routes_of(included.routes)


def asked_of(app: FastAPI) -> set[tuple[str, str]]:
    """Return method and path of every route, with something in place of what is to be filled in."""
    found = {(method, route.path) for route in routes_of(app.routes) for method in getattr(route, "methods", ["GET"])}
    found |= {(method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item}
    return {(method, re.sub(r"\{[^}]*\}", "x", path) or "/") for method, path in found}


@pytest.mark.parametrize("headers", RIGHT)
async def test_a_token_lets_in_and_says_whose_it_is(home: Path, headers: dict[str, str]) -> None:
    async with guarded(home) as app, asking(app) as client:
        told = (await client.get("/try/echo", headers=headers)).json()
    assert (told["token"], told["name"]) == ("t1", "tests")


async def test_nothing_else_lets_in(home: Path) -> None:
    async with guarded(home) as app, asking(app) as client:
        for headers in WRONG:
            sent = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            answer = await client.get("/try/echo", headers=sent)
            refused(answer, 401, "unauthorized")
            assert answer.headers["www-authenticate"] == "Bearer"
            assert SECRET not in answer.text


async def test_every_route_but_health_asks_for_a_token(home: Path) -> None:
    async with guarded(home) as app, asking(app) as client:
        routes = asked_of(app)
        assert len(routes) > 20
        assert {path for _, path in routes} > OPEN
        for method, path in sorted(routes | {("GET", "/nowhere"), ("OPTIONS", "/try/echo"), ("GET", "/health/")}):
            answer = await client.request(method, path)
            is_open = path in OPEN | {SESSION} or path.startswith(VIEWER)
            assert (answer.status_code == 401) is not is_open, (method, path, answer.status_code)


async def test_a_browser_is_asked_for_the_token_as_a_password(home: Path) -> None:
    async with guarded(home) as app, asking(app) as client:
        answer = await client.get("/docs", headers={"Accept": "text/html,*/*"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


async def test_without_auth_everybody_is_nobody_in_particular(home: Path) -> None:
    async with guarded(home, auth=False) as app, asking(app) as client:
        told = (await client.get("/try/echo")).json()
    assert (told["token"], told["name"]) == ("", "")


class Now:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


async def test_a_revoked_token_ends_and_a_new_one_is_known_at_once(home: Path) -> None:
    async with guarded(home) as app:
        tokens, now = app.state.memory.app.tokens, Now()
        keyring = Keyring(tokens, now)
        assert await keyring.holder(SECRET) is not None
        now.time += 0.2
        await tokens.add(Token("t2", "new", digest_of("new"), START))
        found = await keyring.holder("new")
        assert found is not None
        assert found.name == "new"
        await tokens.revoke(["t1"])
        now.time += 2.1
        assert await keyring.holder(SECRET) is None


async def test_wrong_tokens_do_not_make_the_store_be_read_each_time(home: Path) -> None:
    async with guarded(home) as app:
        real, reads, now = app.state.memory.app.tokens, [0], Now()

        class Counting:
            def __getattr__(self, name: str) -> Any:
                reads[0] += name == "list"
                return getattr(real, name)

        keyring = Keyring(Counting(), now)
        for _ in range(50):
            assert await keyring.holder("wrong") is None
        assert reads[0] == 1


async def test_while_the_store_is_away_nobody_is_turned_away_for_good(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: Access, **__: Any) -> Any:
        raise StoreBusy("The database cannot be reached (at 10.0.0.7)", hint="Try again.")

    async with guarded(home) as app, asking(app) as client:
        monkeypatch.setattr(Access, "known", away)
        answer = await client.get("/try/echo", headers=BEARER)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["error"]["code"] == StoreBusy.code
        assert "10.0.0.7" not in answer.text
