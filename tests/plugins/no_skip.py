"""Turns skipped tests into failures: `pytest -p tests.plugins.no_skip`, for machines on which everything must be there.

A test may still skip what its operating system or its user cannot show (`root` may write to a read-only folder).
"""

from __future__ import annotations

import re
from collections.abc import Generator

import pytest

ALLOWED = re.compile(r"\b(root|platform|operating system|Windows|macOS|no fork|file system)\b", re.IGNORECASE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that was skipped for want of something."""
    report = yield
    if not hasattr(report, "wasxfail"):
        _judge(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a file that was skipped as a whole."""
    report = yield
    _judge(report)
    return report


def _judge(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if report.outcome == "skipped" and not ALLOWED.search(reason):
        report.outcome = "failed"
        report.longrepr = f"Nothing may be missing here, but this was skipped: {reason}"
