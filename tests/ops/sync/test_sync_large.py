"""100,000 changes go from a node to a center and on to another node in bounded memory."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.ops.sync.fleet import BASE
from tests.ops.sync.test_sync_processes import Process
from tests.server.conftest import plain_environment

from recollect.library import AsyncMemory
from recollect.ops.sync.enrol import enrol
from recollect.settings import load

COUNT = int(os.environ.get("RECOLLECT_SYNC_COUNT", "100000"))
AT_ONCE = 5000
MOST_MB = 400
"""What a process may hold at most; an idle server holds a good 100."""

EXCHANGE = """
import asyncio, json, sys, time
from recollect.library import AsyncMemory
from recollect.ops.sync.exchange import Exchange

def peak():
    # Megabytes at most; what the kernel counts as resources used includes the parent's before exec.
    with open("/proc/self/status", encoding="ascii") as told:
        return next(int(line.split()[1]) // 1024 for line in told if line.startswith("VmHWM"))

async def main():
    memory = AsyncMemory(sys.argv[1], worker=False)
    begun = time.monotonic()
    before = peak()
    moved = await Exchange(memory.app).once()
    took = time.monotonic() - begun
    await memory.close()
    print(json.dumps({"sent": moved.sent, "fetched": moved.fetched, "seconds": took, "before": before, "peak": peak()}))

asyncio.run(main())
"""


async def _fill(home: Path) -> None:
    async with AsyncMemory(settings=load(home, dict(BASE)).settings, worker=False) as memory:
        for start in range(0, COUNT, AT_ONCE):
            turns = [
                {
                    "role": "user",
                    "content": f"Turn {number} of a talk about {number % 997}.",
                    "message_id": f"m{number}",
                }
                for number in range(start, min(start + AT_ONCE, COUNT))
            ]
            await memory.capture(turns, conversation_id=f"c{start}", user_id="alice", project_id="web")


async def _enrolled(home: Path) -> list[str]:
    async with AsyncMemory(settings=load(home, dict(BASE)).settings, worker=False) as hub:
        return [(await enrol(hub.app, name))[1] for name in ("a", "b")]


def _exchange(home: Path, url: str, secret: str) -> dict[str, float]:
    env = plain_environment() | {
        "RECOLLECT_NODE__ROLE": "agent",
        "RECOLLECT_NODE__CENTER": url,
        "RECOLLECT_NODE__TOKEN": secret,
    }
    done = subprocess.run(
        [sys.executable, "-c", EXCHANGE, str(home)], env=env, capture_output=True, text=True, check=False, timeout=3000
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_changes_sync_in_bounded_memory(tmp_path: Path) -> None:
    asyncio.run(_fill(tmp_path / "a"))
    first, second = asyncio.run(_enrolled(tmp_path / "center"))
    with ExitStack() as stack:
        center = Process(tmp_path / "center", 0, role="center")
        stack.callback(center.kill)
        center.start()
        assert center.process is not None
        pid = center.process.pid
        idle = _peak_mb(pid)
        begun = time.monotonic()
        up = _exchange(tmp_path / "a", center.url, first)
        down = _exchange(tmp_path / "b", center.url, second)
        peak = _peak_mb(pid)
    took = time.monotonic() - begun
    figures = {"up": up, "down": down, "idle": idle, "center": peak, "seconds": took}
    (tmp_path / "figures.json").write_text(json.dumps(figures), encoding="utf-8")
    assert (up["sent"], down["fetched"]) == (COUNT, COUNT)
    assert max(up["peak"], down["peak"]) < MOST_MB
    assert peak < MOST_MB
