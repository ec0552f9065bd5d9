"""How vectors are kept: 16 bits a number as two int8 planes, so that a search reads only the first.

A vector v is `scale * (high + low / 254)` with `scale = max|v| / 127`: the high plane alone ranks (error of a cosine
about 0.002), both planes together rescore (error below 2e-5). A vector that was quantised has the high plane alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.int8]

_FINE = np.float32(254.0)


def coarse(vectors: Floats) -> tuple[Floats, Bytes]:
    """Return scales (n) and high planes (n x d) of float32 vectors (n x d)."""
    scale = np.maximum(np.abs(vectors).max(axis=1), np.float32(1e-12)) / np.float32(127.0)
    return scale.astype(np.float32), np.rint(vectors / scale[:, None]).astype(np.int8)


def encode(vectors: Floats) -> tuple[Floats, Bytes, Bytes]:
    """Return scales (n), high and low planes (n x d) of float32 vectors (n x d)."""
    scale, high = coarse(vectors)
    low = np.clip(np.rint((vectors / scale[:, None] - high) * _FINE), -127, 127)
    return scale, high, low.astype(np.int8)


def decode(scale: Floats, high: Bytes, low: Bytes) -> Floats:
    """Return the float32 vectors (n x d) of scales and planes."""
    return _steps(high, low) * scale[:, None]


def products(scale: Floats, high: Bytes, low: Bytes, question: Floats) -> Floats:
    """Return the product of every vector, given as `decode` reads it, with one of float32."""
    return np.asarray((_steps(high, low) @ question) * scale)


def _steps(high: Bytes, low: Bytes) -> Floats:
    """Return what vectors are in units of their scale."""
    steps = low.astype(np.float32)
    steps /= _FINE
    steps += high
    return steps


def pack(vectors: Sequence[bytes]) -> list[bytes]:
    """Return the stored form of float32 vectors of one dimension: scale, high plane, low plane."""
    matrix = np.frombuffer(b"".join(vectors), np.float32).reshape(len(vectors), -1)
    scale, high, low = encode(matrix)
    return [s.tobytes() + h.tobytes() + w.tobytes() for s, h, w in zip(scale, high, low, strict=True)]


def unpack(codes: Sequence[bytes], dimension: int) -> tuple[Floats, Bytes, Bytes]:
    """Return scales and planes of stored vectors; one that was quantised has a low plane of zeros."""
    whole = 4 + 2 * dimension
    if any(len(code) < whole for code in codes):
        codes = [code if len(code) == whole else bytes(code).ljust(whole, b"\0") for code in codes]
    raw = np.frombuffer(b"".join(codes), np.uint8).reshape(len(codes), 4 + 2 * dimension)
    scale = np.ascontiguousarray(raw[:, :4]).view(np.float32).ravel()
    planes = raw[:, 4:].view(np.int8)
    return scale, np.ascontiguousarray(planes[:, :dimension]), np.ascontiguousarray(planes[:, dimension:])
