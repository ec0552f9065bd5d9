"""What takes long leaves the event loop to others."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from recollect import AsyncMemory, engine
from recollect.aside import DEEP, EACH, MUCH, aside, size
from recollect.process.judged import judged


async def test_little_is_done_at_once_and_much_on_a_thread() -> None:
    assert await aside(threading.get_ident, MUCH - 1) == threading.get_ident()
    assert await aside(threading.get_ident, MUCH) != threading.get_ident()


async def test_what_goes_wrong_on_the_thread_is_told() -> None:
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 // 0, MUCH)


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
