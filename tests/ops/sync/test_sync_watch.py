"""Health and metrics of a node tell how far it is with its center."""

from __future__ import annotations

import pytest
from tests.api.guarded import asking
from tests.ops.sync.fleet import Fleet

from recollect.api.app import create_app
from recollect.api.guard.guards import Door
from recollect.errors import ProviderFailed
from recollect.library import AsyncMemory

TEXT = {"Accept": "text/plain"}


async def told(memory: AsyncMemory) -> dict[str, float]:
    """Return what /metrics says of sync."""
    app = create_app(memory, memory.app.settings, door=Door("127.0.0.1", auth=False))
    async with asking(app) as client:
        lines = (await client.get("/metrics", headers=TEXT)).text.splitlines()
    found = (line.removeprefix("recollect_sync_").split() for line in lines if line.startswith("recollect_sync_"))
    return {name: float(value) for name, value in found}


async def health(memory: AsyncMemory) -> dict[str, object]:
    app = create_app(memory, memory.app.settings, door=Door("127.0.0.1", auth=False))
    async with asking(app) as client:
        found: dict[str, object] = (await client.get("/health")).json()["components"]["sync"]
    return {name: found[name] for name in ("status", "to_send", "to_fetch", "paused")}


async def test_a_node_tells_how_far_behind_it_is(fleet: Fleet) -> None:
    one = await fleet.member("a")
    await one.memory.add("to be sent", user_id="alice")
    assert await told(one.memory) == {"to_send": 1, "to_fetch": 0, "refused": 0}
    await one.sync()
    one.clock.forward(90)
    assert await told(one.memory) == {"to_send": 0, "to_fetch": 0, "refused": 0, "lag_seconds": 90}
    assert await health(one.memory) == {"status": "healthy", "to_send": 0, "to_fetch": 0, "paused": False}
    assert await told(fleet.hub) == {"nodes": 1}


async def test_a_node_whose_center_is_away_is_degraded(fleet: Fleet) -> None:
    one = await fleet.member("a")
    await one.sync()
    await one.memory.add("waits", user_id="alice")
    one.courier.breaks = ["before"]
    with pytest.raises(ProviderFailed):
        await one.sync()
    assert await health(one.memory) == {"status": "degraded", "to_send": 1, "to_fetch": 0, "paused": False}
