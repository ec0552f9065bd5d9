"""A TCP connection that can be cut: what a network does to a node and its center."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Tunnel:
    """Listens on a port of its own and passes everything on to another one, until it is cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open = True
        self._after: int | None = None
        self._live: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def lead_to(self, port: int) -> None:
        """Lead to another port: the center came back there."""
        self._to = port

    def cut(self) -> None:
        """Break every connection, and let none through."""
        self._open = False
        for one in list(self._live):
            _end(one)

    def cut_after(self, size: int) -> None:
        """Break the connection that is the next to have passed on so many bytes."""
        self._after = size

    def mend(self) -> None:
        """Let connections through again."""
        self._open, self._after = True, None

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                one, _ = self._listener.accept()
                if not self._open:
                    _end(one)
                    continue
                try:
                    other = socket.create_connection(("127.0.0.1", self._to), 5)
                except OSError:
                    _end(one)
                    continue
                self._live |= {one, other}
                for ends in ((one, other), (other, one)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(4096):
                if self._after is not None:
                    self._after -= len(data)
                    if self._after < 0:
                        self._after = None
                        break
                other.sendall(data)
        _end(one)
        _end(other)
        self._live -= {one, other}


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
