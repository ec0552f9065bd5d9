"""An open library, the application over it, and a client of it in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from recollect import AsyncMemory
from recollect.api.app import create_app
from recollect.settings import Settings
from recollect.testing.clock import FakeClock
from recollect.testing.embedder import FakeEmbedder


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def memory(home: Path, clock: FakeClock) -> AsyncIterator[AsyncMemory]:
    settings = {"worker": {"poll": 0.02}}
    async with AsyncMemory(home, embed=FakeEmbedder(), clock=clock, settings=settings) as opened:
        yield opened


@pytest.fixture
def app(memory: AsyncMemory, home: Path) -> FastAPI:
    return create_app(memory, Settings.model_validate({"home": home}))


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as opened:
        yield opened
