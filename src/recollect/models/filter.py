"""Conditions on memories, as a small tree that every store can translate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Op(StrEnum):
    """How a field is compared with a value."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    CONTAINS = "contains"


Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Compare:
    """One field against one value (a tuple of values for `in`).

    `field` is a column (`FIELDS` in `retrieve.filters`) or `metadata.<key>[.<key>…]`. A field that is absent equals
    nothing but `None`; `contains` means substring for texts and membership for lists.
    """

    field: str
    op: Op
    value: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class And:
    """True when every part is."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True when one part is."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True when the part is not."""

    part: Filter


Filter = Compare | And | Or | Not
