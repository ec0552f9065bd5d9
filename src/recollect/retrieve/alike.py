"""How alike projects are by meaning: the cosine of the middles of their memories."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def middle(parts: Mapping[int, tuple[bytes, int]]) -> bytes | None:
    """Return the middle of several tenants' memories, of length one, from the sum (float32) and number of each."""
    sums = [np.frombuffer(total, np.float32) for total, count in parts.values() if count]
    if not sums:
        return None
    total = np.sum(sums, axis=0, dtype=np.float32)
    length = float(np.linalg.norm(total))
    return None if length == 0 else np.asarray(total / np.float32(length), np.float32).tobytes()


def likeness(one: bytes, other: bytes) -> float:
    """Return the cosine (0..1; what points apart is 0) of two middles."""
    return max(0.0, min(1.0, float(np.frombuffer(one, np.float32) @ np.frombuffer(other, np.float32))))
