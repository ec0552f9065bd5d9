"""The names that older systems used for settings, read as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recollect.errors import ConfigError
from recollect.settings.beside import vectors_of as index_of
from recollect.settings.graph import graph_of
from recollect.settings.mini_llm import (
    infer_of,
    local_of,
    merged,
    mini_llm,
    models_of,
    section_of,
    spares_of,
    vectors_of,
)
from recollect.settings.project import ProjectSettings
from recollect.settings.redis import redis_of
from recollect.settings.vectors import embedder_of, rerank_of, retrieve_of, spares


def from_seeds(env: Mapping[str, str]) -> dict[str, Any]:
    """Read the names that older systems used: EMBEDDING_MODEL=model@provider and its key, thresholds and weights."""
    values: dict[str, Any] = {}
    section = section_of(env)
    env = {**vectors_of(section), **env}
    parts = {
        "embedder": embedder_of,
        "rerank": rerank_of,
        "retrieve": retrieve_of,
        "vectors": index_of,
        "redis": redis_of,
        "graph": graph_of,
    }
    values.update((name, found) for name, read in parts.items() if (found := read(env)))
    if embedder := values.get("embedder"):
        embedder |= _spared(section, embedder, env)
    project = {
        name: value
        for name in ProjectSettings.model_fields
        if (value := env.get(f"PROJECT__{name.upper()}")) is not None
    }
    if project:
        values["project"] = project
    roles = {"center": "center", "agent": "agent"}
    node = {"role": roles.get(env.get("NODE_ROLE", "").strip().lower()), "name": env.get("NODE_NAME")}
    if given := {name: value for name, value in node.items() if value}:
        values["node"] = given
    if endpoint := env.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        values["telemetry"] = {"endpoint": endpoint}
    if url := database_of(env):
        values["store"] = {"url": url}
    if models := models_of(env):
        values["models"] = models
    if local := local_of(section):
        values["local"] = local
    if infer := infer_of(section):
        values["infer"] = infer
    return values


def _spared(section: Mapping[str, Any], embedder: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, Any]:
    found = spares(spares_of(section), embedder["model"], env)
    return {"fallbacks": found} if found else {}


def database_of(env: Mapping[str, str]) -> str | None:
    """Return the PostgreSQL that `POSTGRES_URL` or `DATABASE_URL` names.

    Nearly every web application has a `DATABASE_URL` of its own: it counts only where the database bears our name.
    """
    url = env.get("DATABASE_URL", "")
    name = url.partition("?")[0].rpartition("/")[2]
    ours = url.startswith("postgres") and ("recollect" in name or "memory" in name)
    return env.get("POSTGRES_URL") or (url if ours else None)


def seed_file(values: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, Any]:
    """Return the values of a settings file with a `mini_llm` section, and the names above, read as ours.

    Keys of embedders that such a file names are looked for in `env`.
    """
    ours = {name: value for name, value in values.items() if name != "mini_llm" and not name.isupper()}
    section = values.get("mini_llm") or {}
    if not isinstance(section, Mapping):
        raise ConfigError("The setting mini_llm is no table", hint="Write its parts below it.")
    named = {name: str(value) for name, value in values.items() if name.isupper()} | vectors_of(section)
    keys = {name: value for name, value in env.items() if name.endswith("_API_KEY")} if named else {}
    older = from_seeds({**keys, **named}) if named else {}
    if embedder := older.get("embedder"):
        embedder |= _spared(section, embedder, env)
    told = {"models": mini_llm(section), "local": local_of(section), "infer": infer_of(section)}
    return merged(merged(older, {name: part for name, part in told.items() if part}), ours)
