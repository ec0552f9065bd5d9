"""Answers that may be given again: as long as nothing in reach has changed, and for half a minute at most."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from recollect.models import Across, Memory

MOST = 128
"""Answers that are kept."""

SECONDS = 30.0
"""How long one is kept: what time alone changes (how recent a memory is) is never older."""


class Answers:
    """The last answers by what they depend on.

    A key holds who asks, everything he asked and how far each tenant had come: a write to any of them makes it another
    one, and nobody is ever given what was found for somebody else. An answer in which the time of a memory has run out
    since is not given again.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._kept: OrderedDict[str, tuple[float, datetime, Across]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str, moment: datetime) -> Across | None:
        """Return the answer under a key as of `moment`, `None` where there is none."""
        self._drop_old()
        held = self._kept.get(key)
        if held is None or _changed(held[2], held[1], moment):
            return None
        return replace(held[2], cached=True)

    def keep(self, key: str, moment: datetime, answer: Across) -> None:
        """Keep an answer that was found for `moment`."""
        self._kept[key] = (self._timer(), moment, answer)
        self._kept.move_to_end(key)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget all: something was deleted, and its text shall be nowhere."""
        self._kept.clear()

    def _drop_old(self) -> None:
        now = self._timer()
        for key in [key for key, held in self._kept.items() if now - held[0] >= SECONDS]:
            del self._kept[key]


def _changed(answer: Across, then: datetime, now: datetime) -> bool:
    """Whether time has made a memory of an answer true or untrue; going back in time makes everything uncertain."""
    return now < then or any(_turns(hit.memory, then, now) for hit in answer.hits)


def _turns(item: Memory, then: datetime, now: datetime) -> bool:
    times = (item.valid_from, item.valid_to, item.expires_at)
    return any(time is not None and then < time <= now for time in times)
