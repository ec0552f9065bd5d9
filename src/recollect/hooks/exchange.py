"""One request over a bare socket, and as much of its answer as somebody waits for."""

import _socket as socket  # the module around it imports selectors and enum, which takes longer than the request
import time

CONNECT = 0.2
"""Seconds in which a server that is there has taken the connection."""
LARGEST = 4 << 20
PIECE = 1 << 16


class Answer:
    """The status of an answer, 0 when none came in time, and its body where it was waited for."""

    __slots__ = ("body", "status")

    def __init__(self, status: int = 0, body: bytes = b"") -> None:
        self.status = status
        self.body = body

    @property
    def taken(self) -> bool:
        """Whether the server has the event."""
        return 200 <= self.status < 300


def post(at: tuple[str, int], path: str, headers: str, body: bytes, until: float, *, whole: bool) -> Answer:
    """Send a request and return the answer, only its status unless `whole`; raise OSError when nobody is there.

    `until` is a moment of the monotonic clock. When it has passed, the status is 0: the server may have taken the
    request or may not.
    """
    head = f"POST {path} HTTP/1.1\r\nHost: {_bracketed(at[0])}:{at[1]}\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
    connection = _connected(at, until)
    try:
        _send(connection, head.encode() + body, until)
        return _received(connection, until, whole=whole)
    except OSError:
        return Answer()
    finally:
        connection.close()


def _connected(at: tuple[str, int], until: float) -> socket.socket:
    host = at[0].encode()  # for a name that is text, Python loads the tables of international names, which takes longer
    family, kind, protocol, _, address = socket.getaddrinfo(host, at[1], 0, socket.SOCK_STREAM)[0]
    connection = socket.socket(family, kind, protocol)
    try:
        connection.settimeout(min(CONNECT, _left(until)))
        connection.connect(address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        connection.close()
        raise
    return connection


def _send(connection: socket.socket, data: bytes, until: float) -> None:
    rest = memoryview(data)
    while rest:
        connection.settimeout(_left(until))
        rest = rest[connection.send(rest) :]


def _received(connection: socket.socket, until: float, *, whole: bool) -> Answer:
    held = b""
    while not _enough(held, whole=whole):
        connection.settimeout(_left(until))
        piece = connection.recv(PIECE)
        if not piece:
            break
        held += piece
        if len(held) > LARGEST:
            break
    head, _, body = held.partition(b"\r\n\r\n")
    status = head[9:12]
    return Answer(int(status), body) if head.startswith(b"HTTP/1.") and status.isdigit() else Answer()


def _enough(held: bytes, *, whole: bool) -> bool:
    if not whole:
        return len(held) >= 12
    head, end, body = held.partition(b"\r\n\r\n")
    if not end:
        return False
    length = head.lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0].strip()
    return length.isdigit() and len(body) >= int(length)


def _left(until: float) -> float:
    return max(0.001, until - time.monotonic())


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
