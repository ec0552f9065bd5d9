"""A Redis of the tests' own, alone or with a replica and a sentinel."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class RedisServer:
    """One process in a folder of its own; it keeps its port when it is killed and started again."""

    def __init__(self, folder: Path, *options: str, sentinel: str = "", tls: Path | None = None) -> None:
        self.port = free_port()
        self._tls = tls
        self.url = f"redis://127.0.0.1:{self.port}/0"
        own = folder / str(self.port)
        own.mkdir()
        plain = 0 if tls else self.port
        if tls:
            self.url = f"rediss://127.0.0.1:{self.port}/0?ssl_ca_certs={tls}/cert.pem"
            files = (f"tls-cert-file {tls}/cert.pem", f"tls-key-file {tls}/key.pem", f"tls-ca-cert-file {tls}/cert.pem")
            options = (*options, f"tls-port {self.port}", *files, "tls-auth-clients no")
        lines = [f"port {plain}", "bind 127.0.0.1", f"dir {own}", 'save ""', "protected-mode no", *options]
        file = own / "conf"
        file.write_text("\n".join([*lines, sentinel]) + "\n")
        self._command = ["redis-server", str(file), *(["--sentinel"] if sentinel else [])]
        self._log = own / "log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                with self.client() as client:
                    client.ping()
            except RedisError:
                time.sleep(0.02)
            else:
                return
        raise TimeoutError(self._log.read_text()[-2000:])

    def client(self) -> Redis:
        """Return a client of the test's own."""
        return Redis(port=self.port) if self._tls is None else Redis.from_url(self.url)

    def kill(self) -> None:
        """Kill it the hard way."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextmanager
def redis_folder() -> Iterator[Path]:
    """Give a folder for servers; skip the test where there is no Redis to be had."""
    if shutil.which("redis-server") is None:
        pytest.skip("no Redis is installed")
    folder = Path(tempfile.mkdtemp(prefix="recollect-redis"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Give a running Redis."""
    with redis_folder() as folder:
        server = RedisServer(folder)
        try:
            server.start()
            yield server
        finally:
            server.kill()


@dataclass
class Watched:
    """A master and its replica, whichever is which just then, and the sentinel that watches them."""

    pair: tuple[RedisServer, RedisServer]
    sentinel: RedisServer

    @property
    def url(self) -> str:
        """Return the address by which the master is found."""
        return f"redis+sentinel://127.0.0.1:{self.sentinel.port}/ours/0"

    def master(self) -> RedisServer:
        """Return whom the sentinel calls the master."""
        with self.sentinel.client() as client:
            port = int(client.sentinel_get_master_addr_by_name("ours")[1])
        return next(one for one in self.pair if one.port == port)

    def ready(self) -> None:
        """Wait until the sentinel could promote the replica: it knows it, and it follows the master."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(RedisError), self.sentinel.client() as client:
                found = client.sentinel_slaves("ours")
                if any(one["master-link-status"] == "ok" and not one["is_disconnected"] for one in found):
                    return
            time.sleep(0.05)
        raise TimeoutError("the sentinel knows no replica that follows")

    def fail_over(self) -> None:
        """Kill the master, wait until the replica has taken over, and start what was killed as its replica."""
        self.ready()
        former = self.master()
        former.kill()
        until = time.monotonic() + 60
        while self.master() is former:
            if time.monotonic() > until:
                raise TimeoutError("nobody took over")
            time.sleep(0.05)
        former.start()


@contextmanager
def watched_redis() -> Iterator[Watched]:
    """Give a running master with a replica and a sentinel."""
    with redis_folder() as folder:
        quick = "repl-diskless-sync-delay 0"
        master = RedisServer(folder, quick)
        replica = RedisServer(folder, quick, f"replicaof 127.0.0.1 {master.port}")
        watching = f"sentinel monitor ours 127.0.0.1 {master.port} 1\nsentinel down-after-milliseconds ours 500"
        sentinel = RedisServer(folder, sentinel=f"{watching}\nsentinel failover-timeout ours 2000")
        servers = (master, replica, sentinel)
        try:
            for server in servers:
                server.start()
            yield Watched((master, replica), sentinel)
        finally:
            for server in servers:
                server.kill()


def certificate(folder: Path) -> None:
    """Make a certificate for this machine's own address, signed by itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl is installed")
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    named = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*made, *named], cwd=folder, check=True, capture_output=True)
