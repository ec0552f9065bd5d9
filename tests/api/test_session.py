"""Sessions of browsers: opened by a token, sealed, refused to other sites, and gone with the token."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from tests.api.guarded import BEARER, LOCAL, SECRET, asking, guarded, refused

from recollect import AsyncMemory
from recollect.api.session import LASTS, Claim, Sessions
from recollect.models import Token, digest_of
from recollect.server.sign_outs import take_over
from recollect.testing.clock import START

PROOF = {"X-Recollect": "viewer"}
TOKEN = Token("t1", "tests", digest_of(SECRET), START)
NOTE = {"content": "Bo prefers tabs"}


async def enter(client: httpx.AsyncClient, secret: str = SECRET) -> httpx.Response:
    return await client.post("/api/session", json={"token": secret}, headers=PROOF)


async def test_a_token_opens_a_session_that_reads_and_writes(home: Path) -> None:
    async with guarded(home) as app, asking(app) as client:
        assert (await client.get("/api/session")).json()["signed_in"] is False
        answer = await enter(client)
        assert answer.status_code == 200
        said = answer.headers["set-cookie"]
        assert SECRET not in said
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in said.split(";")}
        assert (await client.get("/api/session")).json()["signed_in"] is True
        assert (await client.get("/try/echo")).json()["name"] == "tests"
        assert (await client.post("/api/memory/add", json=NOTE, headers=PROOF)).status_code == 200
        assert (await client.delete("/api/session", headers=PROOF)).json() == {"signed_in": False}
        refused(await client.get("/try/echo"), 401, "unauthorized")


async def test_the_viewer_is_open_and_tells_nothing(home: Path) -> None:
    async with guarded(home) as app, asking(app) as client:
        page = await client.get("/", headers={"Accept": "text/html,*/*"})
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-store"
        assert "script-src 'self';" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        refused(await client.get("/viewer/assets/none.js"), 404, "not_found")
        refused(await client.get("/viewer/assets/..%2f..%2f__init__.py"), 404, "not_found")
        refused(await client.get("/", headers={"Accept": "application/json"}), 401, "unauthorized")
        assert (await client.get("/", headers=BEARER)).json()["name"] == "recollect"


async def test_a_wrong_token_opens_nothing(home: Path) -> None:
    async with guarded(home) as app, asking(app) as client:
        for secret in ("rec_wrong", "x" * 1000, "密钥"):
            answer = await enter(client, secret)
            refused(answer, 401, "unauthorized")
            assert "set-cookie" not in answer.headers
        refused(await enter(client, ""), 422, "invalid_input")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_cookie_alone_changes_nothing(home: Path, method: str) -> None:
    async with guarded(home) as app, asking(app) as client:
        await enter(client)
        refused(await client.request(method, "/api/memory/forget", json={"user_id": "default"}), 401, "unauthorized")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_other_sites_and_other_ports_of_this_machine_cannot_use_the_cookie(home: Path, site: str) -> None:
    async with guarded(home) as app, asking(app) as client:
        await enter(client)
        told = {**PROOF, "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
        refused(await client.get("/try/echo", headers=told), 401, "unauthorized")
        foreign = {**PROOF, "Origin": "http://127.0.0.1:3000"}
        refused(await client.post("/api/memory/add", json=NOTE, headers=foreign), 403, "foreign_origin")
        refused(await client.post("/api/session", json={"token": SECRET}, headers=foreign), 403, "foreign_origin")
        refused(await client.post("/api/session", json={"token": SECRET}), 403, "denied")


async def test_two_servers_of_one_machine_keep_their_cookies_apart(home: Path) -> None:
    async with guarded(home) as app, asking(app) as client:
        one = await enter(client)
        other = await client.post(f"{LOCAL[:-1]}8/api/session", json={"token": SECRET}, headers=PROOF)
        names = {answer.headers["set-cookie"].partition("=")[0] for answer in (one, other)}
        assert names == {"recollect_37777", "recollect_37778"}


async def test_without_tokens_nobody_is_asked(home: Path) -> None:
    async with guarded(home, auth=False) as app, asking(app) as client:
        assert (await client.get("/api/session")).json()["auth"] is False
        assert "set-cookie" not in (await enter(client)).headers


def test_a_session_holds_for_its_time_and_for_its_token_alone() -> None:
    now = 1000.0
    sessions = Sessions(b"k" * 32, lambda: now)
    cookie = sessions.begin(TOKEN.id, TOKEN.digest)
    assert sessions.holder(cookie, [TOKEN]) == TOKEN
    assert sessions.holder(cookie, []) is None
    assert sessions.holder(cookie, [Token("t1", "tests", digest_of("another"), START)]) is None
    assert Sessions(b"k" * 32, lambda: now).holder(cookie, [TOKEN]) == TOKEN
    assert Sessions(b"o" * 32, lambda: now).holder(cookie, [TOKEN]) is None
    now += LASTS
    assert sessions.holder(cookie, [TOKEN]) is None


async def test_a_session_that_was_ended_is_over_at_every_server(memory: AsyncMemory) -> None:
    tokens = memory.app.tokens
    assert await tokens.add(TOKEN)
    here, there = Sessions(b"k" * 32), Sessions(b"k" * 32)
    one, other = (here.begin(TOKEN.id, TOKEN.digest) for _ in range(2))
    await here.end(one, tokens)
    for nonsense in ("nonsense", "t1.99999999999.x.y"):
        await here.end(nonsense, tokens)
    assert len(await tokens.signed_out()) == 1, "what is none of ours leaves nothing behind"
    assert here.holder(one, [TOKEN]) is None
    for sessions in (here, there):
        assert sessions.holder(one, [TOKEN], await tokens.signed_out()) is None
        assert sessions.holder(other, [TOKEN], await tokens.signed_out()) == TOKEN


def test_whatever_is_changed_in_a_cookie_it_opens_nothing() -> None:
    sessions = Sessions()
    cookie = sessions.begin(TOKEN.id, TOKEN.digest)
    token_id, ends, once, seal = cookie.split(".")
    made_up = (
        f"{token_id}.{int(ends) + 1}.{once}.{seal}",
        f"t2.{ends}.{once}.{seal}",
        f"{token_id}.{ends}.{once[:-1]}.{seal}",
        f"{token_id}.{ends}.{once}.{seal[:-1]}",
        f"{token_id}.{ends}.{once}.é",
        "",
        "....",
        "a.²." + "x" * 50,
        "x" * 10_000,
    )
    for forged in made_up:
        assert sessions.holder(forged, [TOKEN, Token("t2", "two", digest_of("two"), START)]) is None
    assert Claim.of(cookie) is not None


@pytest.mark.parametrize("found", [None, "", "{", "[1]", '{"a": "b"}', '{"over": 5, "once": 99999999999}'])
async def test_sign_outs_of_the_release_before_are_taken_over(
    memory: AsyncMemory, tmp_path: Path, found: str | None
) -> None:
    path = tmp_path / "sessions.ended"
    if found is not None:
        path.write_text(found)
    for _ in range(2):
        await take_over(tmp_path, memory.app.tokens)
    assert await memory.app.tokens.signed_out() == ({"once"} if found and "once" in found else set())
    assert path.exists() == (found in {"", "{"}), "what cannot be read is left for somebody to look at"
