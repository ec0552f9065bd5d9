"""How far a node is with its center, and a center's nodes with it, for status, health and metrics."""

from __future__ import annotations

from typing import Any

from recollect.app import App
from recollect.ops.shape import time_of


async def state(app: App) -> dict[str, Any]:
    """Return the role, the link of a node, and the nodes of a center; without tokens and without texts."""
    node = app.settings.node
    link = await app.sync.link()
    head = await app.engine.stores.records.head()
    found: dict[str, Any] = {"role": node.role, "name": node.name, "store": await app.sync.name()}
    if node.role == "agent":
        found |= {
            "center": node.center,
            "paused": link.paused,
            "to_send": max(0, head - link.pushed),
            "to_fetch": link.ahead,
            "refused": link.refused,
            "last_done": time_of(link.done_at),
            "last_tried": time_of(link.tried_at),
            "error": link.error or None,
        }
    if node.role == "center":
        found["nodes"] = [
            {
                "name": one.name,
                "projects": list(one.projects),
                "enrolled": time_of(one.created_at),
                "last_seen": time_of(one.seen_at),
            }
            for one in await app.nodes.list()
        ]
    return found


async def figures(app: App) -> dict[str, float]:
    """Return the figures of a node or a center by name; none for a store that is neither."""
    if app.settings.node.role == "center":
        return {"nodes": len(await app.nodes.list())}
    if app.settings.node.role != "agent":
        return {}
    link = await app.sync.link()
    waiting = max(0, await app.engine.stores.records.head() - link.pushed)
    found: dict[str, float] = {"to_send": waiting, "to_fetch": link.ahead, "refused": link.refused}
    if link.done_at is not None:
        found["lag_seconds"] = max(0.0, (app.engine.now() - link.done_at).total_seconds())
    return found
