"""Delivers what hooks wrote down while no server ran: in the order it happened, each event once."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from recollect.errors import RecollectError, StoreError
from recollect.hooks import spool

log = logging.getLogger(__name__)

PAUSE: Final = 0.25
"""Seconds between looks at the folder while it is empty; a look takes microseconds."""
TRIES: Final = 3
RETRY: Final = 1.0
"""Seconds until what failed is tried again."""
ABANDONED: Final = 3600.0
"""Seconds after which what a hook had begun to write when it was killed is removed."""
LOOK: Final = 0.01

Receive = Callable[[str, str, Mapping[str, Any]], Awaitable[object]]
"""Takes an event: client, name of the event, envelope. The same `event_id` twice is one event."""


class Spool:
    """The events that wait in a data directory; one server of it delivers them, and one task of that.

    An event leaves the folder after it was taken, so a server that is killed in between delivers it again; the store
    knows it by its id.
    """

    def __init__(self, home: Path, receive: Receive) -> None:
        self._place = spool.folder(str(home))
        self._receive = receive
        self._asked = asyncio.Event()
        self._tries: dict[str, int] = {}

    async def run(self) -> None:
        """Deliver what is there and what comes, until cancelled."""
        self._sweep()
        while True:
            self._asked.clear()
            if not await self.deliver():
                await asyncio.sleep(RETRY)
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE):
                    await self._asked.wait()

    async def deliver(self, within: float | None = None) -> bool:
        """Deliver what waits, for at most `within` seconds; `False` when something waits that could not be delivered.

        An event that fails holds up those behind it, for they are to come after it. When it has failed three times it
        is set aside; while the store cannot be written nothing is counted.
        """
        end = None if within is None else time.monotonic() + within
        for name in spool.pending(self._place):
            if not await self._pass_on(name):
                return False
            if end is not None and time.monotonic() >= end:
                break
        return True

    async def caught_up(self, within: float = 0.2) -> None:
        """Let what happened earlier go first, for so many seconds at most; for a live event that is about to be taken.

        What is delivered by `run` is waited for; nothing is done here that would be cut off when a client leaves.
        """
        end = time.monotonic() + within
        while spool.has_any(self._place) and time.monotonic() < end:
            self._asked.set()
            await asyncio.sleep(LOOK)

    async def _pass_on(self, name: str) -> bool:
        """Deliver one event; `False` when it stays for now."""
        try:
            client, event, envelope = await asyncio.to_thread(_read, Path(self._place, name))
        except FileNotFoundError:  # it was dropped for want of room
            return True
        except (OSError, ValueError, KeyError, TypeError):
            return self._failed(name, TRIES)
        try:
            await self._receive(client, event, {**envelope, "spooled": True})
        except RecollectError as error:
            return not (error.retryable or isinstance(error, StoreError)) and self._failed(name)
        except Exception:  # one event must not keep those behind it from being delivered
            log.exception("An event of the spool failed")
            return self._failed(name)
        spool.remove(self._place, name)
        self._tries.pop(name, None)
        return True

    def _failed(self, name: str, times: int = 1) -> bool:
        """Count a failure; `True` when the event is out of the way."""
        self._tries[name] = self._tries.get(name, 0) + times
        if self._tries[name] < TRIES:
            return False
        try:
            spool.set_aside(self._place, name)
        except OSError:
            return False
        del self._tries[name]
        log.error("An event that cannot be delivered was set aside in %s/%s", spool.FOLDER, spool.FAILED)
        return True

    def _sweep(self) -> None:
        for draft in Path(self._place).glob("*.part"):
            try:
                if time.time() - draft.stat().st_mtime > ABANDONED:
                    draft.unlink()
            except OSError:
                continue


def _read(path: Path) -> tuple[str, str, dict[str, Any]]:
    """Return client, event and envelope; raise OSError, ValueError, KeyError or TypeError for what is none."""
    found = json.loads(path.read_bytes())
    client, event, envelope = found["client"], found["event"], found["envelope"]
    if not (isinstance(client, str) and isinstance(event, str) and isinstance(envelope, dict)):
        raise TypeError("not an event")
    return client, event, envelope
