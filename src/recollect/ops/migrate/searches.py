"""Asks both stores the same questions: the ten best must be the same, in the same order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from recollect.app import open_app
from recollect.app.app import App
from recollect.app.moving import Moving
from recollect.models import Query, Reach, Where
from recollect.ports import Embed
from recollect.settings import ModelsSettings, RedisSettings, RerankSettings, Settings, VectorsSettings
from recollect.stores.sql.copying.sample import Asked

TOP = 10


def differing(moving: Moving, asked: Sequence[Asked], embed: Embed | None) -> list[Asked]:
    """Return the questions that the two stores answer differently, neither with an index: those find about the best."""
    return asyncio.run(_differing(moving, asked, embed)) if asked else []


async def _differing(moving: Moving, asked: Sequence[Asked], embed: Embed | None) -> list[Asked]:
    now = datetime.now(UTC)
    found = []
    for settings in (moving.source, moving.target):
        app = open_app(_plain(settings), embed=embed, moving=True)
        try:
            found.append([await _answer(app, one, now) for one in asked])
        finally:
            await app.close()
    return [one for one, here, there in zip(asked, *found, strict=True) if here != there]


async def _answer(app: App, asked: Asked, now: datetime) -> list[str]:
    where = Where(Reach(asked.user_id, asked.project_id), valid_at=now)
    return [hit.memory.id for hit in await app.engine.finder.search(Query(asked.text, where, now, TOP))]


def _plain(settings: Settings) -> Settings:
    """Return settings by which a question costs nothing and has one answer."""
    return settings.model_copy(
        update={
            "models": ModelsSettings.model_validate({"enabled": False}),
            "rerank": RerankSettings.model_validate({}),
            "redis": RedisSettings.model_validate({}),
            "vectors": VectorsSettings.model_validate({}),
            "graph": type(settings.graph).model_validate({}),
            "store": settings.store.model_copy(update={"pgvector": False}),
        }
    )
