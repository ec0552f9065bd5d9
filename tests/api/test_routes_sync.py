"""The exchange opens to a node's own token alone, that token opens nothing else, and pages are bounded."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.api.guarded import BEARER, SECRET, asking, refused

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.api.guard.guards import Door
from recollect.models import Token, digest_of
from recollect.ops.sync import wire
from recollect.ops.sync.enrol import enrol
from recollect.settings import load
from recollect.testing.clock import START

STORE = {"X-Recollect-Store": "a-store"}
CHANGES, PUSH = "/api/sync/changes", "/api/sync/push"


@asynccontextmanager
async def center(
    home: Path, role: str = "center", *, auth: bool = True
) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """Open a center; yield a client without a token, and the token of a node."""
    given = {"node": {"role": role}, "embedder": {"provider": "none"}, "server": {"body_mb": 1}}
    settings = load(home, given, environ={}).settings
    async with AsyncMemory(settings=settings) as memory:
        await memory.app.tokens.add(Token("t1", "tests", digest_of(SECRET), START))
        _, secret = await enrol(memory.app, "laptop")
        await memory.add("Alice prefers tabs", user_id="alice")
        app = create_app(memory, settings, door=Door("127.0.0.1", auth))
        async with asking(app, **STORE) as client:
            yield client, secret


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def test_a_node_gets_pages_and_may_send_them(home: Path) -> None:
    async with center(home) as (client, secret):
        answer = await client.get(CHANGES, headers=bearer(secret))
        assert answer.status_code == 200
        assert answer.headers["content-encoding"] == "gzip"
        page = wire.unpacked(gzip.compress(answer.content))
        assert [(one.body or {})["text"] for one in page.replicas] == ["Alice prefers tabs"]
        assert page.end["next"] == page.end["head"]
        sent = wire.packed({}, page.replicas, {"next": 9})
        taken = await client.post(PUSH, content=sent, headers=bearer(secret))
        assert taken.status_code == 200, taken.text
        assert taken.json()["known"] == 1


@pytest.mark.parametrize("auth", [True, False])
async def test_nobody_else_is_let_in_not_even_with_the_servers_own_token(home: Path, auth: bool) -> None:
    async with center(home, auth=auth) as (client, _):
        assert (await client.get(CHANGES)).status_code == (401 if auth else 403)
        for headers in (BEARER, bearer("node_wrong")):
            refused(await client.get(CHANGES, headers=headers), 403, "denied")
            refused(await client.post(PUSH, content=b"x", headers=headers), 403, "denied")


async def test_the_token_of_a_node_opens_nothing_else(home: Path) -> None:
    async with center(home) as (client, secret):
        for path in ("/api/memory/user/alice", "/api/export", "/metrics", "/api/sync"):
            assert (await client.get(path, headers=bearer(secret))).status_code == 401


async def test_a_store_that_is_no_center_says_so(home: Path) -> None:
    async with center(home, "alone") as (client, secret):
        error = refused(await client.get(CHANGES, headers=bearer(secret)), 403, "denied")
        assert "no center" in error["message"]


@pytest.mark.parametrize(
    "body", [b"", b"[]", gzip.compress(b"{}\n"), wire.packed({}, [], {"next": 1})[:-9]], ids=range(4)
)
async def test_what_is_no_whole_page_is_refused_and_nothing_is_written(home: Path, body: bytes) -> None:
    async with center(home) as (client, secret):
        refused(await client.post(PUSH, content=body, headers=bearer(secret)), 400, "invalid_input")


async def test_bodies_bounds_and_a_missing_name_are_checked(home: Path) -> None:
    async with center(home) as (client, secret):
        refused(await client.post(PUSH, content=b"x" * (2 << 20), headers=bearer(secret)), 413, "too_large")
        refused(await client.get(f"{CHANGES}?after=-1", headers=bearer(secret)), 422, "invalid_input")
        refused(await client.get(f"{CHANGES}?limit=100000", headers=bearer(secret)), 422, "invalid_input")
        nameless = {**bearer(secret), "X-Recollect-Store": ""}
        refused(await client.get(CHANGES, headers=nameless), 400, "invalid_input")
