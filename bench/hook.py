"""What a hook costs the agent that waits for it: from the start of its process to its end, beside Python doing nothing.

Ten sessions that start at once, and a thousand events one after the other, show that nothing is lost meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.figure import percentiles, tell
from bench.server import served
from bench.synthetic.texts import CACHE
from recollect.hooks import spool
from recollect.hooks.command import command
from recollect.server import record
from recollect.server.background import is_ready

BARE = [sys.executable, "-I", "-S", "-c", "pass"]
SESSIONS = 10
PAUSE = 0.2
"""Seconds between events: nobody asks while the server still embeds what was asked before."""
COMMON = {"session_id": "bench", "cwd": "/home/dev/project", "transcript_path": "/home/dev/t.jsonl"}
CALL = {"tool_name": "Bash", "tool_response": {"stdout": "ok\n" * 200, "stderr": "", "interrupted": False}}


def event(name: str, n: int) -> bytes:
    """Return the n-th event of that name."""
    given: dict[str, Any] = {**COMMON, "hook_event_name": name, "prompt_id": f"p{n}"}
    if name == "PostToolUse":
        given |= {**CALL, "tool_input": {"command": f"make part{n:04}"}, "tool_use_id": f"t{n}"}
    elif name == "UserPromptSubmit":
        given["prompt"] = f"Where was it that part {n} of the project is deployed?"
    else:
        given["source"] = "startup"
    return json.dumps(given).encode()


def clocked(line: Sequence[str], given: bytes = b"") -> float:
    """Return the milliseconds of a process; raise RuntimeError when it fails or complains."""
    began = time.perf_counter()
    done = subprocess.run(line, input=given, capture_output=True, check=False)
    took = (time.perf_counter() - began) * 1000
    if done.returncode or done.stderr:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.decode()[-300:]}")
    return took


def times(home: Path, rounds: int) -> dict[str, Any]:
    """Measure hooks with a server and without, each round one of every kind, so that all have the same weather."""
    names = ("PostToolUse", "UserPromptSubmit", "SessionStart")
    found: dict[str, list[float]] = {name: [] for name in ("bare", *names, "PostToolUse, no server")}
    with served(home):
        for n in range(rounds + 5):
            found["bare"].append(clocked(BARE))
            for name in names:
                found[name].append(clocked(command("claude-code", name, str(home)), event(name, n)))
                time.sleep(PAUSE)
    for n in range(rounds + 5):
        line = command("claude-code", "PostToolUse", str(home))
        found["PostToolUse, no server"].append(clocked(line, event("PostToolUse", rounds + n)))
    return {name: percentiles(took[5:]) for name, took in found.items()}


def together(home: Path) -> dict[str, Any]:
    """Start sessions at once where no server runs; return how long the slowest waited and how many servers came."""
    environment = {**os.environ, "RECOLLECT_SERVER__PORT": "0"}
    began = time.perf_counter()
    running = [
        subprocess.Popen(
            command("claude-code", "SessionStart", str(home)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        for _ in range(SESSIONS)
    ]
    for n, one in enumerate(running):
        if one.stdin is not None:
            one.stdin.write(event("SessionStart", n))
            one.stdin.close()
            one.stdin = None
    said = [one.communicate() for one in running]
    slowest = (time.perf_counter() - began) * 1000
    failed = sum(one.returncode != 0 or bool(errors) for one, (_, errors) in zip(running, said, strict=True))
    found = _server(home)
    servers = sum(_serves(place, home) for place in Path("/proc").glob("[0-9]*/cmdline"))
    os.kill(found.pid, 15)
    record.gone(found, 20)
    return {"slowest": round(slowest, 1), "failed": failed, "servers": servers, "left": _left(home)}


def burst(home: Path, count: int) -> dict[str, Any]:
    """Send events one after the other; return how many of them are kept, and whether they are in order."""
    with served(home) as (url, token, _):
        began = time.perf_counter()
        for n in range(count):
            clocked(command("claude-code", "PostToolUse", str(home)), event("PostToolUse", n))
        took = time.perf_counter() - began
        while _left(home):
            time.sleep(0.05)
        asked = urllib.request.Request(
            f"{url}/api/conversations/bench?limit=1000", headers={"Authorization": f"Bearer {token}"}
        )
        with urllib.request.urlopen(asked, timeout=60) as answer:
            turns = [turn["content"] for turn in json.load(answer)["turns"]]
    wanted = [f"part{n:04}" for n in range(count)]
    in_order = len(turns) == count and all(part in turn for part, turn in zip(wanted, turns, strict=True))
    return {"sent": count, "kept": len(turns), "in_order": in_order, "seconds": round(took, 1)}


def _server(home: Path) -> record.Record:
    """Return the server that came up, as soon as it is ready."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = record.running(home)
        if found is not None and is_ready(found):
            return found
        time.sleep(0.05)
    raise RuntimeError("no server came")


def _serves(place: Path, home: Path) -> bool:
    try:
        words = place.read_bytes().split(b"\0")
    except OSError:
        return False
    return b"serve" in words and str(home).encode() in words


def _left(home: Path) -> int:
    return len(spool.pending(spool.folder(str(home))))


def main() -> None:
    """Measure hooks."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--burst", type=int, default=1000)
    given = parser.parse_args()
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        homes = [Path(folder, name) for name in ("times", "together", "burst")]
        tell(
            {
                "times": times(homes[0], given.rounds),
                "together": together(homes[1]),
                "burst": burst(homes[2], given.burst),
            }
        )


if __name__ == "__main__":
    main()
