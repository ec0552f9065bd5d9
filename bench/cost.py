"""What a conversation costs in calls and tokens, and what the settings that are said to save do save.

    python -m bench.cost [--write]

The conversations of `recollect demo` are captured, with every task named a model: the scripted server of
`recollect.testing`, asked over HTTP through our router, one name of a model a task. What goes in is what any model
would be sent. What comes out is scripted: a fact for each statement of the user's, in its own words, and a summary of
five sentences; a model that says more or less moves the tokens out, and little else.

`--write` puts the figures where `recollect cost` takes them from: src/recollect/data/cost.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any

from bench.figure import tell
from recollect import AsyncMemory
from recollect.models import Usage
from recollect.settings import load
from recollect.testing.model_server import Answer, ModelServer, Request, model_server
from recollect.text import tokens
from recollect.text.sentence import sentences
from recollect.version import __version__

DEMO = files("recollect") / "data" / "demo"
WRITTEN = Path(__file__).parents[1] / "src" / "recollect" / "data" / "cost.json"
TASKS = ("extraction", "classification", "summarization", "fusion")
LINE = re.compile(r"^\[(t\d+)\] \S+ \w+ \S+ ([^:]+): (.*)$", re.MULTILINE)
ITEM = re.compile(r"^\[(m\d+)\] (.*)$", re.MULTILINE)
LEAST = 8
"""Words, or Chinese characters, from which a sentence is taken for a statement."""
VARIANTS: dict[str, dict[str, Any]] = {
    "usual": {},
    "one_by_one": {"infer": {"batch": 1}},
    "live": {},
    "dense_0": {"capture": {"density_threshold": 0.0}},
    "dense_0.7": {"capture": {"density_threshold": 0.7}},
}
"""Settings of each run. In `live` each question is worked off with its answer, as when a server runs beside a chat; in
the others a conversation is there at once, as when it is imported or a hook hands over what was said."""


def said(text: str) -> str:
    """Return the first statement of a text, empty where there is none."""
    for start, end in sentences(text):
        one = text[start:end].strip()
        size = len(one.split()) if one.isascii() else len(one)
        if size >= LEAST and not one.endswith(("?", "？")):
            return one[:200]
    return ""


def extracted(request: Request) -> Answer:
    """Return a fact for each statement of the user's; of facts that are compared, that none touches another."""
    if "[n1]" in request.text:
        return told({"pairs": []})
    found = [(label, who, said(text)) for label, who, text in LINE.findall(request.text) if who != "Assistant"]
    facts = [
        {"text": f"{who}: {one}", "category": "fact", "sources": [label], "relations": [], "valid_from": None}
        | {"valid_to": None}
        for label, who, one in found
        if one
    ]
    return told({"facts": facts, "entities": [{"source": one[0], "name": one[1], "type": "person"} for one in found]})


def classified(request: Request) -> Answer:
    """Return the same for every turn."""
    labels = [found[0] for found in LINE.findall(request.text)]
    return told({"turns": [{"id": label, "tier": "archive", "importance": 0.5, "urgency": 0.1} for label in labels]})


def summed(request: Request) -> Answer:
    """Return five statements as a summary."""
    ones = [one for _, _, text in LINE.findall(request.text) if (one := said(text))]
    return told({"summary": " ".join(ones[:5]), "title": "What was said"})


def fused(request: Request) -> Answer:
    """Return five of the memories, each with its label."""
    lines = [f"- {said(text) or text[:160]} [{label}]" for label, text in ITEM.findall(request.text)]
    return Answer("\n".join(lines[:5]) or "none", usage=False)


def told(value: Any) -> Answer:
    """Return JSON; what it took is counted by recollect's own estimate, as for servers that do not tell."""
    return Answer(json.dumps(value, ensure_ascii=False), usage=False)


def settings(url: str, home: Path, more: dict[str, Any]) -> Any:
    """Return settings that name a model for every task, and an embedder of the size of the usual one."""
    own = {
        "models": {
            "providers": {"bench": {"kind": "compatible", "base_url": url, "api_key": "none"}},
            "tasks": {task: {"model": f"bench/{task}"} for task in TASKS},
            "budget": {"tokens": "off", "dollars": "off"},
        },
        "embedder": {"provider": "openai", "base_url": url, "model": "embedder", "api_key": "none", "dimension": 384},
        "worker": {"poll": 0.05},
    }
    return load(home, {**own, **more}, {}).settings


def conversations() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the conversations of the demo with their turns."""
    lines = [json.loads(line) for line in (DEMO / "conversations.jsonl").read_text(encoding="utf-8").splitlines()]
    for name, group in groupby(lines, key=lambda line: line["conversation_id"]):
        kept = ("role", "content", "speaker", "occurred_at", "message_id")
        yield name, [{field: line[field] for field in kept if line.get(field)} for line in group]


def parts(turns: list[dict[str, Any]], live: bool) -> Iterator[list[dict[str, Any]]]:
    """Yield what is captured at once: everything, or each question with its answers."""
    if not live:
        yield turns
        return
    part: list[dict[str, Any]] = []
    for turn in turns:
        if turn["role"] == "user" and part and part[-1]["role"] == "assistant":
            yield part
            part = []
        part.append(turn)
    yield part


async def measure(server: ModelServer, name: str, home: Path) -> dict[str, Any]:
    """Capture everything, ask every question twice, and return what that took."""
    chosen = settings(server.openai, home, VARIANTS[name])
    questions = [one["question"] for one in json.loads((DEMO / "questions.json").read_text(encoding="utf-8"))]
    talks, count = 0, 0
    async with AsyncMemory(settings=chosen) as memory:
        for talk, turns in conversations():
            talks, count = talks + 1, count + len(turns)
            for part in parts(turns, live=name == "live"):
                await memory.capture(part, conversation_id=talk)
                await memory.drain()
        for _ in range(2):
            for question in questions:
                await memory.context(question, budget=800)
        census = await memory.app.upkeep.census(memory.app.engine.now())
    async with AsyncMemory(home, worker=False) as memory:  # what was still to be noted is written when a store closes
        spent = await memory.app.engine.stores.records.usage()
    embedded = server.of("embedder")
    return {
        "turns": count,
        "conversations": talks,
        "contexts": 2 * len(questions),
        "purposes": by_purpose(spent, server, count, len(questions)),
        "embedded_tokens": round(sum(sum(map(tokens.count, of(one))) for one in embedded) / count, 1),
        "kinds": dict(census.kinds),
        "vectors": census.vectors,
        "bytes": round(census.size / count),
    }


def of(request: Request) -> list[str]:
    """Return the texts that were to be embedded."""
    found = request.body.get("input", [])
    return [found] if isinstance(found, str) else list(found)


def by_purpose(spent: list[Usage], server: ModelServer, turns: int, contexts: int) -> dict[str, dict[str, Any]]:
    """Return calls for what they grow with, and tokens a call; of a context, what its first asking took."""
    found = {}
    for purpose in sorted({one.purpose for one in spent if one.purpose != "embedding"}):
        asked = [one for one in spent if one.purpose == purpose and one.outcome == "answered"]
        kept = sum(one.purpose == purpose and one.outcome in {"cached", "joined"} for one in spent)
        if not asked:
            continue
        task = asked[0].provider.rpartition("/")[2]
        per, times = {"fusion": ("context", contexts)}.get(task, ("turn", turns))
        found[purpose] = {
            "task": task,
            "per": per,
            "calls": round(len(asked) / times, 5),
            "tokens_in": round(sum(one.tokens_in for one in asked) / len(asked), 1),
            "tokens_out": round(sum(one.tokens_out for one in asked) / len(asked), 1),
            "same_in": same(server, task, purpose),
            "answered_from_cache": round(kept / (kept + len(asked)), 3),
        }
    return found


def same(server: ModelServer, task: str, purpose: str) -> int:
    """Return how many tokens requests for a purpose begin with alike: what a provider can keep between them."""
    texts = [one.text for one in server.of(task) if ("[n1]" in one.text) == (purpose == "resolve")]
    alike = [list(group) for _, group in groupby(sorted(texts), key=lambda text: text[:40])]  # one for each language
    shared = sum(len(group) * tokens.count(_prefix(group)) for group in alike if len(group) > 1)
    return round(shared / len(texts)) if texts else 0


def _prefix(texts: list[str]) -> str:
    """Return what all texts begin with."""
    first, last = min(texts), max(texts)
    return next((first[:at] for at, sign in enumerate(first) if at >= len(last) or sign != last[at]), first)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    found: dict[str, Any] = {}
    for name in VARIANTS:
        with tempfile.TemporaryDirectory() as folder, model_server() as server:
            for task, answer in zip(TASKS, (extracted, classified, summed, fused), strict=True):
                server.usually(answer, task)
            found[name] = asyncio.run(measure(server, name, Path(folder) / "home"))
    about = {
        "source": f"bench/cost.py of recollect {__version__} over the conversations of `recollect demo`",
        "tokens": "by recollect's own estimate; tokens out are those of a scripted model",
    }
    if given.write:
        WRITTEN.write_text(json.dumps({**about, "runs": found}, indent=1) + "\n", encoding="utf-8")
    tell({**about, "runs": found})


if __name__ == "__main__":
    main()
