"""Cold texts in object storage, over a real S3 server on loopback: put there, read back, taken out, undone."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import pytest
from tests.ops.retention.kept import LONG, filled, opened, ran, whole
from tests.s3_server import bucket, held, objects

from recollect.ops.retention.run import undo

COLD = {"name": "cold", "action": "cold", "older_than": 30}


@pytest.fixture
def place(s3_endpoint: str) -> dict[str, Any]:
    name = f"bucket-{secrets.token_hex(6)}"
    return {"to": f"s3://{name}/team/cold", **bucket(s3_endpoint, name)}


async def test_cold_texts_go_to_object_storage_and_come_back(home: Path, place: dict[str, Any]) -> None:
    async with opened(home, [COLD], retention=place) as memory:
        await filled(memory)
        before = await whole(memory)
        (run,) = await ran(memory)
        assert run.bytes_after < run.bytes_before
        names = objects(place)
        assert names
        memory.app.retention.boxes.forget()
        hits = await memory.search("harbour wall granite quarry", user_id="bo")
        assert LONG in hits[0].memory.text, "a cold text is fetched whole"
        assert await whole(memory) == before, "and an export holds it"
        _, undone = await undo(memory.app, memory.actor, run.id)
        assert undone.restored == run.memories
        await memory.drain()
        await memory.app.retention.boxes.sweep()
        assert await whole(memory) == before
        assert objects(place) == ["cold.json"], "nothing is left there but what says whose place it is"


async def test_what_is_forgotten_is_taken_out_of_object_storage(home: Path, place: dict[str, Any]) -> None:
    async with opened(home, [COLD], retention=place) as memory:
        await filled(memory)
        await ran(memory)
        assert LONG.encode() in held(place)
        await memory.forget(user_id="bo")
        await memory.drain()
        await memory.app.retention.boxes.sweep()
        assert LONG.encode() not in held(place)


async def test_sealed_texts_cannot_be_read_there_and_a_bucket_that_is_away_costs_only_the_rest(
    home: Path, place: dict[str, Any]
) -> None:
    sealed = {**place, "passphrase": "correct horse"}
    async with opened(home, [COLD], retention=sealed) as memory:
        await filled(memory)
        await ran(memory)
        assert objects(place)
        assert b"harbour" not in held(place)
    away = {**sealed, "s3_endpoint": "http://127.0.0.1:9", "wait": 1}
    async with opened(home, [COLD], retention=away) as memory:
        hits = await memory.search("harbour wall granite quarry", user_id="bo")
        assert f"[the rest lies at {place['to']}]" in hits[0].memory.text
