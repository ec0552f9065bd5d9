"""Asserts of the pieces of the fault tests show their values."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.faults", "tests.server.fleet")
