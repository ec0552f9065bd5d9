"""The only reader of files and environment: every setting, its default, and where its value came from."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from recollect.errors import ConfigError
from recollect.settings.seeds import from_seeds, seed_file
from recollect.settings.settings import HOME, Settings

PREFIX = "RECOLLECT_"
FUSER = "memory_fuser_config.yaml"
"""The file in the data directory that older systems set the fusion of memories by."""


@dataclass(frozen=True, slots=True)
class Effective:
    """One setting as it is in force: dotted name, value (secrets masked), and where it came from."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and the origin of each value that is not a default."""

    settings: Settings
    origins: Mapping[str, str]

    def effective(self) -> list[Effective]:
        """Return every setting in force, for `recollect doctor`."""
        return [Effective(name, _told(value), _origin(name, self.origins)) for name, value in _flat(self.settings)]


def load(
    home: str | Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Loaded:
    """Return the settings in force: defaults, then the file in the data directory, then environment, then arguments.

    Raises ConfigError naming the setting and where its value came from.
    """
    env = os.environ if environ is None else environ
    folder = Path(home or env.get(f"{PREFIX}HOME") or HOME).expanduser().absolute()
    layers = [
        *_files(folder, env),
        ("environment", from_seeds(env)),
        ("environment", _from_environment(env)),
        ("argument", dict(overrides or {})),
    ]
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, layer in layers:
        _lay(values, layer, origin, origins, "")
    values["home"] = folder
    origins["home"] = "argument" if home else "environment" if env.get(f"{PREFIX}HOME") else "default"
    try:
        return Loaded(Settings.model_validate(values), origins)
    except ValidationError as error:
        raise _explained(error, origins) from error


def _origin(name: str, origins: Mapping[str, str]) -> str:
    """Return where a value came from: it, or the table it stands in."""
    while name not in origins and "." in name:
        name = name.rpartition(".")[0]
    return origins.get(name, "default")


def _told(value: object) -> str:
    if isinstance(value, SecretStr):
        return "******"
    if isinstance(value, BaseModel):
        return value.model_dump_json(exclude_defaults=True)
    return ", ".join(map(_told, value)) or "None" if isinstance(value, tuple) else str(value)


def _explained(error: ValidationError, origins: Mapping[str, str]) -> ConfigError:
    first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    origin = origins.get(name, "settings")
    return ConfigError(
        f"The setting {name} ({origin}) cannot be used: {first['msg']}",
        hint=f"Mend it, or leave it out. In the environment it is {PREFIX}{name.upper().replace('.', '__')}.",
    )


def _files(folder: Path, env: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    named = env.get(f"{PREFIX}CONFIG")
    usual = [folder / f"recollect.{end}" for end in ("toml", "yaml", "yml")]
    candidates = [Path(named).expanduser()] if named else usual
    found = [(str(path), seed_file(_read(path), env)) for path in candidates if named or path.is_file()]
    fuser = folder / FUSER
    return [*([(str(fuser), {"fusion": _read(fuser)})] if fuser.is_file() else []), *found]


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        value = tomllib.loads(text) if path.suffix == ".toml" else _yaml(text)
    except (OSError, ValueError) as error:  # not of the encoding, not TOML, not YAML
        raise ConfigError(f"The settings file {path} cannot be read: {error}", hint="Mend or move it.") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"The settings file {path} holds no settings", hint="Write it as [store] and so on.")
    return value


def _yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415 - a fiftieth of a command's start that only who writes YAML should pay

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    """Return RECOLLECT_A__B=value as {"a": {"b": value}}."""
    values: dict[str, Any] = {}
    for name, value in env.items():
        if not name.startswith(PREFIX) or "__" not in name:
            continue
        *path, last = name.removeprefix(PREFIX).lower().split("__")
        place = values
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    if hub := env.get(f"{PREFIX}HUB"):
        values["hub"] = hub
    return values


def _lay(into: dict[str, Any], layer: Mapping[str, Any], origin: str, origins: dict[str, str], prefix: str) -> None:
    for name, value in layer.items():
        if isinstance(value, Mapping):
            below = into.setdefault(name, {})
            if isinstance(below, dict):
                _lay(below, value, origin, origins, f"{prefix}{name}.")
                continue
        into[name] = value
        origins[prefix + name] = origin


def _flat(part: BaseModel, prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name in type(part).model_fields:
        rows += _rows(prefix + name, getattr(part, name))
    return rows


def _rows(name: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, BaseModel):
        return _flat(value, f"{name}.")
    if isinstance(value, Mapping):
        return [row for key, item in value.items() for row in _rows(f"{name}.{key}", item)] or [(name, None)]
    return [(name, value)]
