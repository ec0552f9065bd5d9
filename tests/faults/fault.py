"""The faults: each harms one piece of the stack at once, and sets it right again."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg
from tests.faults.stack import Stack
from tests.proxy import Proxy
from tests.server.conftest import until
from tests.small_disk import fill

Harm = Callable[[Stack, random.Random], None]


@dataclass(frozen=True)
class Fault:
    """What is done, in words, how many times each time, and the stack that it takes."""

    said: str
    harm: Harm
    wires: tuple[str, ...] = ()
    index: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    workers: int = 2
    each: int = 1
    room: str = ""


def kill_server(stack: Stack, seed: random.Random) -> None:
    """Kill a server; the others go on, and it is started anew."""
    name = seed.choice(sorted(stack.servers))
    process = stack.servers[name].process
    process.kill()
    process.wait()
    stack.server(name)


def kill_worker(stack: Stack, seed: random.Random) -> None:
    """Kill a worker that has begun something, where one has."""
    name = seed.choice(sorted(stack.workers))
    process = stack.workers[name]
    end = time.monotonic() + 2
    while not stack.holds_claim(process) and time.monotonic() < end:
        time.sleep(0.005)
    process.kill()
    process.wait()
    stack.worker(name)


def kill_postgres(stack: Stack, seed: random.Random) -> None:
    """Kill all of PostgreSQL, or one of its processes, whereupon it ends all the others itself; it recovers."""
    if seed.random() < 0.5:
        stack.database.kill()
        time.sleep(seed.uniform(0, 0.5))
        stack.database.start()
        return
    with psycopg.connect(stack.url) as door:
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        pids = [pid for (pid,) in door.execute(query)]
    if pids:
        os.kill(seed.choice(pids), signal.SIGKILL)


def kill_redis(stack: Stack, seed: random.Random) -> None:
    """Kill Redis, which forgets all it held."""
    stack.redis.kill()
    time.sleep(seed.uniform(0, 0.5))
    stack.redis.start()


def kill_chroma(stack: Stack, seed: random.Random) -> None:
    """Kill the index of vectors."""
    assert stack.chroma is not None
    stack.chroma.kill()
    time.sleep(seed.uniform(0, 0.5))
    stack.chroma.start()


def fill_disk(stack: Stack, seed: random.Random) -> None:
    """Fill the disk of the index of vectors to the last byte, make room, and start it anew.

    Chroma 1.5 answers with errors, or not at all, once a write has met a full disk, until somebody restarts it.
    """
    assert stack.chroma is not None
    ballast = fill(stack.chroma.data)
    time.sleep(seed.uniform(0.2, 1.0))
    ballast.unlink()
    stack.chroma.kill()
    stack.chroma.start()


def cut(wire: str) -> Harm:
    """Return how connections of a sort are cut: all at once, ended from one side, silent first, or refused a while."""

    def harm(stack: Stack, seed: random.Random) -> None:
        proxies = [found for name, found in stack.wires.items() if name.partition("/")[0] == wire]
        assert proxies
        for proxy in proxies:
            way = seed.choice(("cut", "half", "silent", "refused"))
            if way == "half":
                proxy.half_close()
            elif way == "silent":
                proxy.hold()
                time.sleep(seed.uniform(0, 0.3))
                proxy.cut()
                proxy.release()
            elif way == "refused":
                proxy.refusing = True
                proxy.cut()
                time.sleep(seed.uniform(0, 0.3))
                proxy.refusing = False
            else:
                proxy.cut()

    return harm


def cut_half_way(wire: str, *markers: bytes) -> Harm:
    """Return how a connection is cut in the middle of a deed: as its client sends a marker; it arrives, or does not."""

    def harm(stack: Stack, seed: random.Random) -> None:
        proxies = [found for name, found in stack.wires.items() if name.partition("/")[0] == wire]
        for proxy in proxies:
            proxy.cut_at(seed.choice(markers), arrives=seed.random() < 0.5)
        for proxy in proxies:
            until(partial(_has_cut, proxy), "a connection was cut half-way", 60)

    return harm


def _has_cut(proxy: Proxy) -> bool:
    return not proxy.cutting


def pause(stands: float = 0, count: int = 1) -> Harm:
    """Return how workers are stopped while they hold claims, for longer than their leases; then they go on."""

    def harm(stack: Stack, seed: random.Random) -> None:
        names = seed.sample(sorted(stack.workers), count)
        for name in names:
            stack.pause_with_claim(name)
        begun = time.monotonic()
        for name in names:
            until(partial(_holds_none, stack, name), "its claims went to others", 60)
        time.sleep(max(0.0, stands - (time.monotonic() - begun)))
        for name in names:
            stack.workers[name].send_signal(signal.SIGCONT)

    return harm


def _holds_none(stack: Stack, name: str) -> bool:
    return not stack.holds_claim(stack.workers[name])


ROOM = "128m"
SHORT = {"worker__lease": 2, "server__jobs": False}

FAULTS = {
    "server": Fault("a server killed", kill_server, settings={"worker__lease": 3}),
    "worker": Fault("a worker killed", kill_worker, settings=SHORT),
    "postgres": Fault("PostgreSQL killed (crash recovery)", kill_postgres),
    "redis": Fault("Redis killed", kill_redis),
    "chroma": Fault("Chroma killed", kill_chroma, index=True),
    "full-disk": Fault("Chroma's disk full", fill_disk, index=True, room=ROOM),
    "cut-clients": Fault("clients' connections cut", cut("clients"), ("clients",)),
    "halfway-clients": Fault(
        "a client's request cut half-way",
        cut_half_way("clients", b"POST /api/capture", b"/add", b"turns"),
        ("clients",),
    ),
    "cut-postgres": Fault("connections to PostgreSQL cut", cut("postgres"), ("postgres",)),
    "halfway-postgres": Fault(
        "a transaction cut half-way",
        cut_half_way("postgres", b"COMMIT"),
        ("postgres",),
    ),
    "cut-redis": Fault("connections to Redis cut", cut("redis"), ("redis",)),
    "cut-chroma": Fault("connections to Chroma cut", cut("chroma"), ("chroma",), index=True),
    "pause": Fault("a worker paused for longer than its lease", pause(), settings=SHORT),
}

LONG = {
    "pause-long": Fault(
        "a worker paused for 30 s with a lease of 5 s", pause(30, 5), workers=8, each=5,
        settings={"worker__lease": 5, "server__jobs": False},
    ),
}  # fmt: skip
"""What takes too long to be done now and then."""
