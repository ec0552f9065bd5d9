"""Language models as the composition root builds them, before a scripted server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from recollect.app.models import language_models
from recollect.clock import SystemClock
from recollect.meters import Meters
from recollect.models import Usage
from recollect.ports import Records
from recollect.providers.chat.language import LanguageModels
from recollect.settings import Settings
from recollect.stores.sql.database import Database
from recollect.testing.model_server import ModelServer, model_server


class Spent:
    """The part of the records that usage is written to."""

    def __init__(self) -> None:
        self.rows: list[Usage] = []

    async def spend(self, usage: Sequence[Usage]) -> None:
        self.rows += usage

    async def spent(self, *, since: datetime) -> tuple[int, float]:
        rows = [row for row in self.rows if row.at >= since and row.outcome in {"answered", "failed"}]
        return sum(row.tokens_in + row.tokens_out for row in rows), sum(row.cost for row in rows)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        yield running


@pytest.fixture
def spent() -> Spent:
    return Spent()


Build = Callable[..., LanguageModels]


@pytest.fixture
async def build(spent: Spent, tmp_path: Path) -> AsyncIterator[Build]:
    """Return what builds models from settings of `models` (and others by keyword), without a cache."""
    made: list[LanguageModels] = []

    def built(models: dict[str, Any], *, meters: Meters | None = None, **others: Any) -> LanguageModels:
        values = {"home": tmp_path, "models": {"cache": {"enabled": False}, "retries": 0, **models}, **others}
        settings = Settings.model_validate(values)
        records = cast("Records", spent)
        made.append(language_models(settings, cast("Database", None), records, meters or Meters(), SystemClock()))
        return made[-1]

    yield built
    for models in made:
        await models.aclose()
