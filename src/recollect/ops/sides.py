"""Compares what stands beside the records with them, for the doctor."""

from __future__ import annotations

from recollect.app import App
from recollect.errors import IndexAway
from recollect.ops.check import Check, Status
from recollect.stores.beside.compare import Compared, Sides


async def sides(app: App) -> list[Check]:
    """Return how the index of vectors, and the graph in Neo4j, agree with the records; nothing of what is not there."""
    return [*await _vectors(app), *await _graph(app)]


async def _vectors(app: App) -> list[Check]:
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


async def _graph(app: App) -> list[Check]:
    graph = app.beside.graphed
    if graph is None:
        return []
    try:
        found = await graph.compared()
    except IndexAway as error:
        return [Check("graph", Status.WARN, f"{error.message}: the store answers for the graph", error.hint)]
    detail = "; ".join(
        f"{one.index:,} of {one.records:,} {one.sort}" + (f", {one.differing:,} differ" if one.differing else "")
        for one in found.sorts
    )
    if found.waiting:
        return [Check("graph", Status.WARN, f"{detail}; {found.waiting:,} changes wait", "recollect serve does them.")]
    if found.differing:
        return [Check("graph", Status.WARN, detail, "recollect reindex")]
    return [Check("graph", Status.OK, detail)]


def _told(one: Compared) -> str:
    differs = f", {one.missing:,} missing and {one.orphans:,} left over" if one.missing or one.orphans else ""
    return f"{one.index:,} of {one.records:,} vectors of {one.model}{differs}"
