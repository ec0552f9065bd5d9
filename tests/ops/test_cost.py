"""A month is reckoned from measured rates: the arithmetic, where the rates come from, and what changes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recollect.errors import InvalidInput
from recollect.exchange import Census
from recollect.models import Usage
from recollect.ops.cost.estimate import DENSITIES, WAYS, Load, Models, effects, estimate
from recollect.ops.cost.rates import Rate, Rates, seen, shipped
from recollect.ops.cost.tiers import GIGABYTE, Keeping, Stage, measured, stages

NOW = datetime(2026, 5, 1, tzinfo=UTC)
LOAD = Load(sessions=100, turns=10, contexts=2, users=4, months=12, gigabyte=0.1)


class Flat:
    """A dollar for a million tokens in, two for those out, a tenth of one for those the provider has."""

    def dollars(self, tokens_in: int, tokens_out: int, cached_in: int = 0) -> float:
        return (tokens_in - 0.9 * cached_in + 2 * tokens_out) / 1_000_000


MODELS = Models({"extraction": "a", "fusion": "a"}, {"a": Flat()})
RATES = Rates(
    "by hand",
    (
        Rate("extract", "extraction", "turn", 0.5, 1000, 100, 400),
        Rate("fuse", "fusion", "context", 1.0, 2000, 200),
        Rate("sum", "summarization", "turn", 1.0, 9999, 9999),
    ),
    40.0,
    5000.0,
)


def test_calls_tokens_dollars_and_bytes_are_multiplied() -> None:
    found = estimate(RATES, LOAD, MODELS)
    lines = {line.purpose: line for line in found.lines}
    assert (lines["extract"].calls, lines["extract"].tokens_in) == (500, 500_000)
    assert lines["extract"].dollars == pytest.approx(500 * 1200 / 1e6)
    assert lines["fuse"].calls == 200
    assert lines["fuse"].dollars == pytest.approx(200 * 2400 / 1e6)
    assert "sum" not in lines  # the rules do it
    assert (lines["embedding"].tokens_in, lines["embedding"].dollars) == (40_000, 0)
    assert found.gigabytes == pytest.approx(5000 * 1000 * 12 / 1e9)
    assert found.total == pytest.approx(0.6 + 0.48 + found.gigabytes * 0.1)


def test_caches_take_off_what_they_hold() -> None:
    usual = estimate(RATES, LOAD, MODELS).models
    assert estimate(RATES, replace(LOAD, repeats=0.5), MODELS).models == pytest.approx(usual - 0.24)
    assert estimate(RATES, replace(LOAD, kept=1), MODELS).models == pytest.approx(usual - 500 * 400 * 0.9 / 1e6)


def test_an_embedder_of_a_provider_is_paid_for() -> None:
    paid = Models({}, {"e": Flat()}, "e")
    assert estimate(RATES, LOAD, paid).models == pytest.approx(0.04)


def test_nothing_asked_costs_nothing_and_breaks_nothing() -> None:
    empty = Load(0, 0, 0)
    assert estimate(RATES, empty, MODELS).total == 0
    assert all(one.total == 0 for _, one in effects(RATES, empty, MODELS, "usual"))


@pytest.mark.parametrize("run", ["usual", *WAYS, *DENSITIES])
def test_what_ships_is_whole(run: str) -> None:
    rates = shipped(run)
    assert {"extract", "resolve", "classify", "summarise"} <= {rate.purpose for rate in rates.rates}
    assert all(rate.calls > 0 and rate.tokens_in > rate.same_in >= 0 for rate in rates.rates)
    assert 1000 < rates.bytes < 100_000


def test_otherwise_is_what_was_measured() -> None:
    models = Models(dict.fromkeys(("extraction", "classification", "summarization", "fusion"), "a"), {"a": Flat()})
    now = estimate(shipped(), LOAD, models)
    found = dict(effects(shipped(), LOAD, models, "usual"))
    single = found[WAYS["one_by_one"]]
    assert single.models == pytest.approx(estimate(shipped("one_by_one"), LOAD, models).models)
    assert single.models > 1.5 * now.models
    assert found[DENSITIES["dense_0.7"]].models < now.models
    assert found["no model: the offline rules"].models == 0
    assert WAYS["usual"] not in found


CENSUS = Census({"turn": 500}, 500, 10, 1, 500, 0, 0.0, 4_000_000)


def calls(count: int) -> list[Usage]:
    return [
        Usage(NOW, "extract", "x", 800, 50, outcome="answered"),
        Usage(NOW, "extract", "x", outcome="cached"),
        Usage(NOW, "inject", "claude-code", 9000, 9000),
        Usage(NOW, "embedding", "e", 500, 0),
    ] * count


def test_a_store_that_has_seen_enough_speaks_for_itself() -> None:
    found = seen(calls(50), 200, CENSUS)
    assert [(rate.purpose, rate.task, rate.per, rate.calls) for rate in found.rates] == [
        ("extract", "extraction", "turn", 0.25)
    ]
    assert (found.rates[0].tokens_in, found.embedded, found.bytes) == (800, 125, 8000)
    assert "this store" in found.source


def test_one_that_has_not_takes_what_ships() -> None:
    assert seen(calls(5), 200, CENSUS).rates == shipped().rates
    assert seen(calls(50), 50, CENSUS).rates == shipped().rates
    assert seen([], 0, replace(CENSUS, turns=5)) == shipped()


def kept(keeping: Keeping, months: float = 24) -> dict[str, Stage]:
    return {stage.tier: stage for stage in stages(keeping, GIGABYTE, months, 0.1)}


def test_turns_come_from_tier_to_tier_and_each_has_its_size() -> None:
    found = kept(Keeping("answers", warm_after=1, cold_after=3, delete_after=12, away=0.02))
    assert {tier: stage.months for tier, stage in found.items()} == {
        "hot": 1, "warm": 2, "cold": 9, "wasted": 1, "deleted": 11,
    }  # fmt: skip
    texts = measured()["answers"]
    assert found["hot"].gigabytes == 1
    assert found["cold"].gigabytes == pytest.approx(9 * texts.cold / texts.hot)
    assert found["cold"].away == pytest.approx(9 * texts.away / texts.hot)
    assert found["cold"].dollars == pytest.approx(found["cold"].gigabytes * 0.1 + found["cold"].away * 0.02)
    assert found["deleted"].gigabytes == pytest.approx(11 * texts.deleted / texts.hot)


def test_tiers_that_are_never_come_to_are_left_out() -> None:
    assert list(kept(Keeping())) == ["hot"]
    assert list(kept(Keeping(cold_after=30, delete_after=36))) == ["hot"]
    assert list(kept(Keeping(warm_after=0))) == ["warm"]
    assert list(kept(Keeping(delete_after=23.5))) == ["hot", "wasted"]
    assert kept(Keeping(), months=0) == {}


def test_vectors_of_eight_bits_save_the_same_on_each_tier_that_has_vectors() -> None:
    for texts in measured().values():
        saved = (texts.hot - texts.quantised) / texts.hot
        for tier in ("hot", "warm", "cold"):
            assert texts.share(tier, quantised=False) - texts.share(tier, quantised=True) == pytest.approx(saved)
        assert texts.share("deleted", quantised=True) == texts.share("deleted", quantised=False)


def test_tiers_in_another_order_are_refused() -> None:
    with pytest.raises(InvalidInput, match="cold_after"):
        Keeping(warm_after=6, cold_after=3).checked()
    assert Keeping(warm_after=3, cold_after=3).checked().asked
    assert not Keeping().asked


def test_what_is_put_away_is_in_the_estimate_and_so_is_what_it_saves() -> None:
    load = replace(LOAD, keeping=Keeping("answers", cold_after=1))
    found = estimate(RATES, load, MODELS)
    assert found.gigabytes < estimate(RATES, LOAD, MODELS).gigabytes
    assert found.away > 0
    assert dict(effects(RATES, load, MODELS, "usual"))["nothing put away"].gigabytes == pytest.approx(0.06)


def test_the_figures_are_those_of_the_page_on_retention() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "retention.md").read_text(encoding="utf-8")
    rows = {row.split("|")[1].strip(): row for row in page.splitlines() if row.startswith("| ") and row.count("|") == 5}
    lines = {"hot: rows, words, vectors, history": "hot", "warm": "warm", "cold": "cold", "quantised": "quantised",
             "deleted, while it can be undone": "wasted", "deleted for good": "deleted"}  # fmt: skip
    for said, name in lines.items():
        for texts in measured().values():
            assert f"{getattr(texts, name):,}" in rows[said], (said, texts.name)
