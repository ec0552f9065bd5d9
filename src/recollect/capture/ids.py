"""Ids of memories: UUID version 7, so that ids sort by the time they were made."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
COUNTER_BITS: Final = 26
COUNTER_SEED: Final = (1 << (COUNTER_BITS - 1)) - 1
NOISE: Final = 10
"""Random bytes that an id takes."""
POOL: Final = 200 * NOISE
"""Random bytes fetched at once: every call to the kernel lets go of the interpreter, and getting it back takes long."""


class _Sequence:
    """The last id's millisecond and counter, and random bytes for those to come; one per process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.moment = -1
        self.counter = 0
        self.pool = b""
        self.used = 0

    def next(self, moment: int) -> tuple[int, int, int]:
        """Return a millisecond and counter greater than every pair before, and 48 random bits."""
        with self.lock:
            if self.used >= len(self.pool):
                self.pool, self.used = os.urandom(POOL), 0
            noise = int.from_bytes(self.pool[self.used : self.used + NOISE], "big")
            self.used += NOISE
            seed = (noise >> 48) & COUNTER_SEED
            if moment > self.moment:
                self.moment, self.counter = moment, seed
            else:
                self.counter += 1
                if self.counter >> COUNTER_BITS:
                    self.moment, self.counter = self.moment + 1, seed
            return self.moment, self.counter, noise & 0xFFFF_FFFF_FFFF

    def restart(self) -> None:
        """Forget everything; a forked child calls it, whose lock may be held by a thread that is not there."""
        self.__init__()  # type: ignore[misc]


_SEQUENCE: Final = _Sequence()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_SEQUENCE.restart)


def new_id(now: datetime) -> str:
    """Return a new UUIDv7 (RFC 9562, 5.7) for an aware time from 1970 on; each is greater than the one before.

    48 bits of milliseconds, a counter of 26 bits that starts at random each millisecond (method 1 of section 6.2),
    48 random bits. Safe in threads and after a fork. A clock that goes back does not bring ids back.
    """
    past = now - EPOCH
    millisecond = (past.days * 86_400 + past.seconds) * 1000 + past.microseconds // 1000
    moment, counter, noise = _SEQUENCE.next(millisecond)
    number = (moment & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | (counter >> 14) << 64
    number |= 0b10 << 62 | (counter & 0x3FFF) << 48 | noise
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
