"""The rules of redaction are sound, and the arithmetic behind them right."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from recollect.capture.intake import draft
from recollect.capture.proof import CHECKS, entropy, luhn
from recollect.capture.secret import Rule, book, compiled
from recollect.models import Role, Scope, Turn


@pytest.mark.parametrize("rule", book().rules, ids=lambda rule: rule.kind)
def test_a_rule_names_what_it_masks_and_a_check_that_exists(rule: Rule) -> None:
    pattern = compiled(rule.pattern)
    assert rule.check in CHECKS
    assert pattern.groups == len(pattern.groupindex)
    assert all(name.startswith("secret") for name in pattern.groupindex)
    assert pattern.search("") is None


def test_hints_that_are_sought_in_lower_case_are_in_lower_case() -> None:
    rules = book()
    assert all(hint == hint.lower() for hint, _ in (*rules.hints, *rules.run_hints))


def test_every_rule_can_be_reached() -> None:
    rules = book()
    hinted = {index for _, index in (*rules.hints, *rules.run_hints, *rules.starts)} | {rules.card}
    assert hinted == set(range(len(rules.rules)))


@pytest.mark.parametrize("kind", sorted(book().words))
def test_word_patterns_compile(kind: str) -> None:
    assert compiled(book().words[kind]).match("") is None


def test_the_check_digit_is_that_of_the_standard() -> None:
    assert luhn("79927398713")
    assert not any(luhn(f"7992739871{digit}") for digit in "012456789")


def test_entropy_is_counted_in_bits() -> None:
    assert entropy("aaaa") == 0
    assert math.isclose(entropy("abcd"), 2)


def test_capture_of_a_turn_is_cheap() -> None:
    """The budget is 50 microseconds; ten times that passes, for a machine that does other things too."""
    turns = [
        Turn(Role.USER, f"{number}: we should move the parser to a module of its own {'word ' * 18}")
        for number in range(500)
    ]
    now = datetime(2026, 11, 20, tzinfo=UTC)
    draft(turns, Scope(), now)
    start = datetime.now(UTC)
    draft(turns, Scope(), now)
    assert (datetime.now(UTC) - start).total_seconds() / 500 < 500e-6
