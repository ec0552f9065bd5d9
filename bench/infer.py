"""How long extraction takes beside what the models alone need: many jobs, each of its own conversation, one slow model.

    python -m bench.infer [--jobs 1000] [--together 8] [--delay 0.2] [--inside]

The model is the scripted server of `recollect.testing`, in a process of its own, asked over HTTP through our router;
with `--inside` it is a function that waits, so that only what is ours is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.figure import tell
from recollect.app.app import App, open_app
from recollect.exchange import Asking
from recollect.models import Kind, Reach, Scope, Where
from recollect.ports import Models
from recollect.settings import load
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.model_server import Answer, Request, Slow, model_server
from recollect.testing.scripted import ScriptedModels

LINE = re.compile(r"^\[(t\d+)\] \S+ \w+ \S+ ([^:]+): (.*)$", re.MULTILINE)


def answered(request: Request, delay: float) -> Slow:
    """Return every turn of a request as one fact, late; where facts are compared, that none touches another."""
    if "[n1]" in request.text:
        return Slow(Answer('{"pairs": []}'), delay)
    return Slow(Answer(json.dumps(found(request.text))), delay)


def found(text: str) -> dict[str, Any]:
    """Return every turn in a text as one fact."""
    facts = [
        {"text": f"{who}: {said}", "category": "fact", "sources": [label], "relations": []}
        | dict.fromkeys(("valid_from", "valid_to"))
        for label, who, said in LINE.findall(text)
    ]
    return {"facts": facts, "entities": []}


def said(number: int) -> str:
    """Return a sentence that shares no word with any other: extraction is measured, not comparing."""
    letters = "bcdfghjklmnprstvz"
    chance = random.Random(number)
    return " ".join("".join(chance.choice(letters) + chance.choice("aeiou") for _ in range(4)) for _ in range(6))


def serve(delay: float) -> None:
    """Run the model until nobody reads any more; print its address."""
    with model_server() as server:
        server.usually(lambda request: answered(request, delay))
        print(server.openai, flush=True)
        sys.stdin.read()


async def capture(app: App, number: int) -> None:
    """Capture one turn in a conversation of its own."""
    turn = {"role": "user", "content": f"{said(number).capitalize()}.", "speaker": "Bo"}
    await app.engine.capture([turn], Scope(conversation_id=f"c{number}"))


async def measure(url: str, home: Path, jobs: int, together: int, models: Models | None = None) -> tuple[float, int]:
    """Return the seconds the jobs take, and the facts of models there are then."""
    settings = {
        "models": {
            "providers": {"slow": {"kind": "compatible", "base_url": url, "api_key": "none", "concurrency": together}},
            "tasks": {"extraction": {"model": "slow/one"}},
            "budget": {"tokens": "off", "dollars": "off"},
        },
        "infer": {"concurrency": together},
        "worker": {"poll": 0.05},
    }
    app = open_app(load(home, settings, {}).settings, embed=FakeEmbedder(), models=models)
    try:
        await app.start()
        await capture(app, jobs)  # the first call loads the libraries
        await app.drain()
        await app.worker.stop()
        for number in range(jobs):
            await capture(app, number)
        await app.start()
        begun = time.perf_counter()
        await app.drain()
        took = time.perf_counter() - begun
        made = await app.engine.stores.records.ids(Where(Reach(), (Kind.FACT,)))
        some = await app.engine.stores.records.get(made)
        return took, sum(item.metadata["made_by"] != "rules" for item in some)
    finally:
        await app.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--together", type=int, default=8)
    parser.add_argument("--delay", type=float, default=0.2)
    parser.add_argument("--inside", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.delay)
        return
    if given.inside:
        with tempfile.TemporaryDirectory() as folder:
            models = ScriptedModels({"extract": inside}, tasks=["extraction"], delay=given.delay)
            found = asyncio.run(
                measure("http://127.0.0.1:9/v1", Path(folder) / "home", given.jobs, given.together, models)
            )
        tell(figures(given, *found))
        return
    own = [sys.executable, "-m", "bench.infer", "--serve", "--delay", str(given.delay)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
    ):
        url = (server.stdout.readline() if server.stdout else "").strip()
        took, made = asyncio.run(measure(url, Path(folder) / "home", given.jobs, given.together))
        server.terminate()
    tell(figures(given, took, made))


def inside(asking: Asking) -> dict[str, Any]:
    """Return what the server would."""
    return found(asking.messages[1]["content"])


def figures(given: argparse.Namespace, took: float, made: int) -> dict[str, Any]:
    """Return what was measured, beside the load that other work puts on the machine."""
    ideal = given.jobs / given.together * given.delay
    return {
        "jobs": given.jobs,
        "together": given.together,
        "delay": round(given.delay * 1000),
        "seconds": round(took, 1),
        "ideal": round(ideal, 1),
        "ratio": round(took / ideal, 2),
        "facts": made,
        "load": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    main()
