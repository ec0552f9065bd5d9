"""A table of what held, printed when long proofs were run: what was done how often, and what was measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

Held = Callable[[str, int, str], None]

HELD: Final = "held"
"""Under this name a test's report carries its line."""
OUTCOMES: Final = {"passed": "yes", "failed": "NO", "skipped": "not run"}


@pytest.fixture
def held(record_property: Callable[[str, object], None]) -> Held:
    """Return how a test says what it did, how often, and what it measured: its line of the table."""

    def say(what: str, times: int, figures: str = "") -> None:
        record_property(HELD, [what, str(times), figures])

    return say


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table, a line for every long proof; one that has said nothing goes by its name."""
    rows = [("what", "times", "held", "figures")]
    for outcome, verdict in OUTCOMES.items():
        for report in terminalreporter.stats.get(outcome, []):
            if not isinstance(report, pytest.TestReport) or "slow" not in report.keywords:
                continue
            rows += [(what, times, verdict, figures) for what, times, figures in _said(report)]
    if len(rows) == 1:
        return
    terminalreporter.section("what held")
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    for what, times, verdict, figures in rows:
        line = f"{what:<{widths[0]}}  {times:>{widths[1]}}  {verdict:<{widths[2]}}  {figures}"
        terminalreporter.write_line(line.rstrip())


def _said(report: pytest.TestReport) -> list[tuple[str, str, str]]:
    found: list[Any] = [value for name, value in report.user_properties if name == HELD]
    said = [(str(what), str(times), str(figures)) for what, times, figures in found]
    return said or [(_words(report), "1", f"{report.duration:.0f} s")]


def _words(report: pytest.TestReport) -> str:
    """Return a test's name as the sentence that it is."""
    name, bracket, case = report.nodeid.rpartition("::")[2].partition("[")
    return name.removeprefix("test_").replace("_", " ") + (f" ({case.rstrip(']')})" if bracket else "")
