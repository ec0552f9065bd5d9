"""Random edits on three nodes, wrong clocks, broken connections, restarts: all stores end alike and nothing is lost."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest
from tests.ops.sync.fleet import Fleet, Member, chance, shared_state, texts_on_disk

from recollect.errors import ProviderFailed, RecollectError
from recollect.library import AsyncMemory
from recollect.models import Memory
from recollect.stores.sql.row import micros

SKEWS = (0.0, 86_400.0 * 400, -86_400.0 * 30)


class Story:
    """What happened to a fleet: every acknowledged text by memory, and what was deleted."""

    def __init__(self, fleet: Fleet, luck: random.Random) -> None:
        self.fleet, self.luck = fleet, luck
        self.told: dict[str, set[str]] = {}
        self.ids: list[str] = []
        self.gone: set[str] = set()
        self.private: set[str] = set()
        self.made: dict[str, Memory] = {}
        self.count = 0

    def text(self) -> str:
        self.count += 1
        return f"Note {self.count} says word{self.luck.randrange(10**9)} to everybody"

    async def begin(self, one: Member) -> None:
        kept = await one.memory.add(self.text(), user_id="alice", project_id="web")
        self._keep(kept.id, kept.text, hidden=False)
        self.made[kept.id] = kept

    async def step(self, one: Member) -> None:
        one.clock.forward(self.luck.choice((0.0, 0.001, 1.0, 60.0)))
        deed = self.luck.choice((self._add, self._add, self._capture, self._update, self._update, self._delete))
        if self.luck.random() < 0.04:
            deed = self._forget
        elif self.luck.random() < 0.08:
            deed = self._hide
        with suppress(RecollectError):
            await deed(one)

    async def _add(self, one: Member) -> None:
        text = self.text()
        hidden = self.luck.random() < 0.15
        kept = await one.memory.add(
            f"secretword {text}" if hidden else text,
            user_id=self.luck.choice(("alice", "bo", "陈")),
            project_id=self.luck.choice(("web", "app")),
            metadata={"visibility": "private"} if hidden else {"n": self.count},
        )
        self._keep(kept.id, kept.text, hidden=hidden)
        self.made[kept.id] = kept

    async def _capture(self, one: Member) -> None:
        number = self.luck.randrange(12)  # some messages are captured on several nodes: they are one memory
        turn = {"role": "user", "content": f"I live in town {number} and prefer tea.", "message_id": f"m{number}"}
        done = await one.memory.capture([turn], conversation_id=f"c{number % 2}", user_id="alice", project_id="web")
        if done.ids[0] is not None:
            self.ids.append(done.ids[0])

    async def _update(self, one: Member) -> None:
        name = self.luck.choice(self.ids)
        if await one.get(name) is None or name in self.private:
            return
        changed = await one.memory.update(name, text=self.text())
        if name in self.told:  # a message that was captured twice may end under its other id
            self._keep(name, changed.text, hidden=False)

    async def _delete(self, one: Member) -> None:
        name = self.luck.choice(self.ids)
        if await one.get(name) is not None:
            await one.memory.delete(name)
            self.gone.add(name)

    async def _forget(self, one: Member) -> None:
        user = self.luck.choice(("alice", "bo"))
        page = await one.memory.list(user_id=user, limit=1000)
        await one.memory.forget(user_id=user)
        self.gone |= {item.id for item in page.memories}

    async def forgotten(self) -> set[str]:
        """Return what nobody has because its user was forgotten; every store knows of whom that is."""
        orders = await self.fleet.hub.app.sync.forgotten()
        stores = [self.fleet.hub, *(one.memory for one in self.fleet.members)]
        for memory in stores:
            assert await memory.app.sync.forgotten() == orders
        places = {
            name: (item.scope.user_id, item.scope.project_id, item.created_at) for name, item in self.made.items()
        }
        covered = {
            name
            for name, (user, project, at) in places.items()
            if any(order.covers(user, project, micros(at)) for order in orders)
        }
        for memory in stores:
            assert await memory.app.engine.stores.records.get(sorted(covered)) == []
        return covered

    async def _hide(self, one: Member) -> None:
        """Call a memory of one's own back."""
        name = self.luck.choice(self.ids)
        if await one.get(name) is not None:
            await one.memory.update(name, metadata={"visibility": "private"})
            self.gone.add(name)  # elsewhere

    def _keep(self, name: str, text: str, *, hidden: bool) -> None:
        self.told.setdefault(name, set()).add(text)
        self.ids.append(name)
        if hidden:
            self.private.add(name)


async def _told_by(memory: AsyncMemory, name: str) -> set[str]:
    """Return every text of a memory that a store knows: now, and in its history."""
    found: set[str] = set()
    for change in await memory.app.engine.stores.records.history(name):
        for side in ("before", "memory"):
            item = getattr(change.event, side, None)
            if item is not None:
                found.add(item.text)
    return found


async def _is_private(one: Member, name: str) -> bool:
    item = await one.get(name)
    return item is not None and item.metadata.get("visibility") == "private"


async def _live(fleet: Fleet, story: Story, steps: int) -> None:
    luck = story.luck
    for _ in range(steps):
        one = luck.choice(fleet.members)
        await story.step(one)
        if luck.random() < 0.3:
            one.courier.breaks = [luck.choice(("", "", "before", "after")) for _ in range(4)]
            with suppress(ProviderFailed):
                await one.sync()
        if luck.random() < 0.1:
            await one.memory.drain()
        if luck.random() < 0.03:
            await one.reopen()


async def _run(home: Path, seed: int, steps: int) -> None:
    luck = chance(seed)
    fleet = Fleet(home)
    await fleet.open()
    try:
        for name, skew in zip("abc", SKEWS, strict=True):
            await fleet.member(name, skew=skew)
        story = Story(fleet, luck)
        for member in fleet.members:
            await story.begin(member)
        await _live(fleet, story, steps)
        await fleet.settle()
        common = await shared_state(fleet.hub)
        assert common
        for member in fleet.members:
            own = {name for name in common if await _is_private(member, name)}  # a view of its own of what came here
            expected = {name: body for name, body in common.items() if name not in own}
            assert await shared_state(member.memory) == expected, f"{member.name} and the center differ"
        story.gone |= await story.forgotten()
        for name in story.told.keys() - story.gone:
            everywhere = [fleet.hub, *(member.memory for member in fleet.members)]
            known = set().union(*[await _told_by(memory, name) for memory in everywhere])
            assert story.told[name] <= known, "an acknowledged write is lost"
        for name in story.private - story.gone:
            assert sum([await one.get(name) is not None for one in fleet.members]) == 1
    finally:
        await fleet.close()
    assert b"secretword" not in texts_on_disk(home / "center")


@pytest.mark.parametrize("seed", range(4))
async def test_three_nodes_and_a_center_end_alike(tmp_path: Path, seed: int) -> None:
    await _run(tmp_path, seed, steps=60)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
async def test_three_nodes_and_a_center_end_alike_whatever_happens(tmp_path: Path, seed: int) -> None:
    await _run(tmp_path, seed, steps=250)
