"""A TCP proxy before a server, which does to connections what networks do: cut, delay, half-close, go silent."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

Upstream = Path | tuple[str, int]
"""A socket of the file system, or a host and a port."""


@dataclass(slots=True)
class Cut:
    """Where a connection breaks: as its client sends `marker` after `after`; the server has it by then, or has not."""

    marker: bytes
    after: bytes
    arrives: bool


class Pair:
    """One connection: the client's end and the server's, closed once nothing is passed on in either direction."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.ripe = False
        self._passing = 2
        self._lock = threading.Lock()

    def cut(self) -> None:
        """End both directions at both ends."""
        for end in (self.client, self.server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def done(self) -> bool:
        """Note that one direction has ended; return whether both have, and close then."""
        with self._lock:
            self._passing -= 1
            if self._passing:
                return False
        self.client.close()
        self.server.close()
        return True


class Proxy:
    """Passes connections on to a server, until it is told otherwise; what it is told holds for all of them."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._pairs: set[Pair] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._goes = threading.Event()
        self._goes.set()
        self._cut: Cut | None = None
        self.refusing = False
        self.delay = 0.0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, name="proxy", daemon=True)
        self._accepting.start()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        with self._lock:
            return len(self._pairs)

    def cut(self) -> int:
        """Cut every connection now; return how many there were."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.cut()
        return len(pairs)

    def cut_at(self, marker: bytes, *, after: bytes = b"", arrives: bool) -> None:
        """Cut the next connection whose client sends `marker`, having sent `after`: before it arrives, or later."""
        self._cut = Cut(marker, after, arrives)

    @property
    def cutting(self) -> bool:
        """Whether a connection that `cut_at` was to cut has not come yet."""
        return self._cut is not None

    def half_close(self) -> None:
        """Have the server say no more on any connection, in good order, while it may still be written to."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            with suppress(OSError):
                pair.client.shutdown(socket.SHUT_WR)

    def hold(self) -> None:
        """Pass nothing on any more, in either direction, until `release`: connections stay open and silent."""
        self._goes.clear()

    def release(self) -> None:
        """Pass on again, what was held included."""
        self._goes.set()

    def close(self) -> None:
        """End it, and every connection."""
        self._closed = True
        self._goes.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = self._connected()
            if server is None:
                client.close()
                continue
            pair = Pair(client, server)
            with self._lock:
                self._pairs.add(pair)
            for ends in ((client, server), (server, client)):
                thread = threading.Thread(target=self._pass_on, args=(pair, *ends), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _connected(self) -> socket.socket | None:
        if self.refusing:
            return None
        try:
            if not isinstance(self._upstream, Path):
                return socket.create_connection(self._upstream, 10)
            server = socket.socket(socket.AF_UNIX)
        except OSError:
            return None
        try:
            server.connect(str(self._upstream))
        except OSError:
            server.close()
            return None
        return server

    def _pass_on(self, pair: Pair, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                self._goes.wait()
                if self.delay:
                    time.sleep(self.delay)
                if source is pair.client and self._cuts(pair, target, data):
                    break
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pair.cut()
        if pair.done():
            with self._lock:
                self._pairs.discard(pair)

    def _cuts(self, pair: Pair, target: socket.socket, data: bytes) -> bool:
        """Cut a connection where it is due; where what was sent is to arrive, the server is left to read it."""
        with self._lock:
            cut = self._cut
            if cut is None:
                return False
            pair.ripe = pair.ripe or cut.after in data
            if not pair.ripe or cut.marker not in data:
                return False
            self._cut = None
        if cut.arrives:
            pair.client.shutdown(socket.SHUT_RDWR)  # first: the server may answer sooner than this thread goes on
            target.sendall(data)
        else:
            pair.cut()
        return True


@contextmanager
def proxy(upstream: Upstream) -> Iterator[Proxy]:
    """Give a running proxy."""
    running = Proxy(upstream)
    try:
        yield running
    finally:
        running.close()
