"""The center's side: pages for nodes, and pages of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from recollect.app import App
from recollect.errors import Denied, InvalidInput
from recollect.models import Decision, Deed, Forgotten, Going, Memory, Node, Replica, System, digest_of
from recollect.ops.sync import orders, wire
from recollect.ops.sync.follow import follow
from recollect.ops.sync.leave import Rules, matches
from recollect.process.index import index
from recollect.stores.sql.row import from_snapshot

TOLD: Final = 50
"""Most refusals that one answer names."""


_NOTHING: Final = {"reached": 0, "new": 0, "changed": 0, "kept": 0, "known": 0, "refused": 0, "refusals": []}


@dataclass(frozen=True, slots=True)
class Visit:
    """A node that asks: over which store, how far its log goes, what it wants, and whose vectors it can use."""

    node: Node
    store: str
    head: int
    wished: tuple[str, ...] = ("*",)
    model: str = ""

    @property
    def to(self) -> str:
        """Who need not be told what it said itself: nobody, where it says that it has forgotten."""
        return "" if self.node.store == self.store and self.head < self.node.reached else self.node.id


async def visitor(app: App, secret: str | None, store: str) -> Node:
    """Return the node that shows this token; raise Denied for everybody else, and where this store is no center."""
    if app.settings.node.role != "center":
        raise Denied("This store is no center", hint="Set node.role to center (or NODE_ROLE) where it shall be one.")
    found = await app.nodes.holder(digest_of(secret)) if secret else None
    if found is None:
        raise Denied("This node is not known here", hint="`recollect sync enrol NAME` at the center lets it in.")
    if not 0 < len(store) <= wire.MAX_NAME:
        raise InvalidInput("The node does not name its store", field="store", hint="Send X-Recollect-Store.")
    await app.nodes.seen(found.id, app.engine.now(), store)
    return await app.nodes.holder(found.digest) or found


async def changes(app: App, visit: Visit, after: int, limit: int, *, most: int = wire.PACKED) -> bytes:
    """Return a packed page of what changed here after a place in the log; with a limit of 0 only its head and end.

    The node is told how many bytes at `most` it may send.
    """
    rules = Rules.of(app.settings.node)

    def judge(item: Memory) -> Going:
        return rules.to_node(item, visit.node.projects, visit.wished)

    model = app.engine.embed.model
    head: dict[str, Any] = {"store": await app.sync.name(), "model": model, "granted": list(visit.node.projects)}
    head["most"] = min(most, wire.PACKED)
    head[orders.KEY] = orders.digest(orders.shown(await app.sync.forgotten(), visit.node.projects))
    head["reached"] = visit.node.reached if visit.node.store == visit.store else 0
    if limit == 0:
        last = await app.engine.stores.records.head()
        return wire.packed(head, (), {"next": min(after, last), "head": last})
    page = await app.sync.departing(after, judge, limit=limit, to=visit.to, model=model if visit.model == model else "")
    return await asyncio.to_thread(wire.packed, head, page.replicas, {"next": page.next, "head": page.head})


async def push(app: App, visit: Visit, data: bytes) -> dict[str, Any]:
    """Take a packed page of a node over, whole or not at all; return what came of it, and what was refused and why."""
    received = await asyncio.to_thread(wire.unpacked, data)
    if orders.KEY in received.head:
        return {**_NOTHING, **await orders.take(app, visit.node, received.head[orders.KEY])}
    reached = wire.number(received.end, "next")
    refused = list(received.faults)
    standing = await orders.covering(app, visit.node, received.head.get(orders.KNOWN))
    welcome = await _welcome(app, visit.node, received.replicas, refused, standing)
    done = await app.sync.take(welcome, index, follow, via=visit.node.id, reached=reached)
    app.worker.wake()
    if len(welcome) < len(received.replicas):
        much = {"memories": len(received.replicas) - len(welcome)}
        deed = Deed("node_push", f"node:{visit.node.name}", Decision.DENIED, target=visit.node.name, detail=much)
        await app.access.note(System(), deed, durable=False)
    return {
        "reached": reached,
        "new": len(done.fresh),
        "changed": done.changed,
        "deleted": done.deleted,
        "kept": done.kept,
        "known": done.known,
        "refused": len(refused),
        "refusals": [{"id": name, "reason": reason} for name, reason in refused[:TOLD]],
    }


async def _welcome(
    app: App,
    node: Node,
    replicas: Sequence[Replica],
    refused: list[tuple[str, str]],
    standing: Sequence[Forgotten],
) -> list[Replica]:
    """Return what the node may write here: in its projects, over nothing of others, and nothing that is private.

    What is to be forgotten by an order that the node does not know yet is refused too.
    """
    there = {item.id: item for item in await app.engine.stores.records.get([item.id for item in replicas])}
    rules = Rules()
    welcome: list[Replica] = []
    for item in replicas:
        old = there.get(item.id)
        projects = {old.scope.project_id} if old is not None else set()
        new = None if item.body is None else from_snapshot(item.body)
        if new is not None:
            projects.add(new.scope.project_id)
        if not all(matches(node.projects, project) for project in projects):
            refused.append((item.id, "The node may not write in this project"))
        elif new is not None and rules.to_center(new) is Going.PRIVATE:
            refused.append((item.id, "It is private"))
        elif new is not None and orders.covered(new, standing, (item.body or {})["created_at"]):
            refused.append((item.id, "It was to be forgotten"))
        else:
            welcome.append(item)
    return welcome
