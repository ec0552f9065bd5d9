"""Servers that name the same Redis count requests together; while it is away each counts alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send
from tests.redis_server import RedisServer, redis_server

from recollect.api.guard import counts
from recollect.api.guard.counts import SharedCounts, shared_counts
from recollect.api.guard.limit import RateLimit, by_address


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "PATIENCE", 5.0)  # a busy machine is no Redis that is away


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _limit(shared: SharedCounts | None, rate: str = "5/hour") -> RateLimit:
    return RateLimit(_app, rate, by_address(loopback=True), shared=shared)


async def _status(limit: RateLimit, address: str = "10.0.0.1") -> tuple[int, dict[bytes, bytes]]:
    said: list[dict[str, object]] = []

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        said.append(message)

    async def receive() -> dict[str, object]:
        return {"type": "http.request"}

    scope = {"type": "http", "path": "/api/memory", "method": "GET", "client": (address, 1), "headers": []}
    await limit(scope, receive, send)
    status, headers = said[0]["status"], said[0]["headers"]
    assert isinstance(status, int)
    assert isinstance(headers, list)
    return status, dict(headers)


async def _closed(*shared: SharedCounts | None) -> None:
    for one in shared:
        assert one is not None
        await one.aclose()


async def test_two_servers_count_together(server: RedisServer) -> None:
    shared = [shared_counts(server.url, "address") for _ in range(2)]
    one, other = (_limit(found) for found in shared)
    told = [await _status(limit) for limit in (one, other, one, other, one, other, one)]
    assert [status for status, _ in told] == [200] * 5 + [429] * 2
    assert [int(headers[b"x-ratelimit-remaining"]) for _, headers in told] == [4, 3, 2, 1, 0, 0, 0]
    assert (await _status(other, "10.0.0.2"))[0] == 200
    await _closed(*shared)


async def test_addresses_and_tokens_are_counted_apart(server: RedisServer) -> None:
    shared = shared_counts(server.url, "address"), shared_counts(server.url, "token")
    assert [(await _status(_limit(found, "1/hour")))[0] for found in shared] == [200, 200]
    await _closed(*shared)


async def test_while_redis_is_away_each_server_counts_alone(server: RedisServer) -> None:
    shared = shared_counts(server.url, "address")
    limit = _limit(shared)
    assert (await _status(limit))[0] == 200
    server.kill()
    assert [(await _status(limit))[0] for _ in range(6)] == [200] * 5 + [429]
    await _closed(shared)


def test_without_an_address_there_is_nothing_to_share() -> None:
    assert shared_counts(None, "address") is None
