"""The examples of the contract run as they stand there, in their order: only the port and made ids differ."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.served import served

TEXT = (Path(__file__).parent / "seed_examples.sh").read_text(encoding="utf-8")
COMMANDS = [command.strip() for command in TEXT.split("\n\n") if command.startswith("curl ")]
HOST = "http://localhost:8000"
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


@pytest.fixture
def url(home: Path) -> Iterator[str]:
    with served(home) as address:
        yield address


def run(command: str, url: str, memory_id: str = "") -> tuple[int, Any]:
    """Run one command and return the status and the answer: with curl where it is installed, else by its words."""
    command = re.sub(r"mem_id_\d+", memory_id, command) if memory_id else command
    command = command.replace(HOST, url).replace("\\\n", " ")
    if shutil.which("curl"):
        script = f"{command} --silent --show-error --max-time 20 --write-out '\\n%{{http_code}}'"
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=60)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body)
    words = shlex.split(command)
    given = dict(pairwise(words))
    target = next(word for word in words if word.startswith("http"))
    headers = {"content-type": "application/json"} if "-d" in words else {}
    answer = httpx.request(given["-X"], target, content=given.get("-d"), headers=headers)
    return answer.status_code, answer.json()


def example(path: str) -> str:
    """Return the example whose address begins so."""
    return next(command for command in COMMANDS if f'{HOST}{path}"' in command)


def enveloped(answer: tuple[int, Any]) -> Any:
    """Return the data of a memory route's answer."""
    status, body = answer
    assert status == 200, body
    assert body.keys() == {"success", "message", "data", "timestamp"}
    assert body["success"] is True
    assert STAMP.fullmatch(body["timestamp"])
    return body["data"]


def test_there_is_an_example_for_every_route() -> None:
    assert len(COMMANDS) == 16


def test_the_chat_examples(url: str) -> None:
    status, first = run(example("/api/chat/message"), url)
    assert status == 200
    assert first.keys() >= {"response", "user_id", "session_id", "memories_used", "timestamp"}
    assert (first["user_id"], first["session_id"], first["memories_used"]) == ("alice", "session_001", [])
    assert first["response"]
    found = enveloped(run(example("/api/chat/search-memories"), url))
    assert any("星际穿越" in item["content"] for item in found["memories"])
    mine = enveloped(run(example("/api/chat/memories/alice"), url))
    assert {item["content"] for item in mine["memories"]} >= {"我喜欢科幻电影，特别是《星际穿越》"}
    turn = next(item["id"] for item in mine["memories"] if item["role"] == "user")
    assert enveloped(run(example("/api/chat/memory/mem_id_123"), url, turn)) == {"memory_id": turn}
    assert run(example("/api/chat/memory/mem_id_123"), url)[0] == 404
    clear = next(
        command for command in COMMANDS if command.startswith('curl -X DELETE "http://localhost:8000/api/chat/memories')
    )
    assert enveloped(run(clear, url))["user_id"] == "alice"
    assert enveloped(run(example("/api/chat/memories/alice"), url))["memories"] == []


def test_the_memory_examples(url: str) -> None:
    status, body = run(example("/api/memory/add"), url)
    assert (status, body["message"]) == (200, "记忆添加成功")
    added = body["data"]
    assert added == {"memory_id": added["memory_id"], "user_id": "alice", "content": "用户偏好使用Python进行数据分析"}
    batch = enveloped(run(example("/api/memory/batch-add"), url))
    assert [item["content"] for item in batch["memories"]] == ["喜欢早上喝咖啡", "工作时间是9-17点"]
    found = enveloped(run(example("/api/memory/search"), url))
    assert found["memories"][0]["id"] == added["memory_id"]
    assert found["memories"][0].keys() == {
        *("id", "content", "score", "kind", "metadata", "project_id", "user_id", "conversation_id"),
        *("created_at", "occurred_at"),
    }
    assert found["total"] == len(found["memories"])
    listed = enveloped(run(example("/api/memory/user/alice"), url))
    assert (listed["total"], listed["next_cursor"]) == (3, None)
    status, counted = run(example("/api/memory/stats/alice"), url)
    assert (status, counted["message"]) == (200, "统计信息获取成功")
    figures = counted["data"]
    assert (figures["user_id"], figures["total_memories"]) == ("alice", 3)
    assert figures["category_distribution"] == {"habits": 1, "preferences": 1, "schedule": 1}
    assert list(figures["date_distribution"].values()) == [3]
    changed = enveloped(run(example("/api/memory/update"), url, added["memory_id"]))
    assert (changed["content"], changed["metadata"]["updated"]) == ("用户偏好使用Python和JavaScript进行开发", True)
    gone = enveloped(run(example("/api/memory/memory/mem_id_456"), url, added["memory_id"]))
    assert gone == {"memory_id": added["memory_id"]}
    clear = next(
        command for command in COMMANDS if command.startswith('curl -X DELETE "http://localhost:8000/api/memory/user')
    )
    assert enveloped(run(clear, url)) == {"user_id": "alice", "deleted": 2}


def test_the_service_example(url: str) -> None:
    status, body = run(example("/"), url)
    assert status == 200
    assert body["name"] == "recollect"
    assert all(body[name].startswith("/") for name in ("docs", "health", "metrics"))


@pytest.mark.parametrize("path", ["/health", "/metrics"])
def test_the_examples_of_health_and_metrics(url: str, path: str) -> None:
    status, body = run(example(path), url)
    assert status == 200
    assert isinstance(body["timestamp"], float)
