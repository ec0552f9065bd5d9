"""The settings of language models in the forms that older systems had: a `mini_llm` section, and names of variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeGuard, get_args

from recollect.errors import ConfigError
from recollect.exchange import ModelTask
from recollect.settings.route import KNOWN

PLAIN: Final = {
    "AZURE_OPENAI_ENDPOINT": ("azure", "base_url"),
    "AZURE_OPENAI_DEPLOYMENT": ("azure", "model"),
    "AZURE_OPENAI_API_VERSION": ("azure", "api_version"),
    "ANTHROPIC_API_URL": ("anthropic", "base_url"),
    "OPENAI_BASE_URL": ("openai", "base_url"),
    "MEM0_LLM_MODEL": ("dashscope", "model"),
}
"""Variables that say more of a provider than its key."""
PROVIDER: Final = re.compile(r"MODELS__PROVIDERS__(\w+?)__(API_KEY|BASE_URL|MODEL|KIND|API_VERSION)")
CACHE: Final = {"enabled": "enabled", "ttl_seconds": "ttl_seconds", "max_size_mb": "max_size_mb"}
PERFORMANCE: Final = {"max_concurrent": "concurrency", "timeout_seconds": "timeout"}
ROUTING: Final = {
    "model": "model",
    "preferred_model": "model",
    "fallback": "fallbacks",
    "fallbacks": "fallbacks",
    "fallback_models": "fallbacks",
    "temperature": "temperature",
    "max_tokens": "max_tokens",
}
VECTORS: Final = ("embedding", "reranking")
"""Tasks of theirs that are settings of their own here."""


def models_of(env: Mapping[str, str]) -> dict[str, Any]:
    """Return the `models` settings that variables of older systems say.

    The usual variable of a provider's key gives `models.keys` only: no key by itself has any model asked.
    """
    values: dict[str, Any] = {}
    keys = {name: key for name, known in KNOWN.items() for key in map(env.get, reversed(known.keys)) if key}
    if keys:
        values["keys"] = keys
    for variable, (provider, field) in PLAIN.items():
        if value := env.get(variable):
            _at(values, "providers", provider)[field] = value
    for variable, value in env.items():
        if found := PROVIDER.fullmatch(variable):
            _at(values, "providers", found[1].lower())[found[2].lower()] = value
    return merged(values, mini_llm(section_of(env)))


def section_of(env: Mapping[str, str]) -> dict[str, Any]:
    """Return the `mini_llm` section that variables say: MINI_LLM__CACHE__ENABLED=true and such."""
    section: dict[str, Any] = {}
    for variable, value in env.items():
        if variable.startswith("MINI_LLM__"):
            *path, last = variable.removeprefix("MINI_LLM__").lower().split("__")
            _at(section, *path)[last] = value
    return section


def mini_llm(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `models` settings that a `mini_llm` section says; raise ConfigError for a part that is not known."""
    values: dict[str, Any] = {}
    for name, value in section.items():
        if name == "enabled":
            values["enabled"] = value
        elif name == "model":
            _at(values, "tasks", "completion")["model"] = value
        elif name == "cache":
            values["cache"] = _renamed(value, CACHE, "mini_llm.cache")
        elif name == "performance":
            given = {key: item for key, item in _table(value, "mini_llm.performance").items() if key != "batch_size"}
            values |= _renamed(given, PERFORMANCE, "mini_llm.performance")
        elif name == "task_routing":
            _route(_table(value, "mini_llm.task_routing"), values)
        elif name != "local_models":
            raise _unknown(f"mini_llm.{name}")
    return values


def infer_of(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `infer` settings that a `mini_llm` section says: how many turns a model reads in one call."""
    given = _table(section.get("performance", {}), "mini_llm.performance")
    return {"batch": given["batch_size"]} if "batch_size" in given else {}


def local_of(section: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `local` settings that a `mini_llm` section says."""
    given = section.get("local_models")
    names = {name: name for name in ("enabled", "models_dir", "default_model", "max_memory_gb")}
    return {} if given is None else _renamed(given, names, "mini_llm.local_models")


def vectors_of(section: Mapping[str, Any]) -> dict[str, str]:
    """Return EMBEDDING_MODEL and RERANK_MODEL (`model@provider`) as a `mini_llm` section routes those tasks."""
    routing = section.get("task_routing")
    names = {"embedding": "EMBEDDING_MODEL", "reranking": "RERANK_MODEL"}
    found: dict[str, str] = {}
    for task, variable in names.items():
        route = routing.get(task) if isinstance(routing, Mapping) else None
        model = route.get("model") if isinstance(route, Mapping) else None
        if isinstance(model, str) and "/" in model:
            provider, _, rest = model.partition("/")
            found[variable] = f"{rest}@{provider}"
    return found


def spares_of(section: Mapping[str, Any]) -> list[str]:
    """Return the fallbacks of the embedder as a `mini_llm` section names them (`provider/model`)."""
    routing = section.get("task_routing")
    route = routing.get("embedding") if isinstance(routing, Mapping) else None
    named = [value for key, value in route.items() if ROUTING.get(key) == "fallbacks"] if _is(route) else []
    flat = [one for value in named for one in (value.split(",") if isinstance(value, str) else value or ())]
    return [one.strip() for one in flat if isinstance(one, str)]


def _is(route: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(route, Mapping)


def _route(routing: Mapping[str, Any], values: dict[str, Any]) -> None:
    for task, route in routing.items():
        where = f"mini_llm.task_routing.{task}"
        if task in get_args(ModelTask):
            _at(values, "tasks")[task] = _renamed(route, ROUTING, where)
        elif task not in VECTORS:
            raise _unknown(where)


def _renamed(value: Any, names: Mapping[str, str], where: str) -> dict[str, Any]:
    given = _table(value, where)
    if unknown := sorted(set(given) - set(names)):
        raise _unknown(f"{where}.{unknown[0]}")
    return {names[name]: item for name, item in given.items()}


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"The setting {where} is no table", hint="Write its parts below it.")
    return value


def _unknown(name: str) -> ConfigError:
    return ConfigError(f"There is no setting {name}", hint="See docs/models.md, or leave it out.")


def _at(values: dict[str, Any], *path: str) -> dict[str, Any]:
    """Return the table at a path, made where it is not there."""
    for name in path:
        below = values.setdefault(name, {})
        if not isinstance(below, dict):
            raise ConfigError(f"{'.'.join(path)} is both a value and a table", hint="Leave one of them out.")
        values = below
    return values


def merged(first: dict[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Return two tables as one; where both hold a value, the second's."""
    for name, value in second.items():
        there = first.get(name)
        first[name] = merged(there, value) if isinstance(there, dict) and isinstance(value, dict) else value
    return first
