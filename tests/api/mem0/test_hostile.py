"""Whatever is sent to Mem0's routes, the answer is one of those they document, and never a failure of the server."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from httpx import ASGITransport, AsyncClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.testing.embedder import FakeEmbedder

FEW = settings(
    max_examples=int(os.environ.get("RECOLLECT_EXAMPLES", "250")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
BODIES = (
    ("POST", "/v3/memories/add/"),
    ("POST", "/v3/memories/search/"),
    ("POST", "/v3/memories/"),
    ("POST", "/v1/memories/"),
    ("POST", "/v2/memories/search/"),
    ("PUT", "/v1/batch/"),
    ("DELETE", "/v1/batch/"),
    ("POST", "/v1/feedback/"),
    ("POST", "/v1/exports/"),
    ("POST", "/v1/exports/get/"),
    ("POST", "/v1/summary/"),
    ("PATCH", "/api/v1/orgs/organizations/recollect/projects/default/"),
    ("POST", "/v2/profiles/settings/"),
    ("POST", "/mem0-oss/memories"),
    ("POST", "/mem0-oss/search"),
)
NAMED = (
    ("GET", "/v1/memories/{}/"),
    ("PUT", "/v1/memories/{}/"),
    ("DELETE", "/v1/memories/{}/"),
    ("GET", "/v1/memories/{}/history/"),
    ("GET", "/v1/event/{}/"),
    ("GET", "/v1/entities/user/{}/"),
    ("DELETE", "/v2/entities/run/{}/"),
    ("GET", "/v2/entities/user/{}/profile/"),
    ("DELETE", "/v1/memories/?filters={}"),
    ("DELETE", "/v1/memories/?run_id={}"),
    ("GET", "/v1/memories/?agent_id={}"),
    ("GET", "/mem0-oss/memories/{}"),
    ("DELETE", "/mem0-oss/entities/user/{}"),
)
EXPECTED = {200, 201, 400, 404, 409, 413, 422}
NASTY = st.sampled_from(
    [
        "",
        " ",
        "*",
        "\0",
        "a\0b",
        "\ud800",
        "\u202e\u200b",
        "'; DROP TABLE memory; --",
        "猫" * 90,
        "x" * 3000,
        "{}",
        "[" * 99,
    ]
)
TEXT = NASTY | st.text(max_size=30) | st.sampled_from(["u", "food", "I moved from Rome to Oslo.", "2026-01-31", "u1"])
LEAF = st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.just(10**400)
KEYS = st.sampled_from(
    [
        "AND",
        "OR",
        "NOT",
        "user_id",
        "agent_id",
        "app_id",
        "run_id",
        "created_at",
        "updated_at",
        "categories",
        "keywords",
        "memory_ids",
        "metadata",
        "eq",
        "ne",
        "in",
        "gt",
        "gte",
        "lt",
        "lte",
        "contains",
        "icontains",
        "role",
        "content",
        "name",
        "type",
        "text",
    ]
)
JSON = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | TEXT, inner, max_size=3),
    max_leaves=10,
)
FIELDS = [
    "messages",
    "user_id",
    "agent_id",
    "app_id",
    "run_id",
    "metadata",
    "infer",
    "filters",
    "timestamp",
    "expiration_date",
    "query",
    "top_k",
    "threshold",
    "fields",
    "categories",
    "keywords",
    "show_expired",
    "reference_date",
    "start_date",
    "end_date",
    "page",
    "page_size",
    "output_format",
    "memories",
    "memory_id",
    "feedback",
    "feedback_reason",
    "memory_export_id",
    "schema",
    "enabled",
    "entities",
    "decay",
    "async_mode",
]
SOUND: dict[str, Any] = {
    "messages": [{"role": "user", "content": "I like tea"}],
    "user_id": "u1",
    "query": "tea",
    "memories": [{"memory_id": "x", "text": "y"}],
    "memory_id": "x",
}
BODY = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4).map(lambda given: SOUND | given) | JSON


class Server:
    """An application and a loop to ask it in."""

    def __init__(self, home: Path) -> None:
        self.runner = asyncio.Runner()
        self.memory = AsyncMemory(home, embed=FakeEmbedder(), worker=False)
        transport = ASGITransport(create_app(self.memory, self.memory.app.settings))
        self.client = AsyncClient(transport=transport, base_url="http://127.0.0.1")

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, str]:
        headers = {"content-type": "application/json"}
        answer = self.runner.run(self.client.request(method, path, content=body, headers=headers))
        return answer.status_code, answer.text

    def close(self) -> None:
        self.runner.run(self.client.aclose())
        self.runner.run(self.memory.close())
        self.runner.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    opened = Server(tmp_path_factory.mktemp("hostile") / "home")
    yield opened
    opened.close()


def check(status: int, text: str) -> None:
    assert status in EXPECTED, text
    answer = json.loads(text)
    if status >= 400:
        assert isinstance(answer["detail"], str)
    assert "Traceback" not in text


@FEW
@given(st.sampled_from(BODIES), BODY)
def test_any_body_is_taken_or_refused(server: Server, route: tuple[str, str], body: Any) -> None:
    check(*server.ask(*route, json.dumps(body).encode()))


@FEW
@given(st.sampled_from(BODIES), st.binary(max_size=40))
def test_any_bytes_are_refused(server: Server, route: tuple[str, str], body: bytes) -> None:
    status, text = server.ask(*route, body)
    check(status, text)


@FEW
@given(st.sampled_from(NAMED), TEXT)
def test_any_name_is_looked_for(server: Server, route: tuple[str, str], name: str) -> None:
    method, path = route
    # A path without a name is another path, or none: it may be led elsewhere.
    named = quote(name.encode("utf-8", "replace"), safe="") or "-"
    body = b'{"text": "x"}' if method == "PUT" else None
    status, text = server.ask(method, path.format(named), body)
    check(status, text)


def test_deep_and_endless_json_is_refused(server: Server) -> None:
    for method, path in BODIES:
        for body in (b'{"filters":' * 5000 + b"1" + b"}" * 5000, b"[" * 100_000, b'{"metadata": NaN}', b"1" * 5000):
            check(*server.ask(method, path, body))
