"""Servers over one PostgreSQL: what one is told the others know, and none misses another that dies."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import httpx
from tests.server.conftest import Server, Start, until


def captured(server: Server, text: str) -> str:
    body = {"turns": [{"role": "user", "content": text}], "conversation_id": "c", "user_id": "al"}
    with server.client() as client:
        answer = client.post("/api/capture", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["ids"][0])


def found(server: Server, query: str) -> list[str]:
    with server.client() as client:
        answer = client.post("/api/memory/search", json={"query": query, "user_id": "al"})
    assert answer.status_code == 200, answer.text
    return [item["content"] for item in answer.json()["data"]["memories"]]


def test_two_servers_share_one_database(tmp_path: Path, postgres_url: str) -> None:
    starters = [Start(tmp_path / name) for name in ("one", "two")]
    try:
        one, two = (starter(store__url=postgres_url) for starter in starters)
        heard: list[str] = []
        listening = threading.Event()

        def listen() -> None:
            with two.client() as client, client.stream("GET", "/api/events", params={"user_id": "al"}) as stream:
                listening.set()
                for line in stream.iter_lines():
                    heard.append(line)
                    if "zebra" in line:
                        return

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        assert listening.wait(60)
        kept = captured(one, "a zebra is striped")
        until(lambda: "a zebra is striped" in found(two, "zebra"), "the other server found it")
        listener.join(60)
        assert any("zebra" in line for line in heard), "an event reaches listeners of another server"
        one.process.send_signal(signal.SIGKILL)
        one.process.wait()
        assert "a zebra is striped" in found(two, "zebra")
        with two.client() as client:
            assert client.delete(f"/api/memory/memory/{kept}").status_code == 200
        again = starters[0](store__url=postgres_url)
        assert "a zebra is striped" not in found(again, "zebra")
        captured(again, "an okapi is shy")
        until(lambda: "an okapi is shy" in found(two, "okapi"), "the other server found it")
        assert httpx.get(f"{two.url}/health/ready", timeout=20).status_code == 200
    finally:
        for starter in starters:
            starter.close()
