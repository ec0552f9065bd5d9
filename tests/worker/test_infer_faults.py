"""The preferred provider fails in every way while a whole application works off its jobs: each ends, and once."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from recollect.app.app import App, open_app
from recollect.models import Kind, Memory, Reach, Scope, Usage, Where
from recollect.settings import load
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.model_server import (
    Answer,
    Deed,
    Failure,
    Hang,
    ModelServer,
    Request,
    garbage,
    model_server,
    refusing,
    too_many,
)

WAYS: dict[str, Deed] = {
    "refused": "never asked",
    "401": Failure(401),
    "429": too_many("1"),
    "500": Failure(500),
    "hang": Hang(),
    "garbage": garbage(),
}
LINE = re.compile(r"^\[(t\d+)\] \S+ \w+ \S+ ([^:]+): (.*)$", re.MULTILINE)
NUMBER = re.compile(r"lantern (\d+) ")
UNREAD = 5
"""Of so many jobs the fallback leaves one to the rules."""


def said(number: int) -> str:
    """Return a decision of its own, in words that no other one has."""
    chance = random.Random(number)
    words = ["".join(chance.choice("bdfgklmnprst") + chance.choice("aeiou") for _ in range(4)) for _ in range(4)]
    return f"We decided that lantern {number} gets {' '.join(words)}."


def extracted(request: Request) -> Answer:
    """Return every turn as one fact, prose for one in five of them, and where facts are compared that none touches."""
    if "[n1]" in request.text:
        return Answer('{"pairs": []}', tokens_in=7, tokens_out=3)
    found = LINE.findall(request.text)
    if any(int(NUMBER.findall(words)[0]) % UNREAD == 0 for _, _, words in found):
        return Answer("I would rather talk about the weather.", tokens_in=10, tokens_out=5)
    facts = [
        {"text": f"{who}: {words}", "category": "decision", "sources": [label], "relations": []}
        | dict.fromkeys(("valid_from", "valid_to"))
        for label, who, words in found
    ]
    return Answer(json.dumps({"facts": facts, "entities": []}), tokens_in=10, tokens_out=5)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as running:
        running.usually(extracted, model="b")
        yield running


def settings(server: ModelServer, way: str) -> dict[str, Any]:
    first = f"{refusing()}/v1" if way == "refused" else server.openai
    providers = {
        "first": {"base_url": first, "timeout": 1},
        "second": {"base_url": server.openai, "timeout": 100, "concurrency": 16},
    }
    tasks = {"extraction": {"model": "first/a", "fallbacks": "second/b"}}
    models = {"providers": providers, "tasks": tasks, "prices": {"second/*": [1.0, 2.0]}, "retries": 0}
    return {"models": models, "infer": {"concurrency": 16}, "worker": {"poll": 0.02}}


async def worked_off(home: Path, server: ModelServer, way: str, jobs: int) -> tuple[list[Memory], list[Usage]]:
    """Capture turns in conversations of their own and work off what follows; return the facts and the usage."""
    server.usually(WAYS[way], model="a")
    app = open_app(load(home, settings(server, way), {}).settings, embed=FakeEmbedder())
    try:
        for number in range(jobs):
            await app.engine.capture(
                [{"role": "user", "content": said(number), "speaker": "Bo"}], Scope(conversation_id=f"c{number}")
            )
        await app.start()
        await app.drain()
        await app.models.settled()
        assert await app.engine.stores.queue.jobs() == []
        standing = await app.models.standing()
        usage = await app.engine.stores.records.usage()
        assert standing.dollars == pytest.approx(sum(row.cost for row in usage))
        return await facts_of(app), usage
    finally:
        await app.close()


async def facts_of(app: App) -> list[Memory]:
    records = app.engine.stores.records
    return await records.get(await records.ids(Where(Reach(), (Kind.FACT,))))


def checked(facts: Sequence[Memory], usage: Sequence[Usage], server: ModelServer, jobs: int) -> None:
    """Each job ended, by the fallback or by the rules, none twice; and what was answered was paid for once."""
    made = Counter((int(NUMBER.findall(item.text)[0]), item.metadata["made_by"]) for item in facts)
    by = {number: "second/b" if number % UNREAD else "rules" for number in range(jobs)}
    assert made == Counter(dict.fromkeys(by.items(), 1))
    asked = Counter(NUMBER.findall(request.text)[0] for request in server.of("b") if "[n1]" not in request.text)
    assert asked == Counter({str(number): 1 for number in range(jobs)})
    answered = [row for row in usage if row.outcome == "answered"]
    assert {row.provider for row in answered} == {"second/b"}
    assert [row.cost for row in answered if row.purpose == "extract"] == [pytest.approx(20e-6)] * jobs
    assert sum(row.cost for row in usage if row.outcome != "answered") == 0


@pytest.mark.parametrize("way", WAYS)
async def test_every_job_ends_once_however_the_preferred_model_fails(home: Path, server: ModelServer, way: str) -> None:
    checked(*await worked_off(home, server, way, 25), server, 25)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
async def test_two_hundred_jobs_end_once_however_the_preferred_model_fails(
    home: Path, server: ModelServer, way: str
) -> None:
    checked(*await worked_off(home, server, way, 200), server, 200)
