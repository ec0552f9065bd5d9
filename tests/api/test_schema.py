"""Requests made up from our own OpenAPI, right ones and wrong ones: nothing fails, nothing undocumented comes back."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.api.served import served_apart

from recollect.api.app import create_app
from recollect.settings import Settings

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NOT_HTTP = b"Invalid HTTP request received."
"""What the protocol itself says to a header that is none; no route ever sees such a request."""
ENDLESS = "/api/events"
"""A stream that does not end by itself has tests of its own."""

FEW = settings(
    max_examples=5,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
MANY = settings(FEW, max_examples=int(os.environ.get("RECOLLECT_CASES", "150")), derandomize=False)


@schemathesis.serializer("application/gzip")
def packed(_: schemathesis.SerializationContext, value: object) -> bytes:
    """Pack what was made up for a body that is sent packed."""
    return gzip.compress(value if isinstance(value, bytes) else json.dumps(value).encode())


MODES = {"right": GenerationMode.POSITIVE, "wrong": GenerationMode.NEGATIVE}
OPERATIONS = [
    (method.upper(), path, mode)
    for path, methods in create_app(None, Settings.model_validate({})).openapi()["paths"].items()
    for method, described in methods.items()
    for mode in MODES
    if path != ENDLESS and (mode == "right" or described.keys() & {"parameters", "requestBody"})
]
"""What takes nothing cannot be asked wrongly."""


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[schemathesis.BaseSchema]:
    """Return the OpenAPI of a running server."""
    with served_apart(tmp_path_factory.mktemp("schema")) as url:
        yield schemathesis.openapi.from_url(f"{url}/openapi.json")


def test_real_answers_have_the_documented_shape(document: schemathesis.BaseSchema) -> None:
    base = str(document.location).removesuffix("/openapi.json")
    turns = [{"role": "user", "speaker": "Ann", "content": "Ann works at Acme.", "message_id": "m1"}]
    with httpx.Client(base_url=base, timeout=30) as client:
        one = client.post("/api/memory/add", json={"content": "Alice prefers tabs", "metadata": {"a": [1, None]}})
        memory_id = one.json()["data"]["memory_id"]
        asked: list[tuple[str, str, str, dict[str, Any]]] = [
            ("POST", "/api/capture", "/api/capture", {"turns": turns, "conversation_id": "c1"}),
            ("PATCH", "/api/memory/{memory_id}", f"/api/memory/{memory_id}", {"content": "Alice prefers spaces"}),
            ("GET", "/api/memory/{memory_id}", f"/api/memory/{memory_id}", {}),
            ("GET", "/api/memory/{memory_id}/history", f"/api/memory/{memory_id}/history", {}),
            ("POST", "/api/memory/search", "/api/memory/search", {"query": "Alice", "explain": True}),
            ("POST", "/api/memory/batch-add", "/api/memory/batch-add", {"memories": [{"content": "x"}]}),
            ("GET", "/api/memory/user/{user_id}", "/api/memory/user/default", {}),
            ("GET", "/api/memory/stats/{user_id}", "/api/memory/stats/default", {}),
            ("POST", "/api/chat/message", "/api/chat/message", {"message": "What does Alice prefer?"}),
            ("POST", "/api/context", "/api/context", {"query": "Alice"}),
            ("GET", "/api/conversations", "/api/conversations", {}),
            ("GET", "/api/conversations/{conversation_id}", "/api/conversations/c1", {}),
            ("GET", "/api/timeline", "/api/timeline?query=Acme", {}),
            ("GET", "/api/graph/entities", "/api/graph/entities", {}),
            ("GET", "/api/graph/neighbours", "/api/graph/neighbours?name=Ann", {}),
            ("GET", "/api/graph/paths", "/api/graph/paths?from=Alice&to=tabs", {}),
            ("GET", "/api/graph/communities", "/api/graph/communities", {}),
            ("GET", "/api/jobs", "/api/jobs", {}),
            ("GET", "/api/usage", "/api/usage", {}),
            ("DELETE", "/api/memory/{memory_id}", f"/api/memory/{memory_id}", {}),
        ]
        for method, path, address, body in asked:
            answer = client.request(method, address, json=body or None)
            assert answer.is_success, answer.text
            document[path][method].validate_response(answer)


def ask(document: schemathesis.BaseSchema, method: str, path: str, mode: str, how: settings) -> None:
    """Send made-up requests to an operation and hold every answer to the checks."""

    @how
    @given(case=document[path][method].as_strategy(generation_mode=MODES[mode]))
    def each(case: schemathesis.Case[Any]) -> None:
        answer = case.call(timeout=30)
        if answer.content != NOT_HTTP:
            case.validate_response(answer, checks=CHECKS)

    # Where any text will do for every part of a request, none can be wrong.
    with suppress(Unsatisfiable) if mode == "wrong" else nullcontext():
        each()


@pytest.mark.parametrize(("method", "path", "mode"), OPERATIONS)
def test_a_few_requests(document: schemathesis.BaseSchema, method: str, path: str, mode: str) -> None:
    ask(document, method, path, mode, FEW)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path", "mode"), OPERATIONS)
def test_thousands_of_requests(document: schemathesis.BaseSchema, method: str, path: str, mode: str) -> None:
    ask(document, method, path, mode, MANY)
