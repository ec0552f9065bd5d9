"""Looks for what was forgotten in what retention has put away, which is compressed and sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from recollect.app import App
from recollect.errors import RecollectError
from recollect.ops.places import Place

NAME: Final = "retention"


async def shelves(app: App, ids: Sequence[str]) -> Place:
    """Return how many memories of these ids lie in the waste or in boxes still."""
    try:
        found = await app.retention.holding(ids)
    except RecollectError as error:
        return Place(NAME, None, error.message)
    where = ", ".join(found)
    return Place(NAME, sum(map(len, found.values())), where or "the waste and every box of texts")
