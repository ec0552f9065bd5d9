"""A text as a point in the space of one embedding model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Embedding:
    """`vector` is little-endian float32, of length one; `known` is the share (0..1) of word pieces the model knows.

    `model` names the model where it need not be the one in the settings.
    """

    vector: bytes
    known: float = 1.0
    tokens: int = 0
    model: str = ""
