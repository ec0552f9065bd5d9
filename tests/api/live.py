"""A real server on a free port, and clients that listen to its live events byte by byte."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

import uvicorn
from fastapi import FastAPI

from recollect.server.life import Life

PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that runs in the test's own event loop."""

    server: Life
    task: asyncio.Task[None]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[Serving]:
    """Serve an application while the block runs."""
    taken = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=2)
    running = Life(config, app.state.drain, 1)
    task = asyncio.create_task(running.serve(sockets=[taken]))
    try:
        yield Serving(running, task, taken.getsockname()[1])
    finally:
        running.should_exit = True
        await asyncio.wait_for(task, PATIENCE)


@dataclass(frozen=True, slots=True)
class Heard:
    """One event as a client reads it."""

    id: int | None
    name: str
    data: dict[str, Any]


class Ear:
    """One listening connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.last: int | None = None
        self.comments = 0
        self._rest = b""

    @classmethod
    async def open(cls, port: int, query: str = "", *, last: int | None = None, window: int | None = None) -> Self:
        """Connect and read the head of the answer; `window` bounds what the system receives unread."""
        sock = socket.socket()
        if window:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=sock, limit=1 << 16)
        resume = "" if last is None else f"Last-Event-ID: {last}\r\n"
        host = f"127.0.0.1:{port}"
        writer.write(
            f"GET /api/events{query} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n{resume}\r\n".encode()
        )
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)
        assert head.startswith(b"HTTP/1.1 200"), head
        assert b"text/event-stream" in head
        ear = cls(reader, writer)
        await ear._block()  # the id everything starts from
        return ear

    async def _chunk(self) -> bytes:
        size = int((await self.reader.readuntil(b"\r\n")).strip(), 16)
        return (await self.reader.readexactly(size + 2))[:-2]

    async def _block(self) -> Heard | None:
        while b"\n\n" not in self._rest:
            chunk = await self._chunk()
            if not chunk:
                raise EOFError
            self._rest += chunk
        block, _, self._rest = self._rest.partition(b"\n\n")
        fields: dict[str, str] = {}
        for line in block.decode().split("\n"):
            name, _, value = line.partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
            else:
                self.comments += 1
        if "id" in fields:
            self.last = int(fields["id"])
        if "data" not in fields:
            return None
        return Heard(int(fields["id"]) if "id" in fields else None, fields["event"], json.loads(fields["data"]))

    async def next(self, *, jobs: bool = False) -> Heard:
        """Return the next event; news of jobs are passed over unless they are wanted."""
        async with asyncio.timeout(PATIENCE):
            while True:
                heard = await self._block()
                if heard is not None and (jobs or heard.name != "jobs"):
                    return heard

    async def take(self, count: int) -> list[Heard]:
        return [await self.next() for _ in range(count)]

    async def ended(self) -> bool:
        """Read to the end; tell whether the answer ended as it should rather than being cut off."""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    await self._block()
        except EOFError as error:
            return not isinstance(error, asyncio.IncompleteReadError)
        except OSError:
            return False

    async def close(self) -> None:
        """Hang up; closing twice does nothing."""
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()
