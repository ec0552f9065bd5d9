"""A client that does not read what it is sent cannot make the server hold it for ever."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import uvicorn

from recollect.server.protocol import Limits, limited


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    sent, over = 0, asyncio.Event()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while (await asyncio.wait_for(_peek(receive), 5)) is None:
                await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
                sent += 65536
        finally:
            over.set()

    async def _peek(receive: Any) -> Any:
        try:
            async with asyncio.timeout(0.001):
                message = await receive()
                return None if message["type"] == "http.request" else message
        except TimeoutError:
            return None

    taken = socket.create_server(("127.0.0.1", 0))
    kind = limited(Limits(connections=10, header_seconds=5, unread_seconds=0.3))
    server = uvicorn.Server(uvicorn.Config(endless, http=kind, lifespan="off", log_config=None, log_level="critical"))
    task = asyncio.create_task(server._serve([taken]))
    with socket.create_connection(taken.getsockname()) as deaf:
        deaf.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.wait_for(over.wait(), 10)
        assert 0 < sent < 64 << 20
        assert not server.server_state.connections
    server.should_exit = True
    await asyncio.wait_for(task, 10)
