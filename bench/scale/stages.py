"""One real run: a store is filled and asked as in use, and every stage is timed, wall clock and processor time."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figure import percentiles, resident
from bench.synthetic.texts import Writer
from recollect import AsyncMemory
from recollect.meters import Deed
from recollect.retrieve.ways import Ways

TALK, SINGLE, ASKED, OWNED = 20, 300, 300, 1000
"""Turns of a conversation, turns that are captured one by one, questions, and turns of a user."""

Clock = Callable[[], float]
"""Returns the seconds that a server's processors have worked."""


class Gauge:
    """A meter that sums up what each deed took, by verb and way."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, str], float] = defaultdict(float)
        self.times: dict[tuple[str, str], int] = defaultdict(int)
        self.counts: dict[tuple[str, str], int] = defaultdict(int)

    def __call__(self, deed: Deed) -> None:
        """Add a deed."""
        key = deed.verb, deed.way
        self.seconds[key] += deed.seconds
        self.times[key] += 1
        self.counts[key] += deed.count

    def told(self, verb: str, count: int) -> dict[str, float]:
        """Return the milliseconds that each way of a verb took, shared among `count`."""
        return {way: round(took * 1000 / count, 4) for (name, way), took in self.seconds.items() if name == verb}


class Timed:
    """A port whose calls are timed under its name."""

    def __init__(self, port: Any, name: str, took: dict[str, float]) -> None:
        self._port, self._name, self._took = port, name, took

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        async def timed(*given: Any, **named: Any) -> Any:
            begun = time.perf_counter()
            try:
                return await found(*given, **named)
            finally:
                self._took[self._name] += time.perf_counter() - begun

        return timed


@dataclass(slots=True)
class Work:
    """What a stretch of work took: seconds on the clock, of this process's cores, and of the database's."""

    clock: Clock
    began: tuple[float, float, float] = field(init=False)

    def __post_init__(self) -> None:
        self.began = self._now()

    def each(self, count: int) -> dict[str, float]:
        """Return the milliseconds so far, shared among `count`."""
        names = ("wall", "process", "database")
        since = (round((now - then) * 1000 / count, 4) for now, then in zip(self._now(), self.began, strict=True))
        return dict(zip(names, since, strict=True))

    def _now(self) -> tuple[float, float, float]:
        return time.perf_counter(), time.process_time(), self.clock()


@dataclass(slots=True)
class Calls:
    """The milliseconds of calls made one after the other: on the clock, and of this process's cores."""

    wall: list[float] = field(default_factory=list)
    process: list[float] = field(default_factory=list)

    async def timed(self, call: Coroutine[Any, Any, Any]) -> Any:
        """Return what a call returns; note what it took."""
        begun, worked = time.perf_counter(), time.process_time()
        found = await call
        self.wall.append((time.perf_counter() - begun) * 1000)
        self.process.append((time.process_time() - worked) * 1000)
        return found

    def told(self) -> dict[str, Any]:
        """Return the percentiles, and every call's share of the cores: the simulation draws from these."""
        return {**percentiles(self.wall), "worked": [round(took, 3) for took in self.process]}


async def run(home: Path, store: dict[str, Any], memories: int, clock: Clock) -> dict[str, Any]:
    """Fill a store with so many turns, do the jobs, ask questions; return what each stage took."""
    gauge, texts = Gauge(), Writer("en", memories)
    chosen = {"store": {"memory_mb": 4096, **store}, "embedder": {"threads": 1}}
    async with AsyncMemory(home, settings=chosen, worker=False) as opened:
        await opened.app.engine.embed.embed(["ready"])
        opened.app.meters.add(gauge)
        said = await _captured(opened, texts, memories, clock)
        work, jobs = Work(clock), await opened.app.engine.stores.queue.waiting()
        await opened.app.drain()
        derived = {"jobs": jobs, "each": work.each(memories), "stages": gauge.told("job", memories)}
        derived["embedding"] = sum(gauge.told("embed", memories).values())
        asked = await _asked(opened, texts, said.pop("texts"), memories, clock)
        kept = sum([(await opened.stats(user_id=owner)).memories for owner in owners(memories)])
    return {"turns": memories, "memories": kept, "capture": said, "jobs": derived, "search": asked}


def owners(memories: int) -> list[str]:
    """Return the users that so many turns are of."""
    return [f"u{number}" for number in range(max(1, memories // OWNED))]


async def _captured(opened: AsyncMemory, texts: Writer, memories: int, clock: Clock) -> dict[str, Any]:
    said, people = [texts.said() for _ in range(memories)], owners(memories)
    single, together, work = Calls(), Calls(), Work(clock)
    one: dict[str, float] = {}
    for place in range(0, memories, TALK):
        turns = [{"role": "user", "content": text} for text in said[place : place + TALK]]
        named = {"conversation_id": f"c{place}", "user_id": people[place // TALK % len(people)]}
        if place < SINGLE:
            for turn in turns:
                await single.timed(opened.capture([turn], **named))
            one = work.each(place + TALK)
        else:
            await together.timed(opened.capture(turns, **named))
    rest = memories - len(single.wall)
    return {
        "texts": said,
        "one": {**single.told(), **one},
        "together": sum(together.wall) / rest if rest else None,
        "text_bytes": sum(len(text.encode()) for text in said) / memories,
    }


async def _asked(opened: AsyncMemory, texts: Writer, said: list[str], memories: int, clock: Clock) -> dict[str, Any]:
    """Ask every user's memories once, so that all are held, then in turn by chance; and time the parts of it."""
    took: dict[str, float] = defaultdict(float)
    finder, people = opened.app.engine.finder, owners(memories)
    first, searches, contexts = Calls(), Calls(), Calls()
    before = resident()["now"]
    for owner in people:
        await first.timed(opened.search(texts.question(said), user_id=owner))
    held = opened.app.tenants.nbytes
    after, chance, ways = resident()["now"], random.Random(1), finder.ways
    finder.ways = Ways(**{name: Timed(getattr(ways, name), name, took) for name in Ways.__slots__})
    work = Work(clock)
    for _ in range(ASKED):
        await searches.timed(opened.search(texts.question(said), user_id=chance.choice(people)))
    each = work.each(ASKED)
    finder.ways, parts = ways, {name: round(seconds * 1000 / ASKED, 4) for name, seconds in took.items()}
    work = Work(clock)
    for _ in range(ASKED // 3):
        await contexts.timed(opened.context(texts.question(said), user_id=chance.choice(people)))
    return {
        "first": percentiles(first.wall),
        "search": {**searches.told(), **each},
        "parts": parts,
        "context": {**contexts.told(), **work.each(ASKED // 3)},
        "held_each": held / memories,
        "grown_each": (after - before) * 1e6 / memories,
    }
