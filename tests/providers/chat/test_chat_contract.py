"""Every provider keeps the contract of Models through its real client library, against the scripted server."""

from __future__ import annotations

from typing import Any

import pytest
from tests.providers.chat.conftest import Build

from recollect.ports import Models
from recollect.testing.model_server import ModelServer
from recollect.testing.models import ModelsContract, Opened

TASKS = ("completion", "extraction", "fusion", "classification", "summarization")
PROVIDERS = {
    "openai": "gpt-4o-mini",
    "openrouter": "deepseek/deepseek-chat-v3-0324:free",
    "siliconflow": "Qwen/Qwen3-8B",
    "dashscope": "qwen-plus",
    "azure": "o4-mini",
    "anthropic": "claude-sonnet-5-5",
    "gemini": "gemini-2.5-flash",
    "ollama": "qwen3:8b",
    "office": "llama",
}
"""Each provider, and a model of it; `office` is any server that speaks OpenAI's form."""


def address(server: ModelServer, provider: str) -> str:
    return server.url if provider in {"anthropic", "gemini", "azure"} else server.openai


class TestProviders(ModelsContract):
    """All of them."""

    @pytest.fixture(params=PROVIDERS)
    def opened(self, request: pytest.FixtureRequest, server: ModelServer, build: Build) -> Opened:
        provider, model = request.param, PROVIDERS[request.param]

        def made(**settings: Any) -> Models:
            place = {"base_url": address(server, provider), "api_key": "sk-secret"}
            tasks = {task: {"model": f"{provider}/{model}"} for task in TASKS}
            return build({"providers": {provider: place}, "tasks": tasks, "timeout": 60, **settings})

        return made
