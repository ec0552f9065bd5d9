"""A center and three nodes as real processes: cut connections, wrong clocks, kill -9; all end alike, none is lost."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.ops.sync.fleet import BASE, shared_state, texts_on_disk
from tests.ops.sync.tunnel import Tunnel
from tests.server.conftest import is_ready, plain_environment, until

from recollect.client import Client
from recollect.errors import RecollectError
from recollect.library import AsyncMemory
from recollect.ops.sync.enrol import enrol
from recollect.server import record, token
from recollect.settings import load

SKEWED = Path(__file__).with_name("skewed.py")
SKEWS = (0, 86_400 * 40, -86_400 * 3)
ALIKE_WITHIN = 120.0


class Process:
    """One server under test, over a data directory that outlives it."""

    def __init__(self, home: Path, skew: int, **settings: object) -> None:
        self.home, self._skew, self._settings = home, skew, settings
        self.url = ""
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        named = {f"RECOLLECT_NODE__{name.upper()}": str(value) for name, value in self._settings.items()}
        command = [sys.executable, str(SKEWED), str(self._skew), "serve", "--home", str(self.home), "--port", "0"]
        out = subprocess.DEVNULL
        before = record.read(self.home)
        self.process = process = subprocess.Popen(command, env=plain_environment() | named, stdout=out, stderr=out)

        def fresh() -> str | None:
            assert process.poll() is None
            found = record.read(self.home)
            return found.url if found is not None and found != before and found.pid == process.pid else None

        self.url = until(fresh, "the server's file was written", 60)
        until(lambda: is_ready(self.url), "the server was ready", 60)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(30)

    def client(self) -> Client:
        return Client(self.url, token.read(self.home), timeout=30)


class World:
    """A center, nodes, and the tunnels between them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.center = self._process("center", 0, role="center")
        secrets = asyncio.run(self._enrolled())
        self.center.start()
        self.tunnels = [Tunnel(self.center.port) for _ in SKEWS]
        self.nodes = []
        for name, skew, tunnel in zip("abc", SKEWS, self.tunnels, strict=True):
            stack.callback(tunnel.close)
            more = {"name": name, "center": tunnel.url, "token": secrets[name], "every": 0.3, "timeout": 5}
            self.nodes.append(self._process(name, skew, role="agent", **more))
            self.nodes[-1].start()

    def _process(self, folder: str, skew: int, **settings: object) -> Process:
        made = Process(self.folder / folder, skew, **settings)
        self._stack.callback(made.kill)
        return made

    async def _enrolled(self) -> dict[str, str]:
        async with _opened(self.folder / "center", "center") as hub:
            return {name: (await enrol(hub.app, name))[1] for name in "abc"}

    def restart_center(self) -> None:
        self.center.kill()
        self.center.start()
        for tunnel in self.tunnels:
            tunnel.lead_to(self.center.port)


def _opened(home: Path, role: str) -> AsyncMemory:
    return AsyncMemory(settings=load(home, {**BASE, "node": {"role": role}}).settings, worker=False)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


class Told:
    """What was acknowledged."""

    def __init__(self) -> None:
        self.texts: dict[str, set[str]] = {}
        self.gone: set[str] = set()
        self.deleted: set[str] = set()
        self.count = 0


def live(world: World, told: Told, luck: random.Random, steps: int, kills: int) -> None:
    deaths = set(luck.sample(range(steps // 4, steps), kills))
    for step in range(steps):
        place = luck.randrange(3)
        with suppress(RecollectError), world.nodes[place].client() as client:
            _write(client, told, luck)
        if luck.random() < 0.15:
            world.tunnels[place].cut()
        if luck.random() < 0.15:
            world.tunnels[place].cut_after(luck.randrange(10, 4000))
        if luck.random() < 0.3:
            luck.choice(world.tunnels).mend()
        if step in deaths:
            if luck.random() < 0.4:
                world.restart_center()
            else:
                victim = luck.choice(world.nodes)
                victim.kill()
                victim.start()


def _write(client: Client, told: Told, luck: random.Random) -> None:
    told.count += 1
    text = f"note {told.count} tells number{luck.randrange(10**9)}"
    sort = luck.random()
    if sort < 0.15:
        client.add(f"secretword {text}", user_id="alice", metadata={"visibility": "private"})
    elif sort < 0.55 or not told.texts:
        kept = client.add(text, user_id=luck.choice(("alice", "陈")), project_id=luck.choice(("web", "app")))
        told.texts.setdefault(kept.id, set()).add(text)
    elif sort < 0.88:
        name = luck.choice(list(told.texts))
        changed = client.update(name, text=text)
        told.texts[name].add(changed.text)
    else:
        name = luck.choice(list(told.texts))
        told.gone.add(name)  # before: what is not acknowledged may have been done
        client.delete(name)
        told.deleted.add(name)


async def _states(world: World) -> list[dict[str, Any]]:
    found = []
    for process, role in ((world.center, "center"), *((node, "agent") for node in world.nodes)):
        async with _opened(process.home, role) as memory:
            found.append(await shared_state(memory))
    return found


async def _histories(world: World, names: set[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {name: set() for name in names}
    for process in (world.center, *world.nodes):
        async with _opened(process.home, "agent") as memory:
            for name in names:
                for change in await memory.app.engine.stores.records.history(name):
                    sides = (getattr(change.event, side, None) for side in ("before", "memory"))
                    found[name] |= {item.text for item in sides if item is not None}
    return found


def _all_sent(world: World) -> bool:
    for node in world.nodes:
        answer = httpx.get(f"{node.url}/health", timeout=20).json()["components"]["sync"]
        if answer["to_send"] or answer["to_fetch"] or answer["status"] != "healthy":
            return False
    return True


def survive(folder: Path, stack: ExitStack, seed: int, *, steps: int, kills: int) -> None:
    luck, told = random.Random(seed), Told()
    world = World(folder, stack)
    live(world, told, luck, steps, kills)
    for tunnel in world.tunnels:
        tunnel.mend()
    end = time.monotonic() + ALIKE_WITHIN
    while True:
        until(lambda: _all_sent(world), "everything was sent", ALIKE_WITHIN)
        states = asyncio.run(_states(world))
        if all(state == states[0] for state in states):
            break
        assert time.monotonic() < end, [sorted(state) for state in states]
    kept = set(told.texts) - told.gone
    assert set(states[0]) >= kept
    histories = asyncio.run(_histories(world, kept))
    assert [name for name in kept if not told.texts[name] <= histories[name]] == [], "an acknowledged write is lost"
    assert not told.deleted & set(states[0])
    world.center.kill()
    on_disk = texts_on_disk(folder / "center")
    assert b"secretword" not in on_disk
    assert b"tells number" in on_disk


def test_three_real_nodes_and_a_center_end_alike(tmp_path: Path, stack: ExitStack) -> None:
    survive(tmp_path, stack, 5, steps=30, kills=1)


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("seed", range(int(os.environ.get("RECOLLECT_KILLS", "50")) // 10 or 1))
def test_three_real_nodes_and_a_center_end_alike_through_many_deaths(
    tmp_path: Path, stack: ExitStack, seed: int
) -> None:
    survive(tmp_path, stack, 1000 + seed, steps=400, kills=10)
