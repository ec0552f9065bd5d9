"""`/mcp` of a real server: both eras, under the same guards as every route, and across a restart."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from tests.mcp.conftest import ERAS, Caller, ids_in
from tests.server.conftest import Server, Start, until

HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    starter = Start(tmp_path_factory.mktemp("mcp") / "home")
    yield starter(server__body_mb=1)
    starter.close()


@asynccontextmanager
async def connected(server: Server, mode: str, query: str = "") -> AsyncIterator[Caller]:
    async with (
        httpx2.AsyncClient(headers=server.headers, timeout=20) as http,
        Client(streamable_http_client(f"{server.url}/mcp{query}", http_client=http), mode=mode) as client,
    ):
        yield Caller(client)


@pytest.mark.parametrize("mode", ERAS)
async def test_the_tools_answer_in_both_eras(server: Server, mode: str) -> None:
    async with connected(server, mode) as call:
        assert call.client.protocol_version == {"auto": "2026-07-28", "legacy": "2025-11-25"}[mode]
        (name,) = ids_in(await call("add_memory", text=f"The deploy key of {mode} lives in vault 7"))
        assert name in ids_in(await call("search_memories", query=f"deploy key of {mode}"))
        assert "vault 7" in await call("get_memories", ids=[name])
        (content,) = (await call.client.read_resource(f"memory://{name}")).contents
        assert "vault 7" in str(content)
        seen: list[float] = []

        async def heard(progress: float, total: float | None, message: str | None) -> None:
            seen.append(progress)

        arguments = {"ids": [name, "ffffffff"]}
        done = await call.client.call_tool("forget_memory", arguments, progress_callback=heard)
        assert not done.is_error
        assert seen == [1, 2]


@pytest.mark.parametrize("mode", ERAS)
async def test_the_address_says_whose_memories_are_meant(server: Server, mode: str) -> None:
    async with connected(server, mode, "?project_id=web&user_id=bo") as call:
        assert "in project `web`" in await call("add_memory", text="zebra")
        assert "in project `zoo`" in await call("add_memory", text="zebra", project_id="zoo")
    async with connected(server, mode, "?folder=/nowhere/web") as call:
        assert "Nothing is remembered about that in project `web`" in await call("search_memories", query="zebra")
        assert len(ids_in(await call("search_memories", query="zebra", user_id="bo"))) == 1
    async with connected(server, mode, "?project_id=%0A%00") as call:
        await call.refused("search_memories", query="zebra")


def test_it_is_guarded_like_every_route(server: Server) -> None:
    address = f"{server.url}/mcp"
    known = {**HEADERS, **server.headers}
    assert httpx.post(address, json=LIST, headers=HEADERS).status_code == 401
    assert httpx.post(address, json=LIST, headers={**known, "Authorization": "Bearer wrong"}).status_code == 401
    assert httpx.post(address, json=LIST, headers={**known, "Host": "evil.example"}).status_code == 421
    assert httpx.post(address, json=LIST, headers={**known, "Origin": "https://evil.example"}).status_code == 403
    assert httpx.post(address, content="[" * 1000, headers=known).status_code == 400
    assert httpx.post(address, content="x" * 2_000_000, headers=known).status_code == 413
    answer = httpx.post(address, json=LIST, headers=known)
    assert answer.status_code == 200  # and not 307 to /mcp/


def test_the_log_calls_it_by_its_name(server: Server) -> None:
    httpx.post(f"{server.url}/mcp", json=LIST, headers={**HEADERS, **server.headers})
    log = server.home / "logs" / "recollect.log"
    until(lambda: '"POST /mcp 200"' in log.read_text(encoding="utf-8"), "the request was logged")


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_there_is_no_session_to_listen_to_or_to_end(server: Server, method: str) -> None:
    answer = httpx.request(method, f"{server.url}/mcp", headers={**HEADERS, **server.headers})
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    "body", ["", "null", "[]", "{}", "not json", '{"jsonrpc":"2.0","id":1,"method":"no/such"}', '"\\ud800"']
)
def test_what_is_no_request_is_refused(server: Server, body: str) -> None:
    for era in ({}, {"MCP-Protocol-Version": "2026-07-28"}, {"MCP-Protocol-Version": "1999-01-01"}):
        answer = httpx.post(f"{server.url}/mcp", content=body, headers={**HEADERS, **server.headers, **era})
        assert answer.status_code < 500
        assert "Traceback" not in answer.text
        assert '.py"' not in answer.text


async def test_a_crowd_is_answered(server: Server) -> None:
    async with connected(server, "auto", "?project_id=crowd") as call:
        texts = await asyncio.gather(*(call("add_memory", text=f"zebra {number}") for number in range(40)))
        assert len({ids_in(text)[0] for text in texts}) == 40
        assert len(ids_in(await call("search_memories", query="zebra", limit=60))) == 40


@pytest.mark.parametrize("mode", ERAS)
async def test_a_client_goes_on_after_a_restart(home: Path, start: Start, mode: str) -> None:
    first = start()
    async with connected(first, mode) as call:
        await call("add_memory", text="The deploy key lives in vault 7")
        code, seconds, said = await asyncio.to_thread(first.end, signal.SIGTERM)
        assert (code, "Traceback" in said) == (0, False)
        assert seconds < 5
        await asyncio.to_thread(start, "--port", str(first.port))
        assert "vault 7" in await call("search_memories", query="deploy key")


def test_a_call_whose_client_went_away_harms_nobody(server: Server) -> None:
    call: dict[str, Any] = {
        **LIST,
        "method": "tools/call",
        "params": {"name": "add_memory", "arguments": {"text": "zebra"}},
    }
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{server.url}/mcp", json=call, headers={**HEADERS, **server.headers}, timeout=httpx.Timeout(10, read=1e-4)
        )
    answer = httpx.post(f"{server.url}/mcp", json=LIST, headers={**HEADERS, **server.headers})
    assert answer.status_code == 200
    assert "search_memories" in json.dumps(answer.text)
