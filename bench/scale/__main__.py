"""The command: measures what is missing, simulates, prints the tables and writes them into docs/scale.md."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

from bench.figure import told
from bench.machine import machine
from bench.scale import page
from bench.scale.live import compared
from bench.scale.profiles import PROFILES
from bench.scale.sizing import OVER_HTTP, costs, needed
from bench.synthetic.texts import CACHE

KEPT = CACHE / "scale.json"
STEPS = ("file", "server", "beside", "live")


def measured(name: str, memories: int) -> dict[str, Any]:
    """Measure one thing in a process of its own."""
    module = ["bench.scale.live"] if name == "live" else ["bench.scale.measure", name]
    size = [] if name == "live" else ["--memories", str(memories)]
    done = subprocess.run([sys.executable, "-m", *module, *size], stdout=subprocess.PIPE, text=True, check=True)
    found = told(done.stdout)
    if found is None:
        raise SystemExit(f"{name} told nothing")
    return {**found, "machine": machine()}


def around(found: dict[str, Any]) -> float:
    """Return the seconds of a server that a request takes over HTTP beyond what it takes here."""
    if "live" not in found:
        return OVER_HTTP
    over = float(found["live"]["alone"]["seconds"]["server"])
    return max(OVER_HTTP, over - float(found["server"]["search"]["search"]["process"]) / 1000)


def again(live: dict[str, Any]) -> dict[str, Any]:
    """Return a real load beside what the simulation says of it now."""
    runs = [compared(live["alone"], run["measured"], run["servers"]) for run in live["runs"]]
    return {**live, "runs": runs}


def main() -> None:
    """Measure, simulate, write."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--memories", type=int, default=20_000)
    parser.add_argument(
        "--only", default=",".join(STEPS), help="what to measure anew, joined by commas; '' for nothing"
    )
    given = parser.parse_args()
    found: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    for name in filter(None, given.only.split(",")):
        found[name] = measured(name, given.memories)
        KEPT.write_text(json.dumps(found), encoding="utf-8")
    file, server, beside, http = found["file"], found["server"], found["beside"], around(found)
    plain = sum(sum(one.values()) for name, one in server["tables"].items() if not name.startswith("embedding"))
    sized = []
    for profile in PROFILES:
        store, each = (file, file["bytes"]) if profile.file else (server, plain)
        sized.append(needed(profile, costs(store, http), store, each / store["memories"]))
    told_of = {
        "bytes": page.disk(file, server),
        "stages": page.stages(file, server),
        "parts": page.parts(file, server),
        "sizes": page.sizes(sized),
        "times": page.times(sized),
        "qdrant": page.nodes(beside),
        **({"live": page.live(again(found["live"]))} if "live" in found else {}),
    }
    for name, text in told_of.items():
        print(f"{name}\n\n{text}")
        page.written(name, text)


if __name__ == "__main__":
    main()
