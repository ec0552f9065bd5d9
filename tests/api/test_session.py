"""Sessions of browsers: opened by a token, sealed, refused to other sites, and gone with the token."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from tests.api.guarded import BEARER, LOCAL, SECRET, asking, guarded, refused

from recollect.api.session import LASTS, Claim, Sessions
from recollect.models import Token, digest_of
from recollect.server.sign_outs import SignOuts
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


def test_a_session_that_was_ended_is_over() -> None:
    sessions = Sessions()
    one, other = (sessions.begin(TOKEN.id, TOKEN.digest) for _ in range(2))
    sessions.end(one)
    sessions.end("nonsense")
    assert sessions.holder(one, [TOKEN]) is None
    assert sessions.holder(other, [TOKEN]) == TOKEN


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


class Shelf:
    """Keeps ended sessions as a file would."""

    def __init__(self) -> None:
        self.kept: dict[str, int] = {}

    def read(self) -> Mapping[str, int]:
        return self.kept

    def write(self, ended: Mapping[str, int]) -> None:
        self.kept = dict(ended)


def test_an_ended_session_stays_ended_over_a_restart_and_is_forgotten_when_it_would_have_ended() -> None:
    now, shelf = 1000.0, Shelf()
    sessions = Sessions(b"k" * 32, lambda: now, shelf)
    first, second = (sessions.begin("t1", TOKEN.digest) for _ in range(2))
    sessions.end(first)
    again = Sessions(b"k" * 32, lambda: now, shelf)
    assert again.holder(first, [TOKEN]) is None
    assert again.holder(second, [TOKEN]) is TOKEN
    now += LASTS + 1
    third = again.begin("t1", TOKEN.digest)
    again.end(third)
    assert len(shelf.kept) == 1


def test_a_made_up_session_fills_no_shelf() -> None:
    shelf = Shelf()
    Sessions(b"k" * 32, lambda: 1000.0, shelf).end("t1.99999999999999.once.seal")
    assert shelf.kept == {}


@pytest.mark.parametrize("found", [None, "", "{", "[1]", '{"a": "b"}'])
def test_sign_outs_that_cannot_be_read_are_none(tmp_path: Path, found: str | None) -> None:
    if found is not None:
        (tmp_path / "sessions.ended").write_text(found)
    outs = SignOuts(tmp_path)
    assert outs.read() == {}
    outs.write({"once": 5})
    assert SignOuts(tmp_path).read() == {"once": 5}
    assert (tmp_path / "sessions.ended").stat().st_mode & 0o077 == 0
