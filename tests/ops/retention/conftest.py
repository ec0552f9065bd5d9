"""Stores to put away from, in a file and in PostgreSQL, and what tests do with them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.ops.retention.kept import opened

from recollect import AsyncMemory

Opener = Callable[..., Any]


@pytest.fixture(params=["sqlite", "postgresql"])
async def keep(request: pytest.FixtureRequest, home: Path) -> AsyncIterator[Opener]:
    """Return what opens a store of the test's own with policies; cold texts go to `cold` beside its home."""
    store = {"url": request.getfixturevalue("postgres_url")} if request.param == "postgresql" else {}
    async with AsyncExitStack() as stack:

        async def open_(*policies: dict[str, Any], **more: Any) -> AsyncMemory:
            return await stack.enter_async_context(opened(home, policies, store=store, **more))

        yield open_
