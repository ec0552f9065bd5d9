"""Foreign names and pages, too much, too deep, too slow, too often: each is refused in the one form, and early."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.api.guarded import BEARER, SECRET, asking, guarded, refused, under_way

from recollect.api.guard.body import DEEPEST, too_deep
from recollect.api.guard.limit import CLIENTS, Counters, by_address
from recollect.api.guard.origin import host_of


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:37777", "localhost:9", "LOCALHOST", "[::1]:37777", "mem.lan"])
async def test_names_of_this_server_are_answered(home: Path, host: str) -> None:
    async with guarded(home, hosts=["mem.lan"]) as app, asking(app, **BEARER) as client:
        assert (await client.get("/try/echo", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:37777", "127.0.0.1.evil.example", "localhost.", "10.0.0.1", "127.0.0.1@evil",
     "evil\\@127.0.0.1", "[::1", "127.0.0.1/x", "localhost:x:y", "\u00fflocalhost"],
)  # fmt: skip
async def test_names_of_others_are_not(home: Path, host: str) -> None:
    async with guarded(home) as app, asking(app, **BEARER) as client:
        for path in ("/try/echo", "/health"):
            refused(await client.get(path, headers=[(b"Host", host.encode("latin-1"))]), 421, "wrong_host")


async def test_where_others_may_connect_any_address_is_a_name(home: Path) -> None:
    async with guarded(home, host="0.0.0.0") as app, asking(app, **BEARER) as client:
        for host in ("192.168.1.7:37777", "[fe80::1]:37777", "localhost"):
            assert (await client.get("/try/echo", headers={"Host": host})).status_code == 200
        refused(await client.get("/try/echo", headers={"Host": "rebound.example"}), 421, "wrong_host")


@given(st.text(max_size=40))
def test_any_host_header_can_be_read(text: str) -> None:
    assert isinstance(host_of(text), str)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:3000", "http://localhost:37777x"])
async def test_pages_of_other_sites_are_refused(home: Path, origin: str) -> None:
    async with guarded(home) as app, asking(app, **BEARER) as client:
        for method in ("GET", "POST", "OPTIONS"):
            answer = await client.request(method, "/try/echo", headers={"Origin": origin})
            refused(answer, 403, "foreign_origin")
            assert "access-control-allow-origin" not in answer.headers


async def test_what_a_browser_says_is_cross_site_is_refused_unless_someone_goes_there(home: Path) -> None:
    async with guarded(home) as app, asking(app, **BEARER) as client:
        cross = {"Sec-Fetch-Site": "cross-site"}
        refused(await client.get("/try/echo", headers={**cross, "Sec-Fetch-Mode": "no-cors"}), 403, "foreign_origin")
        assert (await client.get("/try/echo", headers={**cross, "Sec-Fetch-Mode": "navigate"})).status_code == 200
        assert (await client.get("/try/echo", headers={"Origin": "http://127.0.0.1:37777"})).status_code == 200


async def test_a_named_origin_may_call_after_asking(home: Path) -> None:
    page = "https://app.example"
    async with guarded(home, origins=[page]) as app, asking(app) as client:
        asked = {"Origin": page, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
        allowed = await client.options("/try/echo", headers=asked)
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == page
        answer = await client.post("/try/echo", headers={"Origin": page, **BEARER})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, page)
        refused(await client.post("/try/echo", headers={"Origin": page}), 401, "unauthorized")
        refused(await client.post("/try/echo", headers={"Origin": "https://other.example"}), 403, "foreign_origin")


async def test_all_origins_may_be_named(home: Path) -> None:
    async with guarded(home, origins=["*"]) as app, asking(app, **BEARER) as client:
        answer = await client.get("/try/echo", headers={"Origin": "https://any.example"})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
        assert "access-control-allow-credentials" not in answer.headers


async def test_answers_carry_the_security_headers_and_an_id(home: Path) -> None:
    async with guarded(home) as app, asking(app) as client:
        for path, headers in (("/try/echo", BEARER), ("/try/echo", {}), ("/nowhere", BEARER), ("/health/live", {})):
            answer = await client.get(path, headers=headers)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
            assert answer.headers.get_list("cache-control") == ["no-store"]
            assert len(answer.headers["x-request-id"]) == 16
            assert "server" not in answer.headers


@pytest.mark.parametrize("name", ["my-id_1.2", "a" * 64])
async def test_a_harmless_request_id_is_kept(home: Path, name: str) -> None:
    async with guarded(home) as app, asking(app, **BEARER) as client:
        answer = await client.get("/try/echo", headers={"X-Request-ID": name})
        assert answer.headers["x-request-id"] == answer.json()["request"] == name


@pytest.mark.parametrize("name", ["", "a" * 65, "a b", "a\tb", "\u00e9", "x;y", "{{7*7}}"])
async def test_any_other_request_id_is_replaced(home: Path, name: str) -> None:
    async with guarded(home) as app, asking(app, **BEARER) as client:
        answer = await client.get("/try/echo", headers=[(b"X-Request-ID", name.encode("latin-1"))])
        assert answer.headers["x-request-id"] != name
        assert len(answer.headers["x-request-id"]) == 16


async def chunks(count: int, size: int = 65536) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


async def test_a_body_up_to_the_limit_is_taken_and_a_larger_one_is_not(home: Path) -> None:
    async with guarded(home, body_mb=1.0) as app, asking(app, **BEARER) as client:
        exact = b"x" * (1 << 20)
        assert (await client.post("/try/echo", content=exact)).json()["size"] == 1 << 20
        assert (await client.post("/try/echo", content=chunks(16))).json()["size"] == 1 << 20
        for content in (exact + b"x", chunks(17), chunks(1, (1 << 20) + 1)):
            answer = await client.post("/try/echo", content=content)
            refused(answer, 413, "too_large")
            assert answer.headers["connection"] == "close"


async def test_a_length_that_is_announced_is_refused_before_anything_is_read(home: Path) -> None:
    async def never() -> AsyncIterator[bytes]:
        for _ in range(1):
            assert await asyncio.sleep(0, False), "the body was read"
            yield b""

    async with guarded(home, body_mb=1.0) as app, asking(app, **BEARER) as client:
        for length, status, code in (("1048577", 413, "too_large"), ("9" * 30, 400, "invalid_input")):
            request = client.build_request("POST", "/try/echo", content=never(), headers={"Content-Length": length})
            refused(await client.send(request), status, code)


async def test_an_import_is_read_piece_by_piece_up_to_its_own_limit(home: Path) -> None:
    async with guarded(home, body_mb=0.1, import_mb=1.0) as app, asking(app, **BEARER) as client:
        assert (await client.post("/api/import/try", content=chunks(16))).json() == {"size": 1 << 20}
        refused(await client.post("/api/import/try", content=chunks(17)), 413, "too_large")


async def test_many_large_bodies_at_once_are_sent_away_and_small_ones_get_through(home: Path) -> None:
    release = asyncio.Event()

    async def held() -> AsyncIterator[bytes]:
        yield b"x" * 200_000
        await release.wait()
        yield b"x"

    async with guarded(home, buffer_mb=0.5) as app, asking(app, **BEARER) as client:
        waiting = [asyncio.create_task(client.post("/try/echo", content=held())) for _ in range(3)]
        await under_way(app, 3)
        answer = await client.post("/try/echo", content=chunks(8))
        refused(answer, 503, "busy")
        assert answer.headers["retry-after"] == "1"
        assert (await client.post("/try/echo", content=chunks(1, 60_000))).status_code == 200
        release.set()
        assert [done.json()["size"] for done in await asyncio.gather(*waiting)] == [200_001] * 3
        assert (await client.post("/try/echo", content=chunks(8))).status_code == 200  # the room is free again


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


async def test_deep_json_is_refused_and_never_fails_the_server(home: Path) -> None:
    async with guarded(home) as app, asking(app, **BEARER) as client:
        kind = {"Content-Type": "application/json"}
        assert (await client.post("/try/body", content=nested(DEEPEST), headers=kind)).status_code == 200
        for content in (nested(DEEPEST + 1), nested(200_000), "[" * 500_000, '{"a":' * 100_000):
            refused(await client.post("/try/body", content=content, headers=kind), 400, "invalid_input")
        wide = json.dumps({"items": [{"a": [number]} for number in range(5000)]})
        assert (await client.post("/try/body", content=wide, headers=kind)).status_code == 200


@given(
    st.recursive(
        st.text(max_size=8) | st.sampled_from(["{[", '"}', '\\"', "]" * 9]),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=12,
    ),
    st.integers(1, 6),
)
def test_depth_is_counted_exactly(value: object, deepest: int) -> None:
    def depth(item: object) -> int:
        inside = item.values() if isinstance(item, dict) else item if isinstance(item, list) else None
        return 0 if inside is None else 1 + max(map(depth, inside), default=0)

    assert too_deep(json.dumps(value).encode(), deepest) is (depth(value) > deepest)
    assert too_deep(json.dumps(value, ensure_ascii=False).encode(), deepest) is (depth(value) > deepest)


@pytest.mark.parametrize("content", ["{", "nope", "", '{"a": 1}}', '{"\\ud800": NaN}', "9" * 5000, "\x00", '"\udcff"'])
async def test_broken_json_is_the_clients_fault(home: Path, content: str) -> None:
    async with guarded(home) as app, asking(app, **BEARER) as client:
        sent = content.encode("utf-8", "surrogateescape")
        answer = await client.post("/try/body", content=sent, headers={"Content-Type": "application/json"})
        assert answer.status_code in {200, 400, 422}
        if answer.status_code != 200:
            assert answer.json()["success"] is False


async def test_failures_tell_no_secret_and_are_logged_once_with_the_id(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with guarded(home) as app, asking(app, **BEARER) as client:
        answer = await client.get("/try/boom", headers={"X-Request-ID": "r1"})
        refused(answer, 500, "failed")
        assert answer.headers["x-request-id"] == "r1"
        assert "secret" not in answer.text
        assert "alice" not in answer.text
        (told,) = [record for record in caplog.records if record.exc_info]
        assert told.name == "recollect.api"
        refused(await client.get("/try/fails"), 500, "store_failed")
        assert "alice" not in (await client.get("/try/fails")).text
        busy = await client.get("/try/busy")
        refused(busy, 503, "store_busy")
        assert busy.headers["retry-after"] == "1"


async def test_an_answer_that_fails_halfway_is_cut_off_and_logged(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def receive() -> Any:
        await asyncio.Event().wait()

    headers = [(b"host", b"localhost"), (b"x-api-key", SECRET.encode())]
    scope = {"type": "http", "method": "GET", "path": "/try/halfway", "headers": headers, "query_string": b""}
    async with guarded(home) as app:
        await app(
            {**scope, "scheme": "http", "client": ("127.0.0.1", 1), "asgi": {"spec_version": "2.3"}}, receive, send
        )
    assert [message.get("body") for message in said] == [None, b"one"]
    assert said[-1]["more_body"]
    assert [record.levelno for record in caplog.records if record.exc_info] == [logging.ERROR]


async def test_what_takes_too_long_is_given_up(home: Path) -> None:
    async with guarded(home, request_timeout=0.1) as app, asking(app, **BEARER) as client:
        refused(await client.get("/try/slow"), 504, "timed_out")


async def test_a_body_that_does_not_come_is_given_up(home: Path) -> None:
    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with guarded(home, body_timeout=0.1) as app, asking(app, **BEARER) as client:
        for path in ("/try/echo", "/api/import/try"):
            answer = await client.post(path, content=stuck())
            refused(answer, 408, "too_slow")
            assert answer.headers["connection"] == "close"


async def test_a_body_that_comes_in_time_is_waited_for(home: Path) -> None:
    async def steady() -> AsyncIterator[bytes]:
        for _ in range(20):
            await asyncio.sleep(0.02)
            yield b"x" * 16_384

    async with guarded(home, body_timeout=0.2) as app, asking(app, **BEARER) as client:
        assert (await client.post("/try/echo", content=steady())).json()["size"] == 20 * 16_384


async def test_stopping_ends_streams_half_sent_bodies_and_after_a_while_all_else(home: Path) -> None:
    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with guarded(home) as app, asking(app, **BEARER) as client:
        asked = [
            asyncio.create_task(client.get("/try/live")),
            asyncio.create_task(client.post("/try/echo", content=stuck())),
            asyncio.create_task(client.get("/try/slow")),
        ]
        await under_way(app, 3)
        app.state.drain.stop(0.2)
        live, half, slow = await asyncio.wait_for(asyncio.gather(*asked), 5)
        assert (live.status_code, live.text) == (200, "data: 1\n\n")
        refused(half, 503, "stopping")
        refused(slow, 503, "stopping")
        assert app.state.drain.running == 0


async def test_before_it_is_ready_only_health_answers(home: Path) -> None:
    async with guarded(home) as app, asking(app, **BEARER) as client:
        app.state.ready = False
        answer = await client.get("/try/echo")
        refused(answer, 503, "starting")
        assert answer.headers["retry-after"] == "1"
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 503
        app.state.ready = True
        assert (await client.get("/try/echo")).status_code == 200


async def test_large_answers_are_packed_and_events_are_not(home: Path) -> None:
    async with guarded(home, request_timeout=5.0) as app, asking(app, **BEARER) as client:
        assert (await client.get("/try/large")).headers["content-encoding"] == "gzip"
        assert "content-encoding" not in (await client.get("/try/echo")).headers
        plain = await client.get("/try/large", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert len(plain.json()["text"]) == 10_000
        stream = asyncio.create_task(client.get("/try/live"))
        await under_way(app, 1)
        app.state.drain.stop(0)
        assert "content-encoding" not in (await stream).headers


def told(answer: httpx.Response) -> tuple[int, int]:
    return int(answer.headers["x-ratelimit-limit"]), int(answer.headers["x-ratelimit-remaining"])


async def test_a_client_that_asks_too_often_is_told_when_to_come_again(home: Path) -> None:
    async with guarded(home, rate="3/minute") as app, asking(app, **BEARER) as client:
        assert [told(await client.get("/try/echo")) for _ in range(3)] == [(3, 2), (3, 1), (3, 0)]
        answer = await client.get("/try/echo")
        refused(answer, 429, "rate_limited")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert told(answer) == (3, 0)
        assert (await client.get("/health/live")).status_code == 200
        async with asking(app, client="10.0.0.9", **BEARER) as other:
            refused(await other.get("/try/echo"), 429, "rate_limited")  # another address, the same token
        async with asking(app, client="10.0.0.8") as guesser:
            assert [(await guesser.get("/try/echo")).status_code for _ in range(4)] == [401, 401, 401, 429]


async def test_this_machine_is_exempt_only_when_the_setting_says_so(home: Path) -> None:
    app_of = guarded(home, rate="1/minute", rate_loopback=False, auth=False)
    async with app_of as app, asking(app) as near, asking(app, client="10.0.0.8") as far:
        assert [(await near.get("/try/echo")).status_code for _ in range(3)] == [200] * 3
        assert [(await far.get("/try/echo")).status_code for _ in range(2)] == [200, 429]


async def test_the_rate_can_be_switched_off(home: Path) -> None:
    async with guarded(home, rate="off") as app, asking(app, **BEARER) as client:
        assert "x-ratelimit-limit" not in (await client.get("/try/echo")).headers


def test_counters_forget_and_never_grow_beyond_their_bound() -> None:
    now = [0.0]
    counters = Counters(lambda: now[0])
    assert [counters.incr("a", 60), counters.incr("a", 60), counters.incr("b", 60)] == [1, 2, 1]
    assert counters.get_expiry("a") == 60
    now[0] = 60.0
    assert counters.get("a") == 0
    assert counters.incr("a", 60) == 1
    for number in range(CLIENTS + 100):
        counters.incr(f"c{number}", 60)
    assert counters.reset() == CLIENTS


def test_one_network_of_ipv6_addresses_counts_as_one_client() -> None:
    key = by_address(loopback=True)
    near = {key({"client": (f"2001:db8::{number:x}", 1)}) for number in range(5)}
    assert len(near) == 1
    assert key({"client": ("2001:db8:0:1::1", 1)}) not in near
    assert key({"client": ("10.0.0.1", 1)}) == "10.0.0.1"
    assert key({"client": None}) == "unknown"
    assert key({"client": ("fe80::1%eth0", 1)}) == "fe80::/64"
