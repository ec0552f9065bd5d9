"""PostgreSQL finds what SQLite finds: recall within one point, over spaces, turns and questions made here."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from recollect import AsyncMemory
from recollect.testing.embedder import FakeEmbedder

PEOPLE = ["Anna", "Ben", "Carla", "David", "Emma", "Felix", "Grace", "Henry"]
THINGS = [
    "bicycle",
    "violin",
    "garden",
    "telescope",
    "kitchen",
    "boat",
    "novel",
    "greenhouse",
    "camera",
    "orchard",
    "猫",
    "自行车",
    "小提琴",
    "花园",
]
DEEDS = [
    "repaired",
    "painted",
    "sold",
    "bought",
    "dreamed",
    "about",
    "lost",
    "found",
    "cleaned",
    "photographed",
    "insured",
    "修好了",
    "卖掉了",
]
PLACES = ["Lisbon", "Bergen", "Kyoto", "Oslo", "Quito", "Hanoi", "Turin", "Malmo", "上海", "成都", "杭州"]
FILLERS = [
    "yesterday",
    "afternoon",
    "because",
    "weather",
    "changed",
    "quite",
    "suddenly",
    "while",
    "neighbours",
    "were",
    "watching",
    "silently",
]

SPACES, TURNS, QUESTIONS = 2, 200, 30


def made(seed: int) -> list[dict[str, Any]]:
    """Return spaces in the evaluation format: turns that resemble each other, and questions about some of them."""
    chance = random.Random(seed)
    spaces = []
    for number in range(SPACES):
        turns = []
        for place in range(TURNS):
            said = [chance.choice(words) for words in (PEOPLE, DEEDS, THINGS, PLACES)]
            text = f"{said[0]} {said[1]} the {said[2]} in {said[3]} {' '.join(chance.sample(FILLERS, 5))}."
            turn = {"id": f"t{place}", "conversation": f"c{place // 25}", "text": text, "said": said}
            turns.append({**turn, "role": "user" if place % 2 else "assistant", "speaker": said[0]})
        questions = []
        for _ in range(QUESTIONS):
            turn = chance.choice(turns)
            who, did, what, where = turn["said"]
            same = [one["id"] for one in turns if one["said"][1:] == [did, what, where]]
            questions.append({"question": f"Who {did} a {what} while in {where}?", "evidence": same or [turn["id"]]})
            there = [one["id"] for one in turns if one["said"][2] == what]  # more than ten
            questions.append({"question": f"What did {who} do with the {what}?", "evidence": there})
        spaces.append({"name": f"space{number}", "turns": turns, "questions": questions})
    return spaces


async def filled(store: AsyncMemory, spaces: Sequence[dict[str, Any]]) -> None:
    for space in spaces:
        for start in range(0, TURNS, 25):
            turns = [
                {"role": one["role"], "content": one["text"], "speaker": one["speaker"], "message_id": one["id"]}
                for one in space["turns"][start : start + 25]
            ]
            await store.capture(turns, conversation_id=f"c{start // 25}", user_id=space["name"])
    await store.drain()


async def recall(store: AsyncMemory, spaces: Sequence[dict[str, Any]]) -> float:
    """Return the share of the evidence within the first ten hits, in percent, over all questions."""
    shares = []
    for space in spaces:
        for asked in space["questions"]:
            hits = await store.search(asked["question"], user_id=space["name"], limit=10)
            found = {hit.memory.source.message_id for hit in hits}
            shares.append(len(found & set(asked["evidence"])) / len(asked["evidence"]))
    return 100 * sum(shares) / len(shares)


@pytest.mark.slow
async def test_recall_over_postgresql_is_that_over_sqlite(pgvector_url: str, home: Path, tmp_path: Path) -> None:
    spaces = made(7)
    async with AsyncMemory(home, embed=FakeEmbedder()) as embedded:
        await filled(embedded, spaces)
        wanted = await recall(embedded, spaces)
    assert 20 < wanted < 99, "questions that are always or never answered compare nothing"
    settings = {"store": {"url": pgvector_url}}
    async with AsyncMemory(tmp_path / "server", settings=settings, embed=FakeEmbedder()) as server:
        await filled(server, spaces)
        in_memory = await recall(server, spaces)
        server.app.tenants._limit = 0
        server.app.tenants._shards.clear()
        alone = await recall(server, spaces)
        assert server.app.tenants.nbytes == 0, "nothing was answered from memory"
    assert abs(in_memory - wanted) <= 1
    assert abs(alone - wanted) <= 1
