"""A center and nodes in one process, with clocks that are wrong and connections that break, for tests of sync."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recollect.errors import NotFound, ProviderFailed
from recollect.library import AsyncMemory
from recollect.merge import content, travels
from recollect.models import Memory
from recollect.ops.sync import center
from recollect.ops.sync.center import Visit
from recollect.ops.sync.courier import Courier
from recollect.ops.sync.enrol import enrol
from recollect.ops.sync.exchange import Exchange, Moved
from recollect.ops.sync.leave import Rules
from recollect.ports import Embed
from recollect.settings import load
from recollect.stores.sql.sync.held import bodies
from recollect.testing.clock import FakeClock

BASE: Mapping[str, Any] = {"embedder": {"provider": "none"}}


class Direct(Courier):
    """The way to a center in the same process; breaks where it is told to, before the center hears or after."""

    def __init__(self, hub: AsyncMemory, secret: str, store: str) -> None:
        self._hub, self._secret, self._store = hub, secret, store
        self.breaks: list[str] = []

    async def _visit(self, asked: Mapping[str, Any]) -> Visit:
        node = await center.visitor(self._hub.app, self._secret, self._store)
        return Visit(node, self._store, asked["head"], tuple(asked["projects"].split(",")), asked["model"])

    async def changes(self, asked: Mapping[str, Any]) -> bytes:
        how = self.breaks.pop(0) if self.breaks else ""
        self._cut(how == "before")
        page = await center.changes(self._hub.app, await self._visit(asked), asked["after"], asked["limit"])
        self._cut(how == "after")
        return page

    async def push(self, page: bytes, asked: Mapping[str, Any]) -> dict[str, Any]:
        how = self.breaks.pop(0) if self.breaks else ""
        self._cut(how == "before")
        answer = await center.push(self._hub.app, await self._visit(asked), page)
        self._cut(how == "after")
        return answer

    def _cut(self, now: bool) -> None:
        if now:
            raise ProviderFailed("The connection was cut")

    def close(self) -> None:
        """Nothing is open."""


class Member:
    """A node under test: its store, its clock, and its way to the center."""

    def __init__(self, fleet: Fleet, name: str, skew: float, **node: Any) -> None:
        self.fleet, self.name, self._node = fleet, name, node
        self.clock = FakeClock()
        self.clock.forward(skew)
        self.secret = ""
        self.memory: AsyncMemory
        self.courier: Direct

    async def open(self, embed: Embed | None = None) -> None:
        settings = load(self.fleet.home / self.name, {**BASE, "node": {"role": "agent", **self._node}}).settings
        self.memory = AsyncMemory(settings=settings, embed=embed, clock=self.clock, worker=False)
        self.courier = Direct(self.fleet.hub, self.secret, await self.memory.app.sync.name())

    async def reopen(self, embed: Embed | None = None) -> None:
        await self.memory.close()
        await self.open(embed)

    async def sync(self) -> Moved:
        return await Exchange(self.memory.app, self.courier).once()

    async def get(self, memory_id: str) -> Memory | None:
        try:
            return await self.memory.get(memory_id)
        except NotFound:
            return None


class Fleet:
    """A center and its nodes."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.clock = FakeClock()
        self.members: list[Member] = []
        self.hub: AsyncMemory

    async def open(self, embed: Embed | None = None) -> None:
        settings = load(self.home / "center", {**BASE, "node": {"role": "center"}}).settings
        self.hub = AsyncMemory(settings=settings, embed=embed, clock=self.clock, worker=False)

    async def member(self, name: str, *, skew: float = 0.0, granted: tuple[str, ...] = ("*",), **node: Any) -> Member:
        one = Member(self, name, skew, **node)
        _, one.secret = await enrol(self.hub.app, name, granted)
        await one.open()
        self.members.append(one)
        return one

    async def settle(self, rounds: int = 12) -> None:
        """Exchange, and do the jobs, until nothing moves any more."""
        moved: list[Moved] = []
        for _ in range(rounds):
            moved = []
            for one in self.members:
                one.courier.breaks.clear()
                moved.append(await one.sync())
                await one.memory.drain()
            await self.hub.drain()
            if all(found == Moved() for found in moved):
                return
        raise AssertionError(f"still moving after {rounds} rounds: {moved}")

    async def close(self) -> None:
        for one in self.members:
            await one.memory.close()
        await self.hub.close()


async def shared_state(memory: AsyncMemory) -> dict[str, Any]:
    """Return the content of every memory that may be elsewhere too, by id."""
    rules = Rules.of(memory.app.settings.node)

    def read(connection: Any) -> dict[str, Any]:
        keys = list(connection.exec_driver_sql("SELECT key FROM memory").scalars())
        return {name: content(body) for name, body in bodies(connection, keys).items()}

    found = await memory.app.database.read(read)
    items = {item.id: item for item in await memory.app.engine.stores.records.get(list(found))}
    return {
        name: body
        for name, body in found.items()
        if travels(items[name]) and rules.visibility_of(items[name]) != "private"
    }


def texts_on_disk(folder: Path) -> bytes:
    """Return everything that stands in the files of a data directory."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def chance(seed: int) -> random.Random:
    return random.Random(seed)
