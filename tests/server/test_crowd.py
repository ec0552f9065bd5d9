"""A thousand clients, half of them slow, and two hundred listeners: the well-behaved notice nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.server.conftest import Server, Start

Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def connected(server: Server, sent: str) -> AsyncIterator[Pipe]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(sent.encode())
        await writer.drain()
        yield reader, writer
    finally:
        writer.transport.abort()


def request(server: Server, line: str, *more: str) -> str:
    lines = [f"{line} HTTP/1.1", "Host: localhost", f"Authorization: {server.headers['Authorization']}", *more]
    return "\r\n".join([*lines, "", ""])


async def slow(server: Server, number: int, end: asyncio.Event) -> None:
    """Begin a request and never finish it; come again when it is cut off."""
    whole = request(server, "POST /api/capture", "Content-Length: 1000000")
    beginning = whole[:40] if number % 2 else whole + "x" * 50_000
    while not end.is_set():
        with contextlib.suppress(OSError):
            async with connected(server, beginning) as (reader, _):
                waits = [asyncio.create_task(reader.read(1)), asyncio.create_task(end.wait())]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for wait in waits:
                    wait.cancel()
                await asyncio.gather(*waits, return_exceptions=True)


async def quick(server: Server, rounds: int) -> list[int]:
    """Ask several times on one connection; return the statuses."""
    statuses = []
    async with connected(server, "") as (reader, writer):
        for _ in range(rounds):
            writer.write(request(server, "GET /api/jobs").encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            statuses.append(int(head.split()[1]))
    return statuses


async def listener(server: Server, written: asyncio.Event) -> int:
    """Listen until the change that is written then has come; return how many changes came."""
    async with connected(server, request(server, "GET /api/events?user_id=crowd")) as (reader, _):
        assert (await reader.readline()).split()[1] == b"200"
        await written.wait()
        count = 0
        while count < 3:
            line = await reader.readline()
            assert line, "the stream ended"
            count += line.startswith(b"id:")
        return count


def resident(server: Server) -> int:
    """Return the megabytes the server holds."""
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * 4096 >> 20


async def crowd(server: Server, clients: int, listeners: int) -> None:
    before, end, written = resident(server), asyncio.Event(), asyncio.Event()
    slow_ones = [asyncio.create_task(slow(server, number, end)) for number in range(clients // 2)]
    listening = [asyncio.create_task(listener(server, written)) for _ in range(listeners)]
    async with asyncio.timeout(240):
        quick_ones = [asyncio.create_task(quick(server, 5)) for _ in range(clients // 2)]
        statuses = {status for one in await asyncio.gather(*quick_ones) for status in one}
        assert statuses == {200}
        with server.client() as client:
            for number in range(3):
                body = {"content": f"the crowd hears {number}", "user_id": "crowd"}
                done = await asyncio.to_thread(client.post, "/api/memory/add", json=body)
                assert done.status_code in {200, 201}
        written.set()
        assert await asyncio.gather(*listening) == [3] * listeners
    grown = resident(server) - before
    end.set()
    await asyncio.gather(*slow_ones)
    assert grown < 100 + clients // 5, f"{grown} MB"


async def test_a_small_crowd_is_served(start: Start) -> None:
    server = await asyncio.to_thread(start, server__body_timeout=1, server__header_timeout=1)
    await crowd(server, 60, 10)
    assert (await asyncio.to_thread(server.end))[0] == 0


@pytest.mark.slow
async def test_a_thousand_clients_and_two_hundred_listeners_are_served(start: Start) -> None:
    server = await asyncio.to_thread(start, server__body_timeout=2, server__header_timeout=2)
    await crowd(server, 1000, 200)
    assert (await asyncio.to_thread(server.end))[0] == 0
