"""The application as one actor may use it: the same stores, behind ports that ask for each decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from recollect.access.acting import Acting
from recollect.access.find import ActingGraph, ActingLore, ActingVectors, ActingWords
from recollect.access.records import ActingRecords
from recollect.access.store import ActingDump, ActingOwners, ActingQueue, ActingTokens, ActingUpkeep
from recollect.access.tellings import ActingTellings
from recollect.app.app import App
from recollect.engine import Engine, Stores
from recollect.models import Actor, Filter, Hit, Kind, Reach


class ActingEngine(Engine):
    """The engine for one actor: its stores ask for themselves, and a search is narrowed before it begins."""

    def __init__(self, app: App, stores: Stores, acting: Acting) -> None:
        engine = app.engine
        clock, wake = acting.access.clock, app.worker.wake
        super().__init__(stores, engine.finder, engine.embed, clock, engine.rules, wake, engine.composing)
        self._acting = acting

    async def search(
        self,
        text: str,
        reach: Reach,
        *,
        kinds: Sequence[Kind] = (),
        filters: Filter | None = None,
        asked_at: datetime | None = None,
        limit: int = 10,
        explain: bool = False,
        stale: bool = False,
    ) -> list[Hit]:
        """Return the memories that answer a question and that the actor may read."""
        return await super().search(
            text,
            await self._acting.reach(reach),
            kinds=kinds,
            filters=filters,
            asked_at=asked_at,
            limit=limit,
            explain=explain,
            stale=stale,
        )


def acting_app(app: App, actor: Actor) -> App:
    """Return a view of an application for an actor. Whoever opened the application closes it."""
    acting = Acting(app.access, actor)
    if acting.is_system:
        return app
    stores = app.engine.stores
    records = ActingRecords(stores.records, acting)
    kept = Stores(
        records,
        ActingQueue(stores.queue, acting),
        ActingWords(stores.words, acting),
        ActingVectors(stores.vectors, records, acting),
        ActingLore(stores.lore, acting),
        ActingGraph(stores.graph, acting),
    )
    engine = ActingEngine(app, kept, acting)
    return replace(
        app,
        engine=engine,
        dump=ActingDump(app.dump, acting),
        upkeep=ActingUpkeep(app.upkeep, records, acting),
        tokens=ActingTokens(app.tokens, acting),
        owners=ActingOwners(app.owners, acting),
        agent=app.agent.over(engine),
        tellings=ActingTellings(app.tellings, records, acting),
    )
