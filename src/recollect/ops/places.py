"""Looks for what was forgotten everywhere but in the files of the data directory; says what cannot be looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recollect.app import App
from recollect.errors import RecollectError
from recollect.stores.sql.head import Form, form_of
from recollect.stores.sql.traces import Numbers, left_by_number, numbers_of, saying, server_files

MOST: Final = 100
"""Pieces that are looked for in rows and caches: each costs a reading."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place that was looked through: how much of what was forgotten is there, and what there is to say about it.

    `found` is `None` where it could not be looked at.
    """

    name: str
    found: int | None
    note: str = ""


async def numbered(app: App, ids: Sequence[str]) -> Numbers:
    """Return the numbers that memories have inside the store, to be asked before they are deleted."""
    return await app.database.read(lambda connection: numbers_of(connection, ids))


async def places(app: App, numbers: Numbers, pieces: Sequence[bytes]) -> list[Place]:
    """Return the places that are looked through by number, or asked; after all jobs were done."""
    return [
        await _rows(app, numbers),
        await _index(app, numbers),
        await _graph(app),
        await _answers(app, few(pieces)),
        await _others(app),
    ]


def few(pieces: Sequence[bytes]) -> Sequence[bytes]:
    """Return no more pieces than can be looked for one by one."""
    return pieces[:: -(-len(pieces) // MOST)] if len(pieces) > MOST else pieces


async def said(app: App, pieces: Sequence[bytes]) -> list[tuple[str, bytes]]:
    """Return (table, piece) for every piece that a column of text says, where the store's files say nothing."""
    told = {piece.decode("utf-8", "ignore"): piece for piece in few(pieces)}
    found = await app.database.read(lambda connection: saying(connection, list(told)))
    return [(f"table {table}", told[piece]) for table, piece in found]


def closed(app: App) -> bool:
    """Whether the store is no file that can be read: it is encrypted, or a server keeps it."""
    return app.settings.store.url is not None or form_of(app.settings.database) is not Form.PLAIN


async def server(app: App) -> list[Path]:
    """Return the files of the database server that can be looked into from here."""
    return await asyncio.to_thread(server_files, app.database) if app.settings.store.url is not None else []


async def _rows(app: App, numbers: Numbers) -> Place:
    """Look for records, history, words, vectors and relations by number."""
    left = await app.database.read(lambda connection: left_by_number(connection, numbers))
    note = ", ".join(f"{count:,} in {table}" for table, count in left.items())
    return Place("rows", sum(left.values()), note or "records, chunks and their words, vectors, relations, links")


async def _index(app: App, numbers: Numbers) -> Place:
    if app.indexed is None:
        return Place("vector index", 0, "none beside the records")
    index, found = app.indexed.index, 0
    try:
        for model in await app.engine.stores.vectors.models():
            found += len(await index.held(model, numbers.chunks)) if numbers.chunks else 0
    except RecollectError as error:
        return Place("vector index", None, error.message)
    return Place("vector index", found, f"{len(numbers.chunks):,} vectors asked for by number")


async def _graph(app: App) -> Place:
    graphed = app.beside.graphed
    if graphed is None:
        return Place("graph database", 0, "none beside the records")
    try:
        compared = await graphed.compared()
    except RecollectError as error:
        return Place("graph database", None, error.message)
    return Place("graph database", compared.differing, "compared with the records, node by node")


async def _answers(app: App, pieces: Sequence[bytes]) -> Place:
    where = "in Redis" if app.settings.redis.url is not None else "in the database and in memory"
    try:
        return Place("kept answers", await app.models.holding(pieces), where)
    except RecollectError as error:
        return Place("kept answers", None, error.message)


async def _others(app: App) -> Place:
    """Tell which stores have not been here since: the order stands for them, but nobody can look there from here."""
    role = app.settings.node.role
    if role == "center":
        last = max((order.noted_at for order in await app.sync.forgotten()), default=0)
        nodes = await app.nodes.list()
        away = [one.name for one in nodes if one.seen_at is None or one.seen_at.timestamp() * 1e6 < last]
        if not nodes:
            return Place("other stores", 0, "no node exchanges with this one")
        return Place(
            "other stores", None, f"{len(nodes):,} nodes are told; not here since: {', '.join(away) or 'none'}"
        )
    if role == "agent" and app.settings.node.center is not None:
        return Place("other stores", None, "the center is told at the next exchange, and tells the other nodes")
    return Place("other stores", 0, "none exchanges with this one")
