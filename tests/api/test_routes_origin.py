"""The line a memory was heard from: noted by imports, looked up in the transcript for what hooks told live."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.ops import transcript
from recollect.ops.transcript import line_of
from recollect.testing.embedder import FakeEmbedder

FOLDER = "/home/mei/lantern"
TRANSCRIPT: tuple[dict[str, Any], ...] = (
    {"type": "summary", "summary": "Lamps"},
    {"type": "user", "uuid": "u1", "promptId": "p1", "message": {"role": "user", "content": "Which lamp is brass?"}},
    {"type": "assistant", "uuid": "a1", "message": {"id": "m1", "role": "assistant", "content": "Let me look."}},
    {
        "type": "assistant",
        "uuid": "a2",
        "message": {"id": "m2", "role": "assistant", "content": "灯塔的那盏是黄铜的。"},
    },
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    made = tmp_path / "projects" / "-home-mei-lantern"
    made.mkdir(parents=True)
    return made


@pytest.fixture
async def memory(home: Path, tmp_path: Path, place: Path) -> AsyncIterator[AsyncMemory]:
    assert place.is_dir()
    settings = {"agents": {"transcripts": [str(tmp_path / "projects")]}}
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=settings) as opened:
        yield opened


@pytest.fixture
async def client(memory: AsyncMemory) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(memory, memory.app.settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as opened:
        yield opened


def written(file: Path, lines: tuple[dict[str, Any], ...] = TRANSCRIPT) -> Path:
    common = {"sessionId": "live", "cwd": FOLDER, "timestamp": "2026-03-02T09:00:00Z"}
    file.write_text("".join(f"{json.dumps({**common, **line})}\n" for line in lines), encoding="utf-8")
    return file


async def hear(client: httpx.AsyncClient, file: Path | str, event: str, **payload: Any) -> None:
    given = {"session_id": "live", "cwd": FOLDER, "hook_event_name": event, "prompt_id": "p1", **payload}
    body = {
        "event_id": event,
        "sent_at": datetime.now(UTC).isoformat(),
        "payload": {**given, "transcript_path": str(file)},
    }
    answer = await client.post(f"/api/hooks/claude-code?event={event}", json=body)
    assert answer.status_code == 200, answer.text


async def heard(client: httpx.AsyncClient, file: Path | str) -> dict[str, str]:
    """Have a prompt and its answer told live, and return their ids by who spoke."""
    await hear(client, file, "UserPromptSubmit", prompt="Which lamp is brass?")
    await hear(client, file, "Stop", last_assistant_message="灯塔的那盏是黄铜的。")
    turns = (await client.get("/api/conversations/live")).json()["turns"]
    return {turn["role"]: turn["id"] for turn in turns}


async def line(client: httpx.AsyncClient, name: str) -> int | None:
    answer = await client.get(f"/api/memory/{name}/origin")
    assert answer.status_code == 200, answer.text
    found: int | None = answer.json()["data"]["line"]
    return found


async def test_what_was_heard_live_leads_to_its_line(client: httpx.AsyncClient, place: Path) -> None:
    file = written(place / "live.jsonl")
    said = await heard(client, file)
    asked = (await client.get(f"/api/memory/{said['user']}/origin")).json()["data"]
    assert asked == {
        "memory_id": said["user"],
        "client": "claude-code",
        "file": str(file),
        "line": 2,
        "message_id": "p1",
    }
    assert await line(client, said["assistant"]) == 4


async def test_a_line_is_told_as_long_as_the_transcript_is_there(client: httpx.AsyncClient, place: Path) -> None:
    file = place / "live.jsonl"
    said = await heard(client, file)
    assert await line(client, said["user"]) is None
    written(file)
    assert await line(client, said["user"]) == 2
    file.write_text("{broken\n", encoding="utf-8")
    assert await line(client, said["user"]) is None
    file.unlink()
    assert await line(client, said["user"]) is None


async def test_no_other_file_is_read(client: httpx.AsyncClient, place: Path, tmp_path: Path) -> None:
    elsewhere = written(tmp_path / "secret.jsonl")
    (place / "link.jsonl").symlink_to(elsewhere)
    written(place / "live.txt")
    others = (elsewhere, place / "link.jsonl", place / ".." / ".." / "secret.jsonl", place / "live.txt", place)
    for file in (*others, "live.jsonl", "/\x00.jsonl", f"/{'x' * 5000}.jsonl"):
        said = await heard(client, file)
        assert await line(client, said["user"]) is None, file
        await client.delete(f"/api/memory/{said['user']}")
        await client.delete(f"/api/memory/{said['assistant']}")


async def test_a_transcript_that_is_too_long_is_left_alone(
    client: httpx.AsyncClient, memory: AsyncMemory, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = await heard(client, written(place / "live.jsonl"))
    monkeypatch.setattr(transcript, "MOST", 100)
    assert await line(client, said["user"]) is None
    assert line_of(await memory.get(said["user"]), ()) is None


async def test_where_nothing_says_the_same_no_line_is_guessed(client: httpx.AsyncClient, place: Path) -> None:
    changed = {"message": {"id": "m2", "role": "assistant", "content": "Quite another answer."}}
    said = await heard(client, written(place / "live.jsonl", (*TRANSCRIPT[:3], {**TRANSCRIPT[3], **changed})))
    assert await line(client, said["assistant"]) is None


async def test_an_imported_line_is_told_as_it_was_noted(client: httpx.AsyncClient) -> None:
    note = {"content": "Brass", "metadata": {"line": 7}}
    kept = (await client.post("/api/memory/add", json=note)).json()["data"]["memory_id"]
    assert await line(client, kept) == 7
    odd = {"content": "Copper", "metadata": {"line": "seven"}}
    kept = (await client.post("/api/memory/add", json=odd)).json()["data"]["memory_id"]
    assert await line(client, kept) is None
