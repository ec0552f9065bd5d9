"""What the tests of retention share: stores with something old in them, and their export as it is."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recollect import AsyncMemory
from recollect.ops.export import export
from recollect.ops.retention.run import run
from recollect.settings import load
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder

DAY = 86_400.0
LONG = "The harbour wall was rebuilt with granite from the old quarry after the storm of that winter. "
CHINESE = "港口的城墙在那年冬天的暴风雨之后用旧采石场的花岗岩重新修建，工人们每天清晨出发。"
"""Texts of which a few together are worth a box."""


def silent(done: int, total: int | None, note: str = "") -> None:
    """Take no notice of progress."""


def opened(
    home: Path, policies: Sequence[dict[str, Any]] = (), *, store: dict[str, Any] | None = None, **more: Any
) -> AsyncMemory:
    """Return a store whose settings hold policies; its clock stands still."""
    chosen = {"policies": list(policies), "to": str(home.parent / "cold"), **more.pop("retention", {})}
    backup = more.pop("backup", {})
    settings = load(home, {"retention": chosen, "store": store or {}, "backup": backup}).settings
    return AsyncMemory(settings=settings, embed=FakeEmbedder(), clock=more.pop("clock", None) or FakeClock(), **more)


async def filled(memory: AsyncMemory, talks: int = 2, turns: int = 8) -> None:
    """Write conversations, in two languages, and notes; a hundred days go by."""
    for talk in range(talks):
        said = [
            {
                "role": "user" if turn % 2 else "assistant",
                "speaker": "Bo" if turn % 2 else "Ann",
                "content": f"Turn {turn} of talk {talk}. " + (LONG if turn % 3 else CHINESE) * (1 + 4 * (turn % 2)),
            }
            for turn in range(turns)
        ]
        await memory.capture(said, conversation_id=f"talk-{talk}", user_id="bo", project_id="web")
    await memory.add("The cat sleeps on the warm roof of the bakery", user_id="bo", project_id="web")
    await memory.add("猫在面包店温暖的屋顶上睡觉", user_id="王", project_id="家")
    await memory.drain()
    forward(memory, 100)


def forward(memory: AsyncMemory, days: float) -> None:
    """Let days go by."""
    clock = memory.app.access.clock
    assert isinstance(clock, FakeClock)
    clock.forward(days * DAY)


async def whole(memory: AsyncMemory, *, vectors: bool = True) -> list[str]:
    """Return the lines of an export, sorted: everything the store holds, texts, versions, history and vectors."""
    out = io.BytesIO()
    await export(memory.app.dump, out, silent, vectors=vectors)
    return sorted(line.decode() for line in out.getvalue().splitlines())


async def ran(memory: AsyncMemory, name: str | None = None) -> list[Any]:
    """Run the policies, and wait for the jobs they leave behind."""
    done = await run(memory.app, memory.actor, silent, name)
    await memory.drain()
    return done


def raw(*places: Path) -> bytes:
    """Return the bytes of every file, and of what is compressed in one."""
    found = b""
    for place in places:
        for path in sorted(place.rglob("*")):
            if path.is_file():
                content = path.read_bytes()
                found += content
                try:
                    found += zlib.decompress(content)
                except zlib.error:
                    continue
    return found


def text_of(line: str) -> str:
    """Return the text of a line of an export, "" where it has none."""
    values = next(iter(json.loads(line).values()))
    return str(values.get("text", "")) if isinstance(values, dict) else ""
