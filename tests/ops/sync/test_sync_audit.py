"""Who lets nodes in and out, and what is refused of them, is to be answered for."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI
from tests.api.guarded import asking
from tests.ops.sync.fleet import Fleet

from recollect.api.app import create_app
from recollect.api.guard.guards import Door
from recollect.api.guard.refusals import refusals_of
from recollect.models import AuditFilter, Deed
from recollect.ops.sync.enrol import revoke


async def settle(app: FastAPI) -> None:
    """Wait until refusals so far are written."""
    while writing := refusals_of(app)._writing:
        await asyncio.gather(*writing)


async def deeds(fleet: Fleet) -> list[Deed]:
    return [entry.deed for entry in await fleet.hub.app.audit.entries(AuditFilter(), limit=50, newest=False)]


async def test_letting_nodes_in_and_out_is_noted_without_their_tokens(fleet: Fleet) -> None:
    one = await fleet.member("laptop", granted=("web", "!diary"))
    await revoke(fleet.hub.app, "laptop")
    found = [(deed.action, deed.actor, deed.target, deed.decision) for deed in await deeds(fleet)]
    assert found == [("node_enrol", "system", "laptop", "allowed"), ("node_revoke", "system", "laptop", "allowed")]
    assert (await deeds(fleet))[0].detail == {"projects": "web, !diary"}
    assert one.secret not in str(await deeds(fleet))


async def test_what_a_node_may_not_write_is_noted_and_not_what_it_said(fleet: Fleet) -> None:
    one = await fleet.member("b", granted=("app",))
    await one.memory.add("forbidden words", user_id="alice", project_id="web")
    await one.memory.add("fine", user_id="alice", project_id="app")
    assert (await one.sync()).refused == 1
    last = (await deeds(fleet))[-1]
    assert (last.action, last.actor, last.decision, last.detail) == ("node_push", "node:b", "denied", {"memories": 1})
    assert "forbidden" not in str(last)


async def test_nodes_that_are_refused_are_noted_with_where_they_came_from(fleet: Fleet) -> None:
    app = create_app(fleet.hub, fleet.hub.app.settings, door=Door("127.0.0.1", auth=True))
    async with asking(app) as client:
        for secret in ("node_wrong", "node_other"):
            headers = {"Authorization": f"Bearer {secret}", "X-Recollect-Store": "s"}
            assert (await client.get("/api/sync/changes", headers=headers)).status_code == 403
    await settle(app)
    (noted,) = [deed for deed in await deeds(fleet) if deed.action == "authenticate"]
    assert (noted.decision, bool(noted.origin), noted.times) == ("failed", True, 1)
    assert "node_wrong" not in str(noted)
