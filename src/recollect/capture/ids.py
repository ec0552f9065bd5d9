"""Ids of memories: UUID version 7, so that ids sort by the time they were made."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
COUNTER_BITS: Final = 26
COUNTER_SEED: Final = (1 << (COUNTER_BITS - 1)) - 1


class _Sequence:
    """The last id's millisecond and counter, one per process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.moment = -1
        self.counter = 0

    def next(self, moment: int, noise: int) -> tuple[int, int]:
        """Return a millisecond and counter greater than every pair before; `noise` seeds a new counter."""
        with self.lock:
            if moment > self.moment:
                self.moment, self.counter = moment, noise & COUNTER_SEED
            else:
                self.counter += 1
                if self.counter >> COUNTER_BITS:
                    self.moment, self.counter = self.moment + 1, noise & COUNTER_SEED
            return self.moment, self.counter

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
    noise = int.from_bytes(os.urandom(10), "big")
    moment, counter = _SEQUENCE.next(millisecond, noise >> 48)
    number = (moment & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | (counter >> 14) << 64
    number |= 0b10 << 62 | (counter & 0x3FFF) << 48 | noise & 0xFFFF_FFFF_FFFF
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
