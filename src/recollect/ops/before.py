"""Checks before a server is started: its port, the clock, processors and memory, what is installed, keys."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from recollect.ops.check import Check, Status
from recollect.settings import Settings

RELEASED: Final = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""No clock that is right shows less."""
AHEAD: Final = 120.0
"""Seconds a file may have been written in what is the future by this clock."""
NEEDED_MB: Final = 512
"""Megabytes a server takes beside the tenants it holds."""
PRIVATE: Final = ("localhost", "127.", "10.", "192.168.", "[::1]", "http://ollama")
MEMORY: Final = Path("/proc/meminfo")


def before(settings: Settings) -> Iterator[Check]:
    """Yield the checks; nothing is started, and the port is free again afterwards."""
    yield _port(settings)
    yield _clock(settings, time.time())
    yield _resources(settings)
    yield _installed(settings)
    yield _keys(settings)


def _port(settings: Settings) -> Check:
    host, port = settings.server.host, settings.server.port
    if port == 0:
        return Check("port", Status.OK, "a free one is taken")
    if (settings.home / "server.json").exists():
        return Check("port", Status.OK, f"{port}; a server of this data directory has been started")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            remedy = "`ss -ltnp` says who listens there; another port is the setting server.port."
            return Check("port", Status.WARN, f"{port} on {host} cannot be had: {error.strerror}", remedy)
    return Check("port", Status.OK, f"{port} on {host} is free")


def _clock(settings: Settings, now: float) -> Check:
    remedy = "Set up chrony or systemd-timesyncd: `yesterday`, expiry and sync go by the clock."
    said = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M:%S} UTC"
    if now < RELEASED:
        return Check("clock", Status.FAIL, f"{said} is before this release was made", remedy)
    written = max((path.stat().st_mtime for path in (settings.database, settings.home) if path.exists()), default=0.0)
    if written > now + AHEAD:
        return Check("clock", Status.WARN, f"{said}, but the store was written {written - now:,.0f} s later", remedy)
    return Check("clock", Status.OK, said)


def _resources(settings: Settings) -> Check:
    cores, free = os.cpu_count() or 1, _free_mb()
    if free is None:
        return Check("resources", Status.OK, f"{cores} processors")
    detail = f"{cores} processors, {free:,} MB of memory to be had"
    if free < NEEDED_MB:
        return Check("resources", Status.WARN, detail, f"A server takes {NEEDED_MB} MB beside what it holds.")
    if free < settings.store.memory_mb + NEEDED_MB:
        remedy = f"Lower store.memory_mb ({settings.store.memory_mb}), which large tenants may take."
        return Check("resources", Status.WARN, detail, remedy)
    return Check("resources", Status.OK, detail)


def _free_mb() -> int | None:
    """Return the megabytes that could be had without swapping; `None` where the system does not say."""
    try:
        line = next(line for line in MEMORY.read_text(encoding="ascii").splitlines() if line[:13] == "MemAvailable:")
        return int(line.split()[1]) // 1024
    except (OSError, ValueError, StopIteration, IndexError):
        return None


def _installed(settings: Settings) -> Check:
    sealed = settings.backup.passphrase is not None
    wanted = {
        ("postgres", "psycopg"): settings.store.url is not None,
        ("openai", "httpx"): settings.embedder.provider in {"openai", "azure", "ollama"},
        ("fastembed", "fastembed"): settings.embedder.provider == "fastembed",
        ("backup", "nacl"): sealed,
        ("backup", "obstore"): (settings.backup.to or "").startswith("s3://"),
        ("telemetry", "opentelemetry"): settings.telemetry.endpoint is not None,
    }
    missing = sorted({extra for (extra, module), asked in wanted.items() if asked and find_spec(module) is None})
    if missing:
        remedy = f"pip install 'recollect[{','.join(missing)}]'"
        return Check("extras", Status.FAIL, f"the settings ask for {', '.join(missing)}", remedy)
    return Check("extras", Status.OK, "all that the settings ask for is installed")


def _keys(settings: Settings) -> Check:
    asked = {
        "embedder": (settings.embedder.base_url, settings.embedder.api_key),
        "chat": (settings.chat.base_url, settings.chat.api_key),
    }
    without = [name for name, (url, key) in asked.items() if url and not key and not _is_near(str(url))]
    if without:
        names = ", ".join(f"{name}.api_key" for name in without)
        return Check("keys", Status.WARN, f"{names} not set for an endpoint elsewhere", "Set it, or every call fails.")
    return Check("keys", Status.OK, "no endpoint is without one")


def _is_near(url: str) -> bool:
    host = url.partition("://")[2]
    return any(host.startswith(start) or url.startswith(start) for start in PRIVATE)
