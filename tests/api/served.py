"""A library and its server on a free port, in a thread of their own, for tests whose client is another program."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.settings import load
from recollect.testing.embedder import FakeEmbedder


@contextmanager
def served(home: Path, **settings: Any) -> Iterator[str]:
    """Serve a library on a free port and give its address; the socket takes calls before the server answers them."""
    loaded = load(home, {"worker": {"poll": 0.02}, **settings}).settings
    listening = socket.create_server(("127.0.0.1", 0))
    servers: list[uvicorn.Server] = []
    begun = threading.Event()

    async def run() -> None:
        async with AsyncMemory(home, embed=FakeEmbedder(), settings=loaded) as memory:
            config = uvicorn.Config(create_app(memory, loaded), log_level="error", lifespan="off")
            servers.append(uvicorn.Server(config))
            begun.set()
            await servers[0].serve(sockets=[listening])

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        assert begun.wait(30)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        for server in servers:
            server.should_exit = True
        thread.join(30)
        listening.close()


@contextmanager
def served_apart(home: Path) -> Iterator[str]:
    """Serve in a process of its own; schemathesis and a server in one process get in each other's way."""
    command = [sys.executable, "-m", "tests.api.served", str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


if __name__ == "__main__":
    with served(Path(sys.argv[1])) as address:
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        sys.stdin.read()
