"""A write sent twice under one key is done once."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI

from recollect import AsyncMemory
from recollect.api.idempotency import LONGEST, MOST_BYTES, TTL, Answers, Kept

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


async def test_a_delete_makes_kept_answers_go(client: httpx.AsyncClient, app: FastAPI) -> None:
    first = await post(client, "k1")
    await client.delete("/api/memory/user/alice")
    assert not app.state.answers.kept
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


def kept(body: bytes, until: float = TTL) -> Kept:
    return Kept(b"", until, 200, body, None, ())


def test_answers_are_kept_for_a_day_and_within_bounds() -> None:
    time = 0.0
    answers = Answers(clock=lambda: time)
    answers.put(b"a", kept(b"x"))
    time = TTL - 1
    assert answers.get(b"a") is not None
    time = TTL
    assert answers.get(b"a") is None
    assert answers.size == 0
    for name in (b"b", b"c", b"d"):
        answers.put(name, kept(b"x" * (MOST_BYTES // 2), 2 * TTL))
    assert list(answers.kept) == [b"c", b"d"]
    answers.put(b"e", kept(b"x" * (MOST_BYTES + 1)))
    assert not answers.kept
    assert answers.size == 0
