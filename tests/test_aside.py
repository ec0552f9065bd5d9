"""What takes long leaves the event loop to others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from recollect import AsyncMemory, engine
from recollect.aside import DEEP, EACH, MUCH, aside, on_thread, size
from recollect.process.judged import judged


async def test_little_is_done_at_once_and_much_on_a_thread() -> None:
    assert await aside(threading.get_ident, MUCH - 1) == threading.get_ident()
    assert await aside(threading.get_ident, MUCH) != threading.get_ident()


async def test_what_goes_wrong_on_the_thread_is_told() -> None:
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 // 0, MUCH)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


async def test_a_thread_works_in_the_context_of_who_asks(threads: ThreadPoolExecutor) -> None:
    asked: ContextVar[str] = ContextVar("asked")
    asked.set("here")
    assert await on_thread(threads, asked.get) == "here"
    with pytest.raises(ZeroDivisionError):
        await on_thread(threads, lambda: 1 // 0)


async def test_who_is_cancelled_leaves_the_work_running_to_its_end(threads: ThreadPoolExecutor) -> None:
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait(10)
        done.set()

    waiting = on_thread(threads, work)
    await asyncio.to_thread(begun.wait, 10)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go_on.set()
    assert await asyncio.to_thread(done.wait, 10)


async def test_work_that_never_began_is_cancelled_with_its_threads(threads: ThreadPoolExecutor) -> None:
    go_on = threading.Event()
    first, second = on_thread(threads, go_on.wait), on_thread(threads, threading.get_ident)
    threads.shutdown(wait=False, cancel_futures=True)
    go_on.set()
    assert await first
    with pytest.raises(asyncio.CancelledError):
        await second


def test_a_loop_that_was_closed_meanwhile_is_left_alone(threads: ThreadPoolExecutor) -> None:
    go_on = threading.Event()

    async def leave() -> None:
        on_thread(threads, go_on.wait)

    asyncio.run(leave())
    go_on.set()
    assert threads.submit(threading.get_ident).result(10) != threading.get_ident()


@pytest.mark.parametrize(
    ("value", "characters"),
    [
        ("abc", 3),
        (None, 0),
        (7, 0),
        (b"bytes", 0),
        ([{"content": "abc"}, {"content": [{"type": "text", "text": "de"}]}], 3 * EACH + 9),
        ([[[[[["lost"]]]]]], 0),
        ({"turns": 3}, EACH),
    ],
)
def test_the_size_of_whatever_comes_is_told(value: object, characters: int) -> None:
    assert size(value) == characters


def test_what_is_nested_without_end_is_not_followed() -> None:
    value: list[Any] = []
    value.append(value)
    assert size(value) == 0
    assert size([["x"]], DEEP) == 1


Call = Callable[[AsyncMemory, str], Awaitable[object]]
CALLS: list[tuple[str, Call]] = [
    ("capture", lambda memory, text: memory.capture([{"role": "user", "content": text}], user_id="u")),
    ("add", lambda memory, text: memory.add(text, user_id="u")),
    ("add_all", lambda memory, text: memory.add_all([{"text": text}], user_id="u")),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
async def test_a_long_text_is_read_beside_the_loop(
    name: str, call: Call, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def noted(*given: Any, **more: Any) -> Any:
        seen.append(threading.get_ident())
        return judged(*given, **more)

    monkeypatch.setattr(engine, "judged", noted)
    async with AsyncMemory(home, worker=False) as memory:
        await call(memory, "Short words about the deploy.")
        await call(memory, "Long words about the deploy. " * 4000)
    assert seen[0] == threading.get_ident() != seen[1], name
