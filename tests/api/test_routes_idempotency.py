"""A write sent twice under one key is done once."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from recollect import AsyncMemory
from recollect.api import idempotency
from recollect.api.app import create_app
from recollect.api.idempotency import LONGEST
from recollect.errors import StoreBusy
from recollect.exchange import Reply
from recollect.stores.sql.replies import MOST_BYTES, TIDY, SqlReplies
from recollect.stores.sql.schema import reply
from recollect.testing.clock import FakeClock

NOTE = {"user_id": "alice", "content": "Deploy on Fridays"}


async def post(client: httpx.AsyncClient, key: str, body: Any = None, path: str = "/api/memory/add") -> httpx.Response:
    return await client.post(path, json=body or NOTE, headers={"idempotency-key": key})


async def test_the_same_request_again_gets_the_first_answer(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    first, again = await post(client, "k1"), await post(client, "k1")
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert (await memory.get(first.json()["data"]["memory_id"])).repeats == 1
    assert (await post(client, "k2")).json()["data"] == first.json()["data"]
    assert (await memory.get(first.json()["data"]["memory_id"])).repeats == 2


async def test_another_request_under_a_key_is_refused(client: httpx.AsyncClient) -> None:
    await post(client, "k1")
    assert (await post(client, "k1", {**NOTE, "content": "x"})).status_code == 422
    assert (await post(client, "k1", {"turns": []}, "/api/capture")).status_code == 422
    assert (await post(client, "x" * (LONGEST + 1))).status_code == 422
    assert (await post(client, "")).status_code == 422


async def test_keys_of_callers_do_not_meet(client: httpx.AsyncClient) -> None:
    await post(client, "k1")
    headers = {"idempotency-key": "k1", "authorization": "Bearer other"}
    answer = await client.post("/api/memory/add", json={**NOTE, "content": "x"}, headers=headers)
    assert answer.status_code == 200


async def test_requests_at_the_same_time_are_one(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    answers = await asyncio.gather(*(post(client, "k1") for _ in range(10)))
    assert len({answer.content for answer in answers}) == 1
    assert (await memory.get(answers[0].json()["data"]["memory_id"])).repeats == 1


async def test_what_failed_may_be_tried_again(client: httpx.AsyncClient) -> None:
    gone = {"memory_id": "x", "content": "y"}
    for _ in range(2):
        answer = await client.put("/api/memory/update", json=gone, headers={"idempotency-key": "k1"})
        assert answer.status_code == 404
        assert "idempotent-replayed" not in answer.headers
    assert (await post(client, "k1")).status_code == 200


async def test_a_delete_makes_kept_answers_go(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    first = await post(client, "k1")
    await client.delete("/api/memory/user/alice")
    assert await bodies(memory) == []
    again = await post(client, "k1")
    assert again.json()["data"]["memory_id"] != first.json()["data"]["memory_id"]


async def test_a_delete_elsewhere_is_seen_too(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    first = (await post(client, "k1")).json()["data"]["memory_id"]
    await memory.delete(first)
    assert (await post(client, "k1")).json()["data"]["memory_id"] != first


async def test_a_captured_turn_is_named_by_its_answer(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    body = {"turns": [{"role": "user", "content": "hello"}], "conversation_id": "c1"}
    first = await post(client, "k1", body, "/api/capture")
    assert (await post(client, "k1", body, "/api/capture")).json() == first.json()
    await memory.delete(first.json()["ids"][0])
    assert (await post(client, "k1", body, "/api/capture")).json() != first.json()


async def test_servers_of_one_store_know_each_others_answers(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    other = create_app(memory, memory.app.settings)
    transport = httpx.ASGITransport(other)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as there:
        answers = await asyncio.gather(*(post(at, "k1") for at in (client, there) for _ in range(5)))
        assert len({answer.content for answer in answers}) == 1
        assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
        assert (await post(there, "k1", {**NOTE, "content": "x"})).status_code == 422


async def test_what_is_deleted_is_in_no_answer_that_is_kept(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    first = await post(client, "k1")
    assert await bodies(memory) == [first.content]
    await memory.delete(first.json()["data"]["memory_id"])
    assert await bodies(memory) == []


async def bodies(memory: AsyncMemory) -> list[bytes]:
    """Return the answers that are kept, by the back door."""
    query = sa.select(reply.c.body)
    return await memory.app.database.read(lambda connection: list(connection.execute(query).scalars()))


async def test_answers_are_kept_for_a_day_and_within_bounds(memory: AsyncMemory, clock: FakeClock) -> None:
    replies, big = memory.app.replies, Reply(b"q", 200, (), b"x" * (MOST_BYTES // 2))
    assert await replies.take("a", b"q", "me", lease=60) is None
    await replies.keep("a", "me", Reply(b"q", 201, (("etag", "1"),), b"x"), ttl=100)
    assert await replies.take("a", b"q", "other", lease=60) == Reply(b"q", 201, (("etag", "1"),), b"x")
    clock.forward(100)
    assert await replies.take("a", b"q", "other", lease=60) is None
    assert await replies.take("a", b"q", "third", lease=60) == Reply(b"q"), "it is being made"
    clock.forward(60)
    assert await replies.take("a", b"q", "third", lease=60) is None, "its server died"
    await replies.clear()
    kept = SqlReplies(memory.app.database, clock)
    for place in range(TIDY + 1):
        await kept.take(f"k{place}", b"q", "me", lease=60)
        await kept.keep(f"k{place}", "me", big if place > TIDY - 3 else Reply(b"q", 200, (), b"x"), ttl=1000 + place)
    assert [len(body) for body in await bodies(memory)] == [MOST_BYTES // 2] * 2
    await kept.take("huge", b"q", "me", lease=60)
    await kept.keep("huge", "me", Reply(b"q", 200, (), b"x" * (MOST_BYTES + 1)), ttl=5000)
    assert await kept.take("huge", b"q", "other", lease=60) is None


async def test_who_is_at_it_still_holds_his_key_and_who_died_does_not(memory: AsyncMemory, clock: FakeClock) -> None:
    replies = memory.app.replies
    assert await replies.take("a", b"q", "me", lease=60) is None
    clock.forward(50)
    await replies.extend("a", "me", lease=60)
    clock.forward(50)
    assert await replies.take("a", b"q", "other", lease=60) == Reply(b"q"), "it is being made"
    await replies.extend("a", "other", lease=600)
    clock.forward(10)
    assert await replies.take("a", b"q", "other", lease=60) is None, "its server died"
    await replies.keep("a", "other", Reply(b"q", 200, (), b"x"), ttl=100)
    await replies.extend("a", "other", lease=1)
    clock.forward(50)
    assert await replies.take("a", b"q", "third", lease=60) == Reply(b"q", 200, (), b"x")


async def test_an_answer_that_takes_longer_than_a_lease_is_made_once(
    client: httpx.AsyncClient, memory: AsyncMemory, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "LEASE", 0.3)
    goes_on, extended, add, made = asyncio.Event(), asyncio.Event(), AsyncMemory.add, 0
    extend = SqlReplies.extend

    async def slowly(self: AsyncMemory, *given: Any, **more: Any) -> Any:
        nonlocal made
        made += 1
        await goes_on.wait()
        return await add(self, *given, **more)

    async def seen(self: SqlReplies, *given: Any, **more: Any) -> None:
        await extend(self, *given, **more)
        extended.set()

    monkeypatch.setattr(AsyncMemory, "add", slowly)
    monkeypatch.setattr(SqlReplies, "extend", seen)
    both = [asyncio.create_task(post(client, "k1")) for _ in range(2)]
    for _ in range(3):
        extended.clear()
        async with asyncio.timeout(60):
            await extended.wait()
        clock.forward(0.2)
    goes_on.set()
    first, again = await asyncio.gather(*both)
    assert first.content == again.content
    assert made == 1


async def test_what_was_done_is_told_though_the_answer_cannot_be_kept(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any, **__: Any) -> None:
        raise StoreBusy("The database cannot be reached", hint="Try again.")

    with monkeypatch.context() as patched:
        patched.setattr(SqlReplies, "keep", away)
        patched.setattr(SqlReplies, "drop", away)
        assert (await post(client, "k1")).status_code == 200
        gone = await client.put(
            "/api/memory/update", json={"memory_id": "x", "content": "y"}, headers={"idempotency-key": "k2"}
        )
        assert gone.status_code == 404
