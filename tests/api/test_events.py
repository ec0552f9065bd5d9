"""Live events: every listener hears every change in order and once, whoever wrote it; who cannot keep up is cut off."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from tests.api.live import Ear, Serving, serving

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.api.live import hub as hubs
from recollect.api.live import listener as listeners
from recollect.api.live import stream as streams
from recollect.api.live.hub import Hub
from recollect.api.live.told import Wanted, told
from recollect.errors import StoreBusy
from recollect.models import Add, Change, Delete
from recollect.testing.clock import START
from recollect.testing.embedder import FakeEmbedder
from recollect.testing.sample import memory as note

QUICK = {"worker": {"poll": 0.02}}
JSON = {"Accept": "application/json"}


@pytest.fixture
async def memory(home: Path) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(home, embed=FakeEmbedder(), settings=QUICK) as opened:
        yield opened


@pytest.fixture
def app(memory: AsyncMemory) -> FastAPI:
    return create_app(memory, memory.app.settings)


@pytest.fixture
async def served(app: FastAPI) -> AsyncIterator[Serving]:
    async with serving(app) as running:
        yield running


@pytest.fixture
async def client(served: Serving) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=served.url, headers=JSON, timeout=30) as made:
        yield made


Listen = Callable[..., Awaitable[Ear]]


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    """Return what opens a listening connection, closed when the test ends."""
    ears: list[Ear] = []

    async def opened(served: Serving, query: str = "", **more: int | None) -> Ear:
        ears.append(await Ear.open(served.port, query, **more))
        return ears[-1]

    yield opened
    for ear in ears:
        await ear.close()


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not met():  # noqa: ASYNC110 - what is waited for knows no event
            await asyncio.sleep(0.01)


def turns(texts: list[str]) -> list[dict[str, str]]:
    return [{"role": "user", "content": text} for text in texts]


async def test_a_life_of_a_memory_is_told_in_order(listen: Listen, served: Serving, memory: AsyncMemory) -> None:
    ear = await listen(served)
    note = await memory.add("Alice prefers tabs", user_id="alice", project_id="web", metadata={"a": 1})
    added = await ear.next()
    await memory.update(note.id, text="Alice prefers spaces")
    revised = await ear.next()
    await memory.delete(note.id)
    deleted = await ear.next()
    assert [added.name, revised.name, deleted.name] == ["added", "revised", "deleted"]
    assert added.data["memory"] | {"content": "Alice prefers tabs", "metadata": {"a": 1}} == added.data["memory"]
    assert revised.data["memory"]["content"] == "Alice prefers spaces"
    assert deleted.data["memory"] is None
    for heard in (added, revised, deleted):
        assert (heard.data["id"], heard.data["memory_id"]) == (heard.id, note.id)
        assert (heard.data["user_id"], heard.data["project_id"]) == ("alice", "web")
    assert added.id is not None
    assert revised.id is not None
    assert deleted.id is not None
    assert added.id < revised.id < deleted.id


async def test_what_was_said_before_is_not_told_unless_it_is_asked_for(
    listen: Listen, served: Serving, memory: AsyncMemory
) -> None:
    first = await memory.add("first")
    ear = await listen(served)
    everything = await listen(served, "?after=0")
    second = await memory.add("second")
    assert (await ear.next()).data["memory_id"] == second.id
    assert [heard.data["memory_id"] for heard in await everything.take(2)] == [first.id, second.id]


async def test_who_reconnects_misses_nothing_and_hears_nothing_twice(
    listen: Listen, served: Serving, memory: AsyncMemory
) -> None:
    ids: list[int | None] = []
    ear = await listen(served)
    for round_ in range(4):
        writing = asyncio.create_task(memory.capture(turns([f"turn {round_} {n}" for n in range(30)])))
        ids += [heard.id for heard in await ear.take(10)]
        await ear.close()
        await writing
        ear = await listen(served, last=ear.last)
        ids += [heard.id for heard in await ear.take(20)]
    log = await memory.app.engine.stores.records.changes(0)
    assert ids == [change.seq for change in log][: len(ids)]
    assert len(ids) == 120


async def test_the_header_of_a_reconnect_goes_before_the_address(
    listen: Listen, served: Serving, memory: AsyncMemory
) -> None:
    await memory.capture(turns(["one", "two", "three"]))
    head = await memory.app.engine.stores.records.head()
    ear = await listen(served, "?after=0", last=head)
    late = await memory.add("late")
    assert (await ear.next()).data["memory_id"] == late.id


async def test_a_long_past_is_read_while_writing_goes_on(
    listen: Listen, served: Serving, memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "PAGE", 7)
    await memory.capture(turns([f"before {n}" for n in range(200)]))

    async def write() -> None:
        for n in range(40):
            await memory.add(f"meanwhile {n}")

    writing = asyncio.create_task(write())
    ears = [await listen(served, "?after=0") for _ in range(5)]
    heard = await asyncio.gather(*(ear.take(240) for ear in ears))
    await writing
    log = [change.seq for change in await memory.app.engine.stores.records.changes(0)][:240]
    for one in heard:
        assert [event.id for event in one] == log


async def test_listeners_hear_only_whom_they_asked_for(listen: Listen, served: Serving, memory: AsyncMemory) -> None:
    alice = await listen(served, "?user_id=alice")
    web = await listen(served, "?project_id=web")
    talk = await listen(served, "?conversation_id=c1&agent_id=claude")
    past = await listen(served, "?user_id=alice&after=0")
    one = await memory.add("one", user_id="alice", project_id="web")
    two = await memory.add("two", user_id="bo", project_id="web")
    three = await memory.add("three", user_id="alice", project_id="app", conversation_id="c1", agent_id="claude")
    await memory.add("four", user_id="bo", project_id="app", conversation_id="c1", agent_id="other")
    names = {one.id: "one", two.id: "two", three.id: "three"}

    async def hear(ear: Ear, count: int) -> list[str]:
        return [f"{heard.name} {names[heard.data['memory_id']]}" for heard in await ear.take(count)]

    assert await hear(alice, 2) == ["added one", "added three"]
    assert await hear(web, 2) == ["added one", "added two"]
    assert await hear(talk, 1) == ["added three"]
    assert await hear(past, 2) == ["added one", "added three"]
    await memory.delete(one.id)
    for ear in (alice, web, talk, past):
        assert await hear(ear, 1) == ["deleted one"]


async def test_texts_can_be_left_out(listen: Listen, served: Serving, memory: AsyncMemory) -> None:
    ear = await listen(served, "?content=false")
    await memory.add("a secret plan", title="hush", metadata={"k": "hidden"})
    heard = await ear.next()
    assert "content" not in heard.data["memory"]
    assert not any(word in json.dumps(heard.data) for word in ("secret", "hush", "hidden"))


async def test_a_summary_is_told_by_its_own_name(listen: Listen, served: Serving, memory: AsyncMemory) -> None:
    ear = await listen(served)
    talk = turns([f"We moved service {n} to Hetzner on Monday" for n in range(12)])
    await memory.capture(talk, conversation_id="c1")
    while (heard := await ear.next()).name != "summary":
        assert heard.name in {"added", "revised"}
    assert heard.data["memory"]["kind"] == "summary"


async def test_the_progress_of_jobs_is_told(listen: Listen, home: Path) -> None:
    memory = AsyncMemory(home, embed=FakeEmbedder(), worker=False)
    async with memory, serving(create_app(memory, memory.app.settings)) as running:
        ear = await listen(running)
        await memory.capture(turns(["We moved to Hetzner on Monday"]))
        begun = {heard.name: heard for heard in [await ear.next(jobs=True) for _ in range(2)]}
        assert begun.keys() == {"added", "jobs"}  # either may be told first
        assert begun["jobs"].id is None
        assert begun["jobs"].data["jobs"] == {"embed": {"ready": 1}, "derive": {"ready": 1}}
        await memory.drain()
        while (heard := await ear.next(jobs=True)).data.get("jobs") != {}:
            assert heard.name in {"jobs", "added", "revised"}


async def test_what_was_deleted_is_not_told_to_who_has_not_heard_of_it_yet(
    listen: Listen, served: Serving, memory: AsyncMemory
) -> None:
    note = await memory.add("the code is 4711")
    await memory.delete(note.id)
    ear = await listen(served, "?after=0")
    heard = await ear.next()
    assert (heard.name, heard.data["memory"]) == ("deleted", None)


async def test_who_stops_reading_is_cut_off_and_the_others_hear_everything(
    listen: Listen,
    served: Serving,
    app: FastAPI,
    memory: AsyncMemory,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams, "STALL", 0.3)
    slow = await listen(served, window=4096)
    quick = [await listen(served) for _ in range(3)]

    async def write() -> None:
        for part in range(16):
            await memory.capture(turns([f"{part} {n} {'x ' * 20_000}" for n in range(10)]), conversation_id="c")

    hub: Hub = app.state.hub
    with caplog.at_level(logging.WARNING, "recollect.api"):
        writing = asyncio.create_task(write())
        heard = await asyncio.gather(*(ear.take(160) for ear in quick))
        await writing
        await until(lambda: hub.listening == 3)
    for one in heard:
        ids = [event.id for event in one if event.id]
        assert ids == sorted(set(ids))
        assert len(ids) == 160
    assert "cut off" in caplog.text
    assert not await slow.ended()
    again = await listen(served, last=slow.last)
    missed = await again.take(5)
    assert all(event.id is not None and slow.last is not None and event.id > slow.last for event in missed)


async def test_who_lags_behind_reads_the_log_again_and_misses_nothing(
    listen: Listen, served: Serving, memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "MOST", 3)
    monkeypatch.setattr(hubs, "PAGE", 10)
    ears = [await listen(served), await listen(served, "?user_id=default&content=false")]
    for part in range(6):
        await memory.capture(turns([f"{part} {n}" for n in range(40)]), conversation_id="c")
    log = [change.seq for change in await memory.app.engine.stores.records.changes(0)][:240]
    for ear in ears:
        assert [event.id for event in await ear.take(240)] == log
    note = await memory.add("live again")
    for ear in ears:
        while (heard := await ear.next()).data["memory_id"] != note.id:
            assert heard.name in {"revised", "summary", "added"}


def test_a_listener_holds_no_more_than_it_may_and_forgets_what_is_deleted() -> None:
    listener = listeners.Listener(Wanted())
    listener.begin(10)
    changes = [Change(seq, START, Add(note(f"text {seq}"))) for seq in range(1, 21)]
    for change in changes:
        listener.offer(told(change))
    doomed = changes[14].event
    assert isinstance(doomed, Add)
    listener.forget({doomed.memory.id})
    assert [item.change.seq for item in listener.take() if item.change] == [11, 12, 13, 14, 16, 17, 18, 19, 20]
    for _ in range(listeners.MOST + 1):
        listener.offer(told(Change(99, START, Delete("gone"))))
    assert listener.lagging
    assert listener.take() == []


async def test_two_hundred_listeners_share_one_reader(
    listen: Listen, served: Serving, app: FastAPI, memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ears = await asyncio.gather(*(listen(served) for _ in range(200)))
    asked = 0
    records = memory.app.engine.stores.records
    real = records.changes

    async def counting(*given: object, **more: object) -> object:
        nonlocal asked
        asked += 1
        return await real(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(records, "changes", counting)
    kept = [await memory.add(f"note {n}") for n in range(10)]
    heard = await asyncio.gather(*(ear.take(10) for ear in ears))
    for one in heard:
        assert [event.data["memory_id"] for event in one] == [note.id for note in kept]
    assert 0 < asked < 100
    assert app.state.hub.listening == 200
    for ear in ears:
        await ear.close()
    await until(lambda: not app.state.hub.listening)
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "recollect-events"]


async def test_what_another_process_writes_is_heard_within_a_second(
    listen: Listen, served: Serving, home: Path
) -> None:
    ear = await listen(served)
    program = (
        "import asyncio, sys, time\n"
        "from recollect import AsyncMemory\n"
        "from recollect.testing.embedder import FakeEmbedder\n"
        "async def main():\n"
        "    async with AsyncMemory(sys.argv[1], embed=FakeEmbedder(), worker=False) as memory:\n"
        "        for n in range(5):\n"
        "            note = await memory.add(f'from afar {n}')\n"
        "            print(note.id, time.time(), flush=True)\n"
        "asyncio.run(main())\n"
    )
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(home), stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout is not None
    for _ in range(5):
        heard = await ear.next()
        arrived = time.time()
        name, written = (await writer.stdout.readline()).split()
        assert heard.data["memory_id"] == name.decode()
        assert arrived - float(written) < 1.0
    assert await writer.wait() == 0


async def test_silence_is_broken_by_signs_of_life_that_carry_the_place(
    listen: Listen, served: Serving, memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs.Follower.batch, "__kwdefaults__", {"beat": 0.05})
    ear = await listen(served, "?user_id=alice")
    for n in range(3):
        await memory.add(f"not for alice {n}", user_id="bo")
    head = await memory.app.engine.stores.records.head()
    while ear.last != head or not ear.comments:
        await asyncio.wait_for(ear._block(), 5)


async def test_a_server_that_stops_ends_its_listeners_cleanly_and_soon(listen: Listen, memory: AsyncMemory) -> None:
    app = create_app(memory, memory.app.settings)
    async with serving(app) as running:
        ears = [await listen(running) for _ in range(20)]
        last = await memory.add("the last words")
        for ear in ears:
            assert (await ear.next()).data["memory_id"] == last.id
        began = time.monotonic()
        running.server.should_exit = True
        await asyncio.wait_for(running.task, 10)
        assert time.monotonic() - began < 2
    for ear in ears:
        assert await ear.ended()


async def test_a_listener_after_the_end_is_told_to_come_back(client: httpx.AsyncClient, app: FastAPI) -> None:
    app.state.hub.close()
    answer = await client.get("/api/events")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"


async def test_pages_for_simple_clients(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    kept = await memory.capture(turns([f"turn {n}" for n in range(7)]), user_id="alice", conversation_id="c")
    await memory.add("other", user_id="bo")
    seen: list[str] = []
    after = 0
    while True:
        page = (await client.get("/api/events", params={"after": after, "limit": 3, "user_id": "alice"})).json()
        if not page["events"]:
            break
        assert len(page["events"]) <= 3
        seen += [event["memory_id"] for event in page["events"] if event["memory"]["kind"] == "turn"]
        after = page["after"]
    assert tuple(seen[:7]) == kept.ids
    head = await memory.app.engine.stores.records.head()
    assert page["after"] == head
    assert (await client.get("/api/events", params={"after": head + 1000})).json() == {"events": [], "after": head}


async def test_a_page_waits_for_its_first_event(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    began = time.monotonic()
    nothing = (await client.get("/api/events", params={"wait": 0.2})).json()
    assert nothing == {"events": [], "after": 0}
    assert time.monotonic() - began >= 0.2
    asking = asyncio.create_task(client.get("/api/events", params={"wait": 20, "user_id": "alice"}))
    await asyncio.sleep(0.1)
    await memory.add("not for alice", user_id="bo")
    note = await memory.add("for alice", user_id="alice")
    page = (await asyncio.wait_for(asking, 5)).json()
    assert [event["memory_id"] for event in page["events"]] == [note.id]


@pytest.mark.parametrize("given", ["-1", "1e3", "99999999999999999999", "٣", "abc", "1 2"])
async def test_a_place_that_cannot_be_is_refused(client: httpx.AsyncClient, given: str) -> None:
    answer = await client.get("/api/events", headers={b"Last-Event-ID": given.encode(), b"Accept": b"application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_input"


async def test_hostile_filters_are_refused_or_find_nothing(client: httpx.AsyncClient, memory: AsyncMemory) -> None:
    await memory.add("kept")
    for value in ("' OR 1=1 --", "%00", "x" * 300):
        answer = await client.get(f"/api/events?user_id={value}")
        assert answer.status_code in {200, 400, 413}
        if answer.status_code == 200:
            assert answer.json()["events"] == []
    for query in ("limit=0", "limit=1001", "wait=31", "after=-1", f"after={2**63}", "content=maybe"):
        assert (await client.get(f"/api/events?{query}")).status_code == 422


async def test_the_reader_goes_on_when_the_store_was_busy(
    listen: Listen, served: Serving, memory: AsyncMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = await listen(served)
    records = memory.app.engine.stores.records
    real = records.changes
    fails = 3

    async def busy(*given: object, **more: object) -> object:
        nonlocal fails
        if fails:
            fails -= 1
            raise StoreBusy("held")
        return await real(*given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(records, "changes", busy)
    note = await memory.add("in spite of all")
    assert (await ear.next()).data["memory_id"] == note.id
    assert fails == 0
