"""One exchange of a node with its center: greet, send what changed here, fetch what changed there, to the end."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, replace
from typing import Any, Final

from recollect.app import App
from recollect.errors import Conflict, RecollectError
from recollect.models import Arrived, Departing, Link
from recollect.ops.sync import orders, wire
from recollect.ops.sync.courier import Courier
from recollect.ops.sync.follow import follow
from recollect.ops.sync.leave import Rules, matches
from recollect.process.index import index

LIMIT: Final = 1000
"""Changes of one page."""
ROUNDS: Final = 20
"""How often one exchange goes on with what was written while it was under way."""
LEASE: Final = 120.0
"""Seconds after which another process may take over from one that died in the middle of an exchange."""
CENTER: Final = "center"
"""Who the center is in this store's notes."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What one exchange moved: pages are counted by what they held."""

    sent: int = 0
    refused: int = 0
    fetched: int = 0
    changed: int = 0
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class _Greeting:
    """What the center says first. `forgot`: this store is older than what the center took from it (a backup).

    `anew`: the exchange begins from the start. `orders` is the digest of what the center knows to be forgotten ("": it
    is of a release that knows no orders), `granted` which projects this node may exchange.
    """

    model: str
    most: int
    forgot: bool
    anew: bool
    orders: str
    granted: tuple[str, ...]


class Exchange:
    """Exchanges, one process of a store at a time; over HTTP, unless a courier is given."""

    def __init__(self, app: App, courier: Courier | None = None) -> None:
        self._app = app
        self._settings = app.settings.node
        self._rules = Rules.of(self._settings)
        self._holder = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._courier = courier
        self._moved = Moved()
        self._agreed = ("", "")

    async def once(self) -> Moved:
        """Exchange until neither side has more; raise Conflict while another process does, ProviderFailed, Denied.

        Each page is durable at its receiver before the place in the log is noted: broken off, it goes on there.
        """
        self._moved = Moved()
        await self._hold()
        try:
            await self._exchange()
        except RecollectError as error:
            await self._app.sync.link(tried_at=self._app.engine.now(), error=f"{error.code}: {error.message}"[:400])
            raise
        finally:
            await asyncio.shield(self._app.sync.free(self._holder))
        now = self._app.engine.now()
        await self._app.sync.link(tried_at=now, done_at=now, error="")
        return self._moved

    def close(self) -> None:
        """Close the connection to the center."""
        if self._courier is not None:
            self._courier.close()

    async def _hold(self) -> None:
        if not await self._app.sync.hold(self._holder, LEASE):
            raise Conflict("Another process exchanges already", hint="Try again when it is done.")

    async def _exchange(self) -> None:
        store = await self._app.sync.name()
        self._courier = self._courier or Courier(self._settings, store)
        greeting, link = await self._greet(self._courier)
        await self._agree(self._courier, greeting)
        if greeting.forgot:
            await self._pull(self._courier, link, greeting)
        for _ in range(ROUNDS):
            link = await self._push(self._courier, await self._app.sync.link(), greeting)
            link = await self._pull(self._courier, link, greeting)
            if link.pushed >= await self._app.engine.stores.records.head():
                return

    async def _greet(self, courier: Courier) -> tuple[_Greeting, Link]:
        """Ask where both are; begin anew with another center, other rules, or where one of the two forgot."""
        link = await self._app.sync.link()
        head = await self._app.engine.stores.records.head()
        said = wire.unpacked(await courier.changes({**self._asking(head, ""), "after": link.pulled, "limit": 0}))
        store, model = str(said.head.get("store", "")), str(said.head.get("model", ""))
        rules = self._rules.digest(said.head.get("granted"))
        ahead, forgot = wire.number(said.end, "head"), wire.number(said.head, "reached") > head
        fresh: dict[str, Any] = {"store": store, "model": model, "ahead": max(0, ahead - link.pulled)}
        anew = link.store != store or link.rules != rules or forgot or ahead < link.pulled
        if anew:
            fresh |= {"rules": rules, "pulled": 0, "pushed": 0, "refused": 0, "ahead": ahead}
        most, granted = wire.number(said.head, "most"), tuple(map(str, said.head.get("granted") or ()))
        greeting = _Greeting(model, most, forgot, anew, orders.told(said.head), granted)
        return greeting, await self._app.sync.link(**fresh)

    async def _agree(self, courier: Courier, greeting: _Greeting) -> None:
        """Tell and hear who is to be forgotten, before any memory goes either way; nothing where both know it."""
        own = orders.digest(await self._app.sync.forgotten())
        if not greeting.orders or (self._agreed == (greeting.orders, own) and not greeting.anew):
            return
        if greeting.orders == own and not greeting.anew:
            self._agreed = (own, own)
            return
        told = orders.written(await self._app.sync.forgotten())
        page = await asyncio.to_thread(wire.packed, {orders.KEY: told}, (), {"next": 0, "head": 0})
        heard = orders.read((await courier.push(page, self._asking(0, ""))).get(orders.KEY))

        def exchanged(project: str) -> bool:
            return matches(self._settings.projects, project) and matches(greeting.granted, project)

        deleted = await self._app.sync.agree(heard, exchanged, again=greeting.anew)
        if deleted:
            self._moved = replace(self._moved, deleted=self._moved.deleted + deleted)
            self._app.worker.wake()
        self._agreed = (orders.digest(heard), orders.digest(await self._app.sync.forgotten()))

    def _asking(self, head: int, model: str) -> dict[str, Any]:
        return {"head": head, "model": model, "projects": ",".join(self._settings.projects)}

    async def _push(self, courier: Courier, link: Link, greeting: _Greeting) -> Link:
        own = self._app.engine.embed.model
        model = own if own == greeting.model else ""
        limit = LIMIT
        while True:
            page = await self._app.sync.departing(
                link.pushed, self._rules.to_center, limit=limit, to=CENTER, model=model
            )
            if page.next <= link.pushed:
                return link
            head = {orders.KNOWN: self._agreed[0]}
            data = await asyncio.to_thread(wire.packed, head, page.replicas, {"next": page.next, "head": page.head})
            if len(data) > greeting.most and limit > 1:
                limit = max(1, limit // 4)
                continue
            refused = await self._sent(courier, page, data, greeting)
            link = await self._app.sync.link(pushed=page.next, refused=link.refused + refused)
            await self._hold()
            if not page.more:
                return link

    async def _sent(self, courier: Courier, page: Departing, data: bytes, greeting: _Greeting) -> int:
        """Send a page; return how many of it the center would not take: one that is too large is not even sent."""
        refused = len(page.replicas)
        if len(data) <= greeting.most:
            answer = await courier.push(data, self._asking(page.head, ""))
            refused = wire.number(answer, "refused")
        moved = self._moved
        sent = moved.sent + len(page.replicas) - refused
        self._moved = replace(moved, sent=sent, refused=moved.refused + refused)
        return refused

    async def _pull(self, courier: Courier, link: Link, greeting: _Greeting) -> Link:
        model = self._app.engine.embed.model
        while True:
            head = 0 if greeting.forgot else await self._app.engine.stores.records.head()
            asked = {**self._asking(head, model), "after": link.pulled, "limit": LIMIT}
            page = await asyncio.to_thread(wire.unpacked, await courier.changes(asked))
            reached, last = wire.number(page.end, "next"), wire.number(page.end, "head")
            if reached > link.pulled:
                done = await self._app.sync.take(page.replicas, index, follow, via=CENTER, reached=reached)
                self._app.worker.wake()
                self._count(page, done)
                link = await self._app.sync.link(ahead=max(0, last - reached))
                await self._hold()
            if reached >= last:
                return link

    def _count(self, page: wire.Received, done: Arrived) -> None:
        moved = self._moved
        self._moved = replace(
            moved,
            fetched=moved.fetched + len(page.replicas),
            changed=moved.changed + len(done.fresh) + done.changed,
            deleted=moved.deleted + done.deleted,
        )
