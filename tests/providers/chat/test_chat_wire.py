"""What goes over the wire besides the question: keys, caching, and nothing that was not asked for."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from tests.providers.chat.conftest import Build, Spent

from recollect.exchange import Asking
from recollect.providers.chat.language import LanguageModels
from recollect.testing.model_server import Answer, Failure, ModelServer, Raw

KEY = "sk-very-secret"
TALK = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "你好"}]
ASKING = Asking("completion", "test", TALK)


def one(build: Build, server: ModelServer, model: str, *, key: str = KEY, **more: Any) -> LanguageModels:
    provider, _, _ = model.partition("/")
    address = server.url if provider in {"anthropic", "gemini", "azure"} else server.openai
    place = {"base_url": address, **({"api_key": key} if key else {})}
    return build({"providers": {provider: place}, "tasks": {"completion": {"model": model, **more}}})


async def test_anthropic_keeps_what_the_system_says(build: Build, server: ModelServer, spent: Spent) -> None:
    server.script(Answer("Hi.", tokens_in=5, tokens_out=2, cached_in=1000))
    models = one(build, server, "anthropic/claude-haiku-5-5")
    assert await models.ask(ASKING) is not None
    (request,) = server.requests
    assert request.body["system"][0]["cache_control"]["type"] == "ephemeral"
    await models.settled()
    (row,) = spent.rows
    assert row.tokens_in == 1005
    assert 0 < row.cost < 1005 * 0.5e-6  # what the provider had kept costs a tenth


async def test_each_provider_is_shown_its_key_in_its_own_way(build: Build, server: ModelServer) -> None:
    for model in ("openai/gpt-4o-mini", "azure/gpt-4o-mini", "gemini/gemini-2.5-flash", "anthropic/claude-haiku-5-5"):
        await one(build, server, model).ask(ASKING)
    first, second, third, fourth = (request.headers for request in server.requests)
    assert first["authorization"] == fourth["authorization"] == f"Bearer {KEY}"
    assert second["api-key"] == KEY
    assert third["x-goog-api-key"] == KEY
    assert "/openai/deployments/gpt-4o-mini/" in server.requests[1].path


async def test_keys_of_other_programs_do_not_go_out(
    build: Build, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "ANTHROPIC_AUTH_TOKEN", "OLLAMA_API_KEY"):
        monkeypatch.setenv(name, "of-another-program")
    await one(build, server, "ollama/qwen3:8b", key="").ask(ASKING)
    await one(build, server, "office/x", key="").ask(ASKING)
    await one(build, server, "anthropic/claude-haiku-5-5").ask(ASKING)
    assert len(server.requests) == 3
    assert "of-another-program" not in str([request.headers for request in server.requests])
    assert "authorization" not in server.requests[0].headers


async def test_a_key_is_in_no_message(build: Build, server: ModelServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "recollect")
    server.usually(Failure(401, f"Incorrect API key provided: {KEY}"))
    models = one(build, server, "office/x")
    assert await models.ask(ASKING) is None
    (probe,) = await models.probe()
    assert "left alone" in str(probe.error)
    assert "******" in caplog.text
    assert KEY not in caplog.text


async def test_qwen3_is_told_not_to_think_unless_it_may(build: Build, server: ModelServer) -> None:
    await one(build, server, "siliconflow/Qwen/Qwen3-8B").ask(ASKING)
    await one(build, server, "siliconflow/Qwen/Qwen3-8B", thinking=True).ask(ASKING)
    assert [request.body.get("enable_thinking") for request in server.requests] == [False, None]


async def test_servers_of_openais_form_are_told_the_limit_in_its_old_name(build: Build, server: ModelServer) -> None:
    await one(build, server, "office/x", max_tokens=33, temperature=0.7).ask(ASKING)
    body = server.requests[0].body
    assert (body["max_tokens"], body["temperature"]) == (33, 0.7)


async def test_an_answer_without_end_is_given_up(build: Build, server: ModelServer) -> None:
    server.script(Raw([b'{"choices": [{"message": {"content": "', *[b"x" * 1_000_000] * 12, b'"}}]}']))
    assert await one(build, server, "office/x").ask(ASKING) is None


async def test_tokens_are_estimated_where_the_server_tells_none(
    build: Build, server: ModelServer, spent: Spent
) -> None:
    server.script(Answer("One two three.", usage=False))
    models = one(build, server, "office/x")
    await models.ask(ASKING)
    await models.settled()
    (row,) = spent.rows
    assert row.tokens_in > 0
    assert row.tokens_out > 0


async def test_each_model_is_probed_once(build: Build, server: ModelServer) -> None:
    place = {"base_url": server.openai}
    tasks = {
        "completion": {"model": "x/a", "fallbacks": "x/b"},
        "extraction": {"model": "x/b"},
    }
    models = build({"providers": {"x": place}, "tasks": tasks})
    server.usually(Failure(404), model="b")
    found = {probe.model: probe.error for probe in await models.probe()}
    assert found.keys() == {"x/a", "x/b"}
    assert found["x/a"] is None
    assert "404" in str(found["x/b"])
