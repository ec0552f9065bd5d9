"""Which models do what: never one that the settings do not name, and in the forms that older systems wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recollect.errors import ConfigError
from recollect.settings import FusionSettings, Plan, Settings, described, load, plan

KEYS = {
    "OPENROUTER_API_KEY": "or-1",
    "SILICONFLOW_API_KEY": "sf-1",
    "GEMINI_API_KEY": "ge-1",
    "DASHSCOPE_API_KEY": "ds-1",
    "MEM0_DASHSCOPE_API_KEY": "ds-2",
    "OPENAI_API_KEY": "oa-1",
    "ANTHROPIC_API_KEY": "an-1",
    "AZURE_OPENAI_API_KEY": "az-1",
    "AZURE_OPENAI_ENDPOINT": "https://mine.openai.azure.com",
    "AZURE_OPENAI_DEPLOYMENT": "o4-mini",
    "AZURE_OPENAI_API_VERSION": "2024-02-01",
}
FREE = "openrouter/deepseek/deepseek-chat-v3-0324:free"
PHASE_4 = """
mini_llm:
  enabled: true
  local_models:
    enabled: true
    models_dir: "./models"
    default_model: "qwen2.5-0.5b-instruct"
    max_memory_gb: 2.5
  task_routing:
    classification:
      model: "qwen2.5-0.5b-instruct"
      fallback: "siliconflow/qwen3-8b"
    summarization:
      model: "qwen2.5-1.5b-instruct"
      fallback: "siliconflow/deepseek-v3"
    embedding:
      model: "siliconflow/qwen3-embedding-8b"
      fallback: "gemini/text-embedding-004"
  cache:
    enabled: true
    max_size_mb: 400
    ttl_seconds: 1800
  performance:
    batch_size: 8
    max_concurrent: 3
    timeout_seconds: 10
"""


def loaded(home: Path, file: str = "", **env: str) -> Settings:
    if file:
        (home / "recollect.yaml").write_text(file, encoding="utf-8")
    return load(home, environ=env).settings


def routes(found: Plan) -> dict[str, str]:
    return {task: described(route.steps) for task, route in found.routes.items()}


def test_keys_alone_have_nobody_asked(tmp_path: Path) -> None:
    found = plan(loaded(tmp_path, **KEYS))
    assert (found.routes, found.places) == ({}, {})


def test_enabled_takes_the_usual_models_of_keys_that_are_known(tmp_path: Path) -> None:
    found = plan(loaded(tmp_path, MINI_LLM__ENABLED="true", OPENROUTER_API_KEY="or-1"))
    assert routes(found) == {"completion": FREE, "fusion": FREE, "extraction": FREE}
    assert found.routes["completion"].max_tokens == 1000
    assert found.places["openrouter"].api_key == "or-1"


def test_keys_of_other_programs_are_not_taken_by_enabled(tmp_path: Path) -> None:
    env = {"RECOLLECT_MODELS__ENABLED": "true", "OPENAI_API_KEY": "oa-1", "ANTHROPIC_API_KEY": "an-1"}
    assert plan(loaded(tmp_path, **env)).places == {}
    mine = {**env, "RECOLLECT_MODELS__PROVIDERS__ANTHROPIC__API_KEY": "an-2"}
    found = plan(loaded(tmp_path, **mine))
    assert routes(found) == {"extraction": "anthropic/claude-sonnet-5-5"}
    assert found.places["anthropic"].api_key == "an-2"


def test_a_task_that_names_a_model_uses_the_providers_usual_key(tmp_path: Path) -> None:
    env = {**KEYS, "RECOLLECT_MODELS__TASKS__COMPLETION__MODEL": "gpt-5-mini"}
    found = plan(loaded(tmp_path, **env))
    assert routes(found) == {"completion": "openai/gpt-5-mini"}
    assert found.places["openai"].api_key == "oa-1"


def test_all_keys_and_enabled_give_the_chains_of_the_docs(tmp_path: Path) -> None:
    found = plan(loaded(tmp_path, MINI_LLM__ENABLED="true", **KEYS), local=lambda _: True)
    assert routes(found) == {
        "completion": f"{FREE} -> local/qwen2.5-1.5b-instruct -> gemini/gemini-2.5-flash -> azure/o4-mini"
        " -> dashscope/qwen-plus",
        "fusion": f"gemini/gemini-2.5-flash -> {FREE}",
        "classification": "local/qwen2.5-0.5b-instruct -> siliconflow/Qwen/Qwen3-8B",
        "summarization": "local/qwen2.5-1.5b-instruct -> siliconflow/deepseek-ai/DeepSeek-V3",
        "extraction": f"{FREE} -> gemini/gemini-2.5-flash -> dashscope/qwen-plus",
    }
    azure = found.places["azure"]
    assert (azure.kind, azure.base_url, azure.api_version) == ("azure", KEYS["AZURE_OPENAI_ENDPOINT"], "2024-02-01")
    assert found.places["dashscope"].api_key == "ds-1"


def test_switched_off_asks_nobody_whatever_else_is_named(tmp_path: Path) -> None:
    env = {"RECOLLECT_MODELS__ENABLED": "false", "RECOLLECT_MODELS__TASKS__COMPLETION__MODEL": "ollama/qwen3:8b"}
    assert plan(loaded(tmp_path, **env)).routes == {}


def test_the_yaml_of_older_systems_is_read(tmp_path: Path) -> None:
    settings = loaded(tmp_path, PHASE_4, SILICONFLOW_API_KEY="sf-1")
    assert routes(plan(settings)) == {
        "classification": "local/qwen2.5-0.5b-instruct -> siliconflow/Qwen/Qwen3-8B",
        "summarization": "local/qwen2.5-1.5b-instruct -> siliconflow/deepseek-ai/DeepSeek-V3",
    }
    assert (settings.models.cache.max_size_mb, settings.models.cache.ttl_seconds) == (400, 1800)
    assert (settings.models.concurrency, settings.models.timeout) == (3, 10.0)
    assert (settings.local.max_memory_gb, str(settings.local.models_dir)) == (2.5, "models")


def test_the_env_names_of_older_systems_are_read(tmp_path: Path) -> None:
    env = {
        "MODELS__PROVIDERS__OPENROUTER__API_KEY": "or-1",
        "MINI_LLM__ENABLED": "true",
        "MINI_LLM__MODEL": "deepseek/deepseek-chat-v3-0324:free",
        "MINI_LLM__CACHE__TTL_SECONDS": "60",
    }
    settings = loaded(tmp_path, **env)
    assert routes(plan(settings))["completion"] == FREE
    assert settings.models.cache.ttl_seconds == 60


def test_the_fusers_own_file_is_read_and_names_its_model(tmp_path: Path) -> None:
    told = "enabled: true\nmodel: gemini-2.5-flash\ntemperature: 0.3\nprompt_template: ./prompts/mine.txt\n"
    (tmp_path / "memory_fuser_config.yaml").write_text(f"{told}token_limit: 600\nlanguage: zh\n", encoding="utf-8")
    settings = loaded(tmp_path, GEMINI_API_KEY="ge-1")
    assert settings.fusion == FusionSettings(
        enabled=True,
        model="gemini-2.5-flash",
        temperature=0.3,
        prompt_template=Path("prompts/mine.txt"),
        token_limit=600,
        language="zh",
    )
    assert routes(plan(settings)) == {"fusion": "gemini/gemini-2.5-flash"}
    (tmp_path / "memory_fuser_config.yaml").write_text("enabled: false\nmodel: gemini-2.5-flash\n", encoding="utf-8")
    assert plan(loaded(tmp_path, GEMINI_API_KEY="ge-1", MINI_LLM__ENABLED="true")).routes.keys() >= {"completion"}
    assert "fusion" not in plan(loaded(tmp_path, GEMINI_API_KEY="ge-1", MINI_LLM__ENABLED="true")).routes


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("gemini-2.5-flash", "gemini/gemini-2.5-flash"),
        ("claude-4-5-sonnet-latest", "anthropic/claude-sonnet-5-5"),
        ("gpt-5-mini", "openai/gpt-5-mini"),
        ("o4-mini", "openai/o4-mini"),
        ("qwen-plus", "dashscope/qwen-plus"),
        ("Qwen/Qwen2.5-1.5B-Instruct", "siliconflow/Qwen/Qwen2.5-1.5B-Instruct"),
        ("Qwen3-8B@siliconflow", "siliconflow/Qwen/Qwen3-8B"),
        ("deepseek/deepseek-chat-v3-0324:free", FREE),
        ("openrouter/qwen/qwen3-8b", "openrouter/qwen/qwen3-8b"),
        ("qwen2.5-1.5b-instruct", "local/qwen2.5-1.5b-instruct"),
        ("local", "local/qwen2.5-0.5b-instruct"),
        ("azure", "azure/o4-mini"),
        ("office/qwen3", "office/qwen3"),
    ],
)
def test_names_of_models_are_read(tmp_path: Path, name: str, told: str) -> None:
    providers: dict[str, Any] = {"office": {"base_url": "http://10.0.0.5:8000/v1"}}
    values = {"providers": providers, "tasks": {"completion": {"model": [name]}}}
    settings = load(tmp_path, {"models": values}, KEYS).settings
    assert routes(plan(settings)) == {"completion": told}


@pytest.mark.parametrize(
    ("models", "said"),
    [
        ({"tasks": {"completion": {"model": "openai/gpt-5"}}}, "models.providers.openai.api_key is missing"),
        ({"tasks": {"completion": {"model": "azure/x"}}}, "models.providers.azure.base_url is missing"),
        ({"tasks": {"completion": {"model": "mystery"}}}, "names 'mystery', and whose model that is is not known"),
        ({"tasks": {"completion": {"model": "gemini"}}}, "names the provider gemini but no model of it"),
        (
            {
                "providers": {"x": {"base_url": "http://h", "api_key": "se\ncret"}},
                "tasks": {"fusion": {"model": "x/y"}},
            },
            "api_key cannot be sent",
        ),
    ],
)
def test_what_cannot_be_asked_is_said_at_the_start(tmp_path: Path, models: dict[str, Any], said: str) -> None:
    settings = load(tmp_path, {"models": models}, {}).settings
    with pytest.raises(ConfigError, match=said):
        plan(settings)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"RECOLLECT_MODELS__TASKS__POETRY__MODEL": "x/y"}, "models.tasks.poetry"),
        ({"RECOLLECT_MODELS__PROVIDERS__X__BASE_URL": "ftp://x"}, "models.providers.x.base_url"),
        ({"RECOLLECT_MODELS__PROVIDERS": "none"}, "write it as JSON"),
        ({"RECOLLECT_MODELS__BUDGET__DOLLARS": "-1"}, "models.budget.dollars"),
        ({"MINI_LLM__POWER": "9"}, "There is no setting mini_llm.power"),
        ({"MINI_LLM__CACHE__SIZE": "9"}, "There is no setting mini_llm.cache.size"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, env: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(tmp_path, environ=env)


def test_keys_are_never_shown(tmp_path: Path) -> None:
    env = {**KEYS, "MODELS__PROVIDERS__OPENROUTER__API_KEY": "or-secret"}
    shown = str(load(tmp_path, environ=env).effective())
    assert not [key for key in (*KEYS.values(), "or-secret") if key.endswith(("-1", "-2", "secret")) and key in shown]
    found = {item.name: item.origin for item in load(tmp_path, environ=env).effective()}
    assert found["models.providers.openrouter.api_key"] == "environment"


def test_tables_may_be_json_in_the_environment(tmp_path: Path) -> None:
    env = {
        "RECOLLECT_MODELS__PROVIDERS": '{"x": {"base_url": "http://h"}}',
        "RECOLLECT_MODELS__TASKS": '{"fusion": {"model": "x/a, x/b"}}',
        "RECOLLECT_MODELS__BUDGET__TOKENS": "off",
    }
    settings = loaded(tmp_path, **env)
    assert routes(plan(settings)) == {"fusion": "x/a = x/b"}
    assert settings.models.budget.tokens is None


def test_a_batch_size_says_how_many_turns_are_read_at_once(tmp_path: Path) -> None:
    assert loaded(tmp_path, MINI_LLM__PERFORMANCE__BATCH_SIZE="7").infer.batch == 7
    assert loaded(tmp_path, PHASE_4).infer.batch == 8
    with pytest.raises(ConfigError, match=r"infer\.batch"):
        loaded(tmp_path, MINI_LLM__PERFORMANCE__BATCH_SIZE="many")


def test_a_fallback_of_the_embedder_counts_where_it_is_the_same_model(tmp_path: Path) -> None:
    assert loaded(tmp_path, PHASE_4).embedder.fallbacks == ()
    same = PHASE_4.replace("gemini/text-embedding-004", "openrouter/qwen/qwen3-embedding-8b")
    (spare,) = loaded(tmp_path, same, OPENROUTER_API_KEY="or-1").embedder.fallbacks
    assert (spare.base_url, spare.model) == ("https://openrouter.ai/api/v1", "qwen/qwen3-embedding-8b")
    assert spare.api_key is not None
    (tmp_path / "recollect.yaml").unlink()
    route = "MINI_LLM__TASK_ROUTING__EMBEDDING__"
    told = {f"{route}MODEL": "siliconflow/qwen3-embedding-8b", f"{route}FALLBACK": "ollama/qwen3-embedding-8b"}
    settings = loaded(tmp_path, **told)
    assert settings.embedder.model == "Qwen/qwen3-embedding-8b"
    assert [one.base_url for one in settings.embedder.fallbacks] == ["http://localhost:11434/v1"]
