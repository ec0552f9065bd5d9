"""Clients that are slow, greedy or speak no HTTP are sent away, and hold nobody else up."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator

import httpx
import pytest
from tests.server.conftest import Server, Start


@contextlib.contextmanager
def connected(server: Server, sent: bytes = b"") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as opened:
        opened.sendall(sent)
        yield opened


def everything(opened: socket.socket) -> bytes:
    """Read until the server closes."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := opened.recv(65536):
            parts.append(part)
    return b"".join(parts)


def failure_of(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    value = json.loads(body)
    assert value["success"] is False
    return int(head.split()[1]), value["error"]["code"]


def head(server: Server, *more: str) -> bytes:
    lines = ["POST /api/capture HTTP/1.1", "Host: localhost", f"Authorization: {server.headers['Authorization']}"]
    return "".join(f"{line}\r\n" for line in [*lines, "Content-Type: application/json", *more, ""]).encode()


def test_headers_that_trickle_in_are_cut_off_while_others_are_served(impatient: Server) -> None:
    with connected(impatient) as idle, connected(impatient, b"GET / HTTP/1.1\r\n") as slow:
        begun = time.monotonic()
        while time.monotonic() - begun < 0.3:
            slow.sendall(b"X: y\r\n")
            with impatient.client() as client:
                assert client.get("/api/jobs").status_code == 200
        assert failure_of(everything(slow)) == (408, "too_slow")
        assert everything(idle) == b""
        assert time.monotonic() - begun < 3


def test_headers_without_end_are_cut_off(impatient: Server) -> None:
    with connected(impatient, b"GET / HTTP/1.1\r\nX: " + b"y" * 70_000) as greedy:
        assert failure_of(everything(greedy)) == (431, "too_large")
    with connected(impatient, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 12_000) as greedy:
        assert failure_of(everything(greedy)) == (431, "too_large")


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"nonsense\r\n\r\n",
        b"GET \xff HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_what_is_no_http_is_answered_in_the_one_form(impatient: Server, sent: bytes) -> None:
    with connected(impatient, sent) as opened:
        assert failure_of(everything(opened)) == (400, "invalid_input")


def test_bodies_that_trickle_in_or_grow_too_large_are_cut_off(impatient: Server) -> None:
    with connected(impatient, head(impatient, "Content-Length: 100") + b"{") as slow:
        assert failure_of(everything(slow)) == (408, "too_slow")
    with connected(impatient, head(impatient, "Content-Length: 99999999")) as announced:
        assert failure_of(everything(announced)) == (413, "too_large")
    with connected(impatient, head(impatient, "Transfer-Encoding: chunked")) as chunked:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(17):
                chunked.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        assert failure_of(everything(chunked)) == (413, "too_large")
    with connected(impatient, head(impatient, "Transfer-Encoding: chunked") + b"zz\r\n") as broken:
        assert failure_of(everything(broken)) == (400, "invalid_input")


def test_several_requests_on_one_connection_are_each_in_time(impatient: Server) -> None:
    with httpx.Client(base_url=impatient.url, headers=impatient.headers) as client:
        for _ in range(4):
            assert client.get("/api/jobs").status_code == 200
            time.sleep(0.2)


def test_more_connections_than_allowed_are_told_to_come_later(start: Start) -> None:
    server = start(server__connections=5)
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(connected(server, b"GET / HT"))
        time.sleep(0.2)
        with connected(server) as sixth:
            assert failure_of(everything(sixth)) == (503, "busy")
    with server.client() as client:
        end = time.monotonic() + 5
        while True:
            with contextlib.suppress(httpx.TransportError):
                if client.get("/api/jobs").status_code == 200:
                    break
            assert time.monotonic() < end
