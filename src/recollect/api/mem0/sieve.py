"""Conditions of Mem0's that no store translates, beside those that all do: what is pushed down, and what is checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from recollect.models import And, Compare, Filter, Memory, Not, Op, Or
from recollect.retrieve.filters import matches


@dataclass(frozen=True, slots=True)
class All:
    """True when every part is; without parts, always."""

    parts: tuple[Tree, ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """True when one part is."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class No:
    """True when the part is not."""

    part: Tree


@dataclass(frozen=True, slots=True)
class Folded:
    """A text (or one of a list) holds `text`, whatever the case; `text` is casefolded."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Updated:
    """The last change of a memory compared with a time, as ISO text in UTC with microseconds."""

    op: Op
    value: str


Tree = Filter | All | Either | No | Folded | Updated

_EVERYTHING = And(())
_NOTHING = Or(())


def joined(parts: list[Tree]) -> Tree:
    """Return conditions that all must hold as one, nested ones flattened."""
    flat: list[Tree] = []
    for part in parts:
        flat += part.parts if isinstance(part, All) else [part]
    return flat[0] if len(flat) == 1 else All(tuple(flat))


def exact(tree: Tree) -> bool:
    """Whether a store answers the whole of it, so that nothing is left to check."""
    match tree:
        case All(parts) | Either(parts):
            return all(map(exact, parts))
        case No(part):
            return exact(part)
        case _:
            return not isinstance(tree, Folded | Updated)


def pushed(tree: Tree | None) -> Filter | None:
    """Return what a store can be asked: at least what `passes` lets through, and exactly that where `exact` says so."""
    if tree is None:
        return None
    asked = _pushed(tree)
    return None if asked == _EVERYTHING else asked


def _pushed(tree: Tree) -> Filter:
    match tree:
        case All(parts):
            found = tuple(part for part in map(_pushed, parts) if part != _EVERYTHING)
            return found[0] if len(found) == 1 else And(found)
        case Either(parts):
            found = tuple(map(_pushed, parts))
            return _EVERYTHING if _EVERYTHING in found else Or(found)
        case No(part):
            inner = _pushed(part) if exact(part) else _NOTHING
            return _NOTHING if inner == _EVERYTHING else _EVERYTHING if inner == _NOTHING else Not(inner)
        case Folded() | Updated():
            return _EVERYTHING
        case _:
            return tree


def passes(tree: Tree, memory: Memory, updated_at: datetime) -> bool:
    """Tell whether a memory that was last changed then meets the conditions."""
    match tree:
        case All(parts):
            return all(passes(part, memory, updated_at) for part in parts)
        case Either(parts):
            return any(passes(part, memory, updated_at) for part in parts)
        case No(part):
            return not passes(part, memory, updated_at)
        case Folded(field, text):
            return any(text in one.casefold() for one in _texts(memory, field))
        case Updated(op, value):
            return _in_order(updated_at.astimezone(UTC).isoformat(timespec="microseconds"), op, value)
        case _:
            return matches(tree, memory)


def compares(tree: Tree | None) -> Iterator[Compare]:
    """Yield every comparison with a field, wherever it stands."""
    match tree:
        case All(parts) | Either(parts) | And(parts) | Or(parts):
            for part in parts:
                yield from compares(part)
        case No(part) | Not(part):
            yield from compares(part)
        case Compare():
            yield tree
        case _:
            return


def _texts(memory: Memory, field: str) -> Iterator[str]:
    """Yield the texts a field holds: itself, or those of a list."""
    value: Any = getattr(memory.scope, field, None) or getattr(memory, field, None)
    if field.startswith("metadata."):
        value = memory.metadata
        for key in field.split(".")[1:]:
            value = value.get(key) if isinstance(value, Mapping) else None
    for one in value if isinstance(value, list | tuple) else (value,):
        if isinstance(one, str):
            yield one


def _in_order(value: str, op: Op, wanted: str) -> bool:
    match op:
        case Op.EQ:
            return value == wanted
        case Op.NE:
            return value != wanted
        case Op.GT:
            return value > wanted
        case Op.GTE:
            return value >= wanted
        case Op.LT:
            return value < wanted
        case _:
            return value <= wanted
