"""How long one question over many projects takes, against the same question to the same memories in one project.

Both sides are asked in turn, question by question, so that whatever else the machine does slows both. A question over
projects has its rights looked up, which counts. It is put into the audit log and the user's history right after its
answer: what that costs is told apart.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench.figure import percentiles, tell
from bench.latency import ROOM, WARM
from recollect import AsyncMemory

SHOWN = 20
"""Results asked for on both sides."""


async def measure(many: Path, one: Path, asked: int) -> dict[str, Any]:
    """Ask both stores the same questions, each new to them."""
    questions = [text for _, text in json.loads((one / "questions.json").read_text(encoding="utf-8"))]
    filled = json.loads((many / "filled.json").read_text(encoding="utf-8"))
    project = {"enable_cross_project_search": True, "max_projects_per_search": 1000}
    settings = {**ROOM, "project": project}
    async with (
        AsyncMemory(many, settings=settings, worker=False) as apart,
        AsyncMemory(one, settings=settings, worker=False) as whole,
    ):

        async def across(text: str) -> Any:
            return await apart.search_across(text, include_all_projects=True, limit=SHOWN)

        async def single(text: str) -> Any:
            return await whole.search(text, user_id="default", project_id="default", limit=SHOWN)

        for text in questions[-WARM:]:
            await across(text)
            await single(text)
        times: dict[str, list[float]] = {"across": [], "single": []}
        cpu: dict[str, list[float]] = {"across": [], "single": [], "after": []}
        for text in questions[: min(asked, len(questions) - WARM)]:
            for name, ask in (("across", across), ("single", single)):
                took, work = await _clocked(ask, text)
                times[name].append(took)
                cpu[name].append(work)
                _, work = await _clocked(apart.app.across.settled)
                if name == "across":
                    cpu["after"].append(work)
        found = await across(questions[-1])
        repeated = [(await _clocked(across, questions[-1]))[0] for _ in range(WARM)]
    wall = {name: percentiles(values) for name, values in times.items()}
    return {
        "memories": filled["memories"],
        "projects": len(found.projects),
        **wall,
        "ratio": round(wall["across"]["p50"] / wall["single"]["p50"], 3),
        "cpu": {name: percentiles(values)["p50"] for name, values in cpu.items()},
        "cached": percentiles(repeated),
    }


async def _clocked(ask: Callable[..., Awaitable[Any]], *given: str) -> tuple[float, float]:
    """Return the milliseconds something takes, by the wall and of all this process's threads."""
    wall, work = time.perf_counter(), time.process_time()
    await ask(*given)
    return (time.perf_counter() - wall) * 1000, (time.process_time() - work) * 1000


def main() -> None:
    """Measure two stores that hold the same memories."""
    parser = argparse.ArgumentParser()
    parser.add_argument("many", type=Path)
    parser.add_argument("one", type=Path)
    parser.add_argument("--asked", type=int, default=300)
    given = parser.parse_args()
    tell(asyncio.run(measure(given.many, given.one, given.asked)))


if __name__ == "__main__":
    main()
