"""For all tests: failing asserts of the shipped suites show their values; nothing reaches for the user's own data."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.plugins.servers", "tests.plugins.held"]

pytest.register_assert_rewrite("recollect.testing", "tests.faults", "tests.server.fleet")

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests away from ~/.recollect and from settings in the environment."""
    for name in [name for name in os.environ if name.startswith("RECOLLECT_") and name != "RECOLLECT_KILLS"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RECOLLECT_HOME", str(tmp_path_factory.getbasetemp() / "nobody-names-a-home"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a data directory of the test's own, not made yet."""
    return tmp_path / "home"
