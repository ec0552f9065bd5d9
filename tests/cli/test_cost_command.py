"""`recollect cost` reckons without a store, from a store, and for models whose price is known or not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.cli.conftest import Run

from recollect import AsyncMemory
from recollect.clock import SystemClock
from recollect.models import Usage

PRICES = '{"office/*": [1, 2]}'
OFFICE = '{"office": {"base_url": "http://10.0.0.5/v1"}}'


@pytest.fixture(autouse=True)
def _prices(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOLLECT_MODELS__PRICES", PRICES)
    monkeypatch.setenv("RECOLLECT_MODELS__PROVIDERS", OFFICE)


def test_a_month_is_reckoned_without_a_store(recollect: Run, home: Path) -> None:
    found = recollect("cost", "--sessions", "1000", "--model", "office/big", "--users", "10", "--json").json
    lines = {line["purpose"]: line for line in found["lines"]}
    assert lines["extract"]["model"] == "office/big"
    expected = sum((line["tokens_in"] + 2 * line["tokens_out"]) / 1e6 for line in lines.values() if line["model"])
    assert found["total"] == pytest.approx(expected + found["storage"]["dollars"], rel=0.01)
    assert found["per_user"] == pytest.approx(found["total"] / 10)
    assert found["source"].startswith("bench/cost.py")
    assert not home.exists()


def test_a_table_is_shown(recollect: Run) -> None:
    done = recollect("cost", "--model", "office/big", "--model", "fusion=local/qwen2.5-1.5b-instruct")
    assert done.code == 0
    for said in ("extract", "office/big", "local/qwen", "storage", "total", "otherwise", "no model"):
        assert said in done.out


def test_an_unknown_price_is_told(recollect: Run) -> None:
    done = recollect("cost", "--model", "ollama/own-model")
    assert (done.code, "no price of ollama/own-model is known" in done.err) == (0, True)


@pytest.mark.parametrize("given", [["--model", "nobody-knows-this"], ["--model", "cooking=office/big"],
                                   ["--sessions", "-1"], ["--repeats", "2"],
                                   ["--warm-after", "6", "--cold-after", "3"], ["--texts", "poems"]])  # fmt: skip
def test_what_cannot_be_reckoned_is_refused(recollect: Run, given: list[str]) -> None:
    done = recollect("cost", *given)
    assert (done.code, done.out) != (0, "")
    assert done.err


async def _use(home: Path) -> None:
    now = SystemClock().now()
    async with AsyncMemory(home, worker=False) as memory:
        records = memory.app.engine.stores.records
        await records.spend([Usage(now, "extract", "office/big", 700, 70, 0.1, outcome="answered")] * 30)
        turns = [
            {"role": "user", "content": f"The heron number {number} stands in the reeds."} for number in range(120)
        ]
        await memory.capture(turns, conversation_id="c")


def test_a_store_that_was_used_tells_its_own_rates(recollect: Run, home: Path) -> None:
    asyncio.run(_use(home))
    found = recollect("cost", "--model", "office/big", "--json").json
    (line,) = [line for line in found["lines"] if line["purpose"] != "embedding"]
    assert line["calls"] == pytest.approx(15_000 * 30 / 120)
    assert "this store: 120 turns" in found["source"]
    assert recollect("cost", "--shipped", "--json").json["source"].startswith("bench/cost.py")


def test_usage_is_added_up_by_one_thing(recollect: Run, home: Path) -> None:
    asyncio.run(_use(home))
    for by, name in (("day", "day"), ("model", "model"), ("purpose", "purpose"), ("project", "project_id")):
        (row,) = recollect("usage", "--by", by, "--json").json["rows"]
        assert (row["calls"], row["tokens_in"], name in row) == (30, 21_000, True)
    assert recollect("usage", "--by", "model", "--since", "2100-01-01", "--json").json["rows"] == []
    assert "office/big" in recollect("usage", "--by", "model").out
    assert recollect("usage", "--since", "yesterday-ish").code == 2
    assert recollect("usage", "--json").json["store"]["turns"] == 120


def test_what_putting_away_saves_is_shown(recollect: Run) -> None:
    asked = ("--months", "24", "--cold-after", "3", "--delete-after", "12", "--texts", "answers")
    storage = recollect("cost", *asked, "--json").json["storage"]
    assert [stage["tier"] for stage in storage["tiers"]] == ["hot", "cold", "wasted", "deleted"]
    assert storage["source"].startswith("bench/keep.py")
    assert storage["dollars"] == pytest.approx(sum(stage["dollars"] for stage in storage["tiers"]))
    told = recollect("cost", *asked).out
    for said in ("cold", "can be undone", "GB away", "chats with assistants", "nothing put away"):
        assert said in told
    assert "can be undone" not in recollect("cost").out
