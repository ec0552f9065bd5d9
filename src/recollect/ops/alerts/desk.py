"""Where alerts arrive: each call is written down, then told to every chat that has not been told of it yet."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from recollect.errors import ProviderFailed
from recollect.ops.alerts.channel import Channel
from recollect.ops.alerts.notice import Notice, lines, notice_of

REMEMBERED: Final = 1000
"""Calls that were told to some chats only and are awaited once more."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Handed:
    """Which chats were told, and why the others were not."""

    told: tuple[str, ...]
    failed: tuple[str, ...]


class Desk:
    """Takes calls of Alertmanager, on any thread.

    Alertmanager repeats a call that was answered by a failure, so a call is a failure until every chat has taken it; a
    chat that took it is not told again.
    """

    def __init__(self, channels: Sequence[Channel], log: Path | None, say: Say, *, timeout: float) -> None:
        self._channels, self._log, self._say, self._timeout = channels, log, say, timeout
        self._told: OrderedDict[str, set[str]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, body: bytes) -> Handed:
        """Write a call down and pass it on; raise InvalidInput for what is no call of Alertmanager."""
        notice = notice_of(body)
        key = hashlib.sha256(body).hexdigest()
        with self._lock:
            before = frozenset(self._told.get(key, ()))
        left = [channel for channel in self._channels if channel.name not in before]
        text = "\n".join(lines(notice))
        self._say(text)
        with ThreadPoolExecutor(max(1, len(left))) as pool:
            failures = list(pool.map(lambda channel: self._sent(channel, text), left))
        failed = tuple(failure for failure in failures if failure)
        told = tuple(channel.name for channel, failure in zip(left, failures, strict=True) if not failure)
        self._remember(key, before.union(told) if failed else None)
        handed = Handed(told, failed)
        self._write(notice, handed)
        return handed

    def _sent(self, channel: Channel, text: str) -> str:
        try:
            channel.send(text, self._timeout)
        except ProviderFailed as error:
            self._say(error.message)
            return error.message
        return ""

    def _remember(self, key: str, told: frozenset[str] | None) -> None:
        with self._lock:
            if told is None:
                self._told.pop(key, None)
                return
            self._told[key] = set(told)
            while len(self._told) > REMEMBERED:
                self._told.popitem(last=False)

    def _write(self, notice: Notice, handed: Handed) -> None:
        """Append a line to the log; where that fails it is said, for the chats are told all the same."""
        if self._log is None:
            return
        told = {"timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"), **asdict(notice), **asdict(handed)}
        line = f"{json.dumps(told, ensure_ascii=False)}\n".encode("utf-8", "replace")
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            number = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(number, line)
            finally:
                os.close(number)
        except OSError as error:
            self._say(f"{self._log} cannot be written: {error.strerror}")
