"""Another embedder's settings, as they are given on the command line and entered into the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from recollect.errors import ConfigError
from recollect.ops.migrate.settings_file import Plain
from recollect.settings import EmbedderSettings, Settings

KEPT: Final = ("api_key", "threads", "weights", "cache_mb", "cache_ttl", "timeout", "patience")
"""What another embedder keeps of the one in the settings, unless it is said otherwise."""


def with_embedder(settings: Settings, given: Mapping[str, str]) -> Settings:
    """Return settings with another embedder; raise ConfigError for what is none."""
    kept = {name: getattr(settings.embedder, name) for name in KEPT}
    unknown = sorted(set(given) - set(EmbedderSettings.model_fields))
    if unknown:
        raise ConfigError(f"--embedder knows no {unknown[0]}", hint="The names are those of the settings embedder.*")
    try:
        made = EmbedderSettings.model_validate({**kept, **given})
    except ValueError as error:
        raise ConfigError(f"--embedder cannot be used: {error}", hint="See docs/settings.md, embedder.*") from error
    return settings.model_copy(update={"embedder": made})


def entered(settings: Settings, then: Settings) -> dict[str, dict[str, Plain]]:
    """Return what is to be entered into the settings file; what has its default is left out of it."""
    usual = EmbedderSettings.model_validate({})
    values: dict[str, Plain] = {}
    for name in EmbedderSettings.model_fields:
        old, new = getattr(settings.embedder, name), getattr(then.embedder, name)
        if old != new:
            values[name] = None if new == getattr(usual, name) else _plain(new)
    return {"embedder": values}


def _plain(value: Any) -> Plain:
    if hasattr(value, "get_secret_value"):
        return str(value.get_secret_value())
    return value if isinstance(value, str | int | float | bool) else str(value)
