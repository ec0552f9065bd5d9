"""Compares an index of vectors with the records, for the doctor."""

from __future__ import annotations

from recollect.app import App
from recollect.errors import IndexAway
from recollect.ops.check import Check, Status
from recollect.stores.beside.compare import Compared, Sides


async def sides(app: App) -> list[Check]:
    """Return how the index agrees with the records, vector by vector; nothing where there is none."""
    if app.indexed is None:
        return []
    try:
        found = await Sides(app.database, app.indexed).compare()
    except IndexAway as error:
        return [Check("index", Status.WARN, f"{error.message}: searches go by words", error.hint)]
    detail = "; ".join(_told(one) for one in found.models) or "no vectors yet"
    if found.waiting:
        return [Check("index", Status.WARN, f"{detail}; {found.waiting:,} changes wait", "recollect serve does them.")]
    if found.differing:
        return [Check("index", Status.WARN, detail, "recollect reindex")]
    return [Check("index", Status.OK, detail)]


def _told(one: Compared) -> str:
    differs = f", {one.missing:,} missing and {one.orphans:,} left over" if one.missing or one.orphans else ""
    return f"{one.index:,} of {one.records:,} vectors of {one.model}{differs}"
