"""`POST /api/hooks/{client}`: takes what hooks hand on, and refuses what is none of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from recollect import AsyncMemory
from recollect.testing.clock import START

PROMPT = {
    "session_id": "s",
    "cwd": "/home/mei/web",
    "prompt_id": "p",
    "prompt": "Always deploy with the blue pipeline.",
}
EVENT = {"event_id": "e-1", "sent_at": START.isoformat(), "payload": PROMPT}


async def post(client: httpx.AsyncClient, event: str = "UserPromptSubmit", **envelope: Any) -> httpx.Response:
    return await client.post("/api/hooks/claude-code", params={"event": event}, json={**EVENT, **envelope})


async def test_an_event_is_kept_and_answered(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    answer = await post(client)
    assert (answer.status_code, answer.json()) == (200, {"output": None})
    assert (await post(client)).json() == {"output": None}
    page = await memory.list(project_id="web", kinds=["turn"])
    assert [item.text for item in page.memories] == [PROMPT["prompt"]]
    start = {"session_id": "t", "cwd": "/home/mei/web", "source": "startup"}
    told = (await post(client, "SessionStart", event_id="e-2", payload=start)).json()["output"]
    assert told["hookSpecificOutput"]["hookEventName"] == "SessionStart"
    assert PROMPT["prompt"] in told["hookSpecificOutput"]["additionalContext"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/hooks/emacs?event=Stop", EVENT, 404),
        ("/api/hooks/claude-code", EVENT, 422),
        ("/api/hooks/claude-code?event=a/b", EVENT, 422),
        ("/api/hooks/claude-code?event=Stop", {}, 422),
        ("/api/hooks/claude-code?event=Stop", {**EVENT, "payload": []}, 422),
        ("/api/hooks/claude-code?event=Stop", {**EVENT, "sent_at": "never"}, 400),
        ("/api/hooks/claude-code?event=Stop", {**EVENT, "event_id": "\n"}, 400),
    ],
)
async def test_what_is_no_event_is_refused(
    client: httpx.AsyncClient, path: str, body: dict[str, Any], status: int
) -> None:
    answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["code"]
