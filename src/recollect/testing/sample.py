"""Memories to test with, and short ways to write and name them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

from recollect.exchange import Batch, Entry, Revision
from recollect.models import Chunk, Kind, Memory, Reach, Role, Scope, Where
from recollect.testing.backend import Backend
from recollect.testing.clock import START
from recollect.text.words import terms

if TYPE_CHECKING:
    from recollect.exchange import Keys

_NUMBER = count(1)

HERE = Where(Reach())
"""Everything in the default project of the default user."""


def memory(text: str, scope: Scope = Scope(), **fields: Any) -> Memory:  # noqa: B008 - a value, not a list
    """Return a note with an id of its own; `fields` replace what a note has."""
    usual: dict[str, Any] = {
        "id": f"m{next(_NUMBER):06d}",
        "kind": Kind.NOTE,
        "text": text,
        "scope": scope,
        "created_at": START,
        "occurred_at": START,
        "content_hash": text.casefold(),
    }
    return Memory(**(usual | fields))


def turn(text: str, conversation: str = "c1", **fields: Any) -> Memory:
    """Return a turn of a conversation of the default user and project."""
    usual: dict[str, Any] = {"kind": Kind.TURN, "role": Role.USER}
    return memory(text, fields.pop("scope", Scope(conversation_id=conversation)), **(usual | fields))


def pieces(text: str, *, size: int | None = None) -> tuple[Chunk, ...]:
    """Return a text as one chunk, or as chunks of `size` characters."""
    step = size or max(len(text), 1)
    return tuple(
        Chunk(place, start, min(start + step, len(text)), " ".join(terms(text[start : start + step])), 1.0)
        for place, start in enumerate(range(0, len(text), step))
    )


def entry(item: Memory, *, key: str | None = None, size: int | None = None) -> Entry:
    """Return a memory ready to be added, under a key of its own."""
    return Entry(item, pieces(item.text, size=size), key or f"key-{item.id}")


async def put(backend: Backend, *items: Memory, size: int | None = None) -> list[int]:
    """Add memories in one transaction and return their keys in order."""
    await backend.records.commit(Batch(adds=[entry(item, size=size) for item in items]))
    found = await backend.records.keys([item.id for item in items])
    return [found[item.id] for item in items]


async def rewrite(backend: Backend, item: Memory, *, size: int | None = None) -> None:
    """Write a memory's next version together with its text."""
    await backend.records.commit(Batch(revisions=[Revision(item, pieces(item.text, size=size))]))


async def texts(backend: Backend, keys: Keys | Sequence[int]) -> list[str]:
    """Return the texts of memories by key, in order."""
    return [item.text for item in await backend.records.fetch([int(key) for key in keys])]
