"""The only reader of files and environment: every setting, its default, and where its value came from."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from recollect.errors import ConfigError

HOME = Path("~/.recollect")
PREFIX = "RECOLLECT_"

BASE_URLS = {
    "siliconflow": "https://api.siliconflow.cn/v1",
    "dashscope": "https://dashscope.aliyuncs.com/compatible-mode/v1",
    "openai": "https://api.openai.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
}
"""Where `EMBEDDING_MODEL=model@provider` is asked."""


class Part(BaseModel):
    """A group of settings; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreSettings(Part):
    """Where memories are kept, and how much of them is held in memory."""

    file: str = "recollect.db"
    memory_mb: int = Field(1024, ge=16, description="most that tenants held in memory may take, in megabytes")


class EmbedderSettings(Part):
    """What turns texts into vectors."""

    provider: Literal["minilm", "openai", "fastembed", "none"] = "minilm"
    model: str = Field("all-MiniLM-L6-v2", min_length=1)
    precision: Literal["int8", "float32"] = "int8"
    threads: int = Field(2, ge=1, le=64)
    weights: Path | None = Field(None, description="folder that holds the weights, when not the usual places")
    base_url: str | None = None
    api_key: SecretStr | None = None
    dimension: int | None = Field(None, ge=1, le=8192)
    batch: int = Field(64, ge=1, le=2048)
    timeout: float = Field(30.0, gt=0)


class CaptureSettings(Part):
    """What is kept of what comes in."""

    density_threshold: float = Field(
        0.3, ge=0, le=1, description="below it a text is kept but neither embedded nor injected"
    )


class RetrieveSettings(Part):
    """How memories are found."""

    candidates: int = Field(200, ge=20, le=5000, description="how many each way of searching hands to the fusion")
    top_k: int = Field(40, ge=1, le=1000, description="hits a context is composed from")
    similarity_threshold: float = Field(0.0, ge=0, le=1, description="hits that score less are left out")
    word_weight: float | None = Field(None, ge=0, le=1, description="share of words against meaning; unset: as fitted")


class ComposeSettings(Part):
    """How a context is written."""

    budget: int = Field(20_000, ge=20, description="most tokens of a context")
    fusion_limit: int = Field(800, ge=20, description="most tokens of fused memories when no budget is asked for")
    language: Literal["zh", "en"] | None = None


class WorkerSettings(Part):
    """How jobs are worked off."""

    lease: float = Field(60.0, gt=0, description="seconds after which a silent worker's job is claimed anew")
    attempts: int = Field(5, ge=1, description="failures after which a job is parked")
    poll: float = Field(1.0, gt=0, description="seconds between looks for jobs of other processes")


class Settings(Part):
    """All settings of one engine."""

    home: Path = HOME
    store: StoreSettings = StoreSettings()  # type: ignore[call-arg]
    embedder: EmbedderSettings = EmbedderSettings()  # type: ignore[call-arg]
    capture: CaptureSettings = CaptureSettings()  # type: ignore[call-arg]
    retrieve: RetrieveSettings = RetrieveSettings()  # type: ignore[call-arg]
    compose: ComposeSettings = ComposeSettings()  # type: ignore[call-arg]
    worker: WorkerSettings = WorkerSettings()  # type: ignore[call-arg]
    hub: str = Field("https://huggingface.co", description="where `models pull --source hub` downloads from")

    @property
    def database(self) -> Path:
        """The database file."""
        return self.home / self.store.file


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
        return [
            Effective(name, "******" if isinstance(value, SecretStr) else str(value), self.origins.get(name, "default"))
            for name, value in _flat(self.settings)
        ]


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
        ("environment", _from_seeds(env)),
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
    return [(str(path), _read(path)) for path in candidates if named or path.is_file()]


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        value = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"The settings file {path} cannot be read: {error}", hint="Mend or move it.") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"The settings file {path} holds no settings", hint="Write it as [store] and so on.")
    return value


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


def _from_seeds(env: Mapping[str, str]) -> dict[str, Any]:
    """Read the names that older systems used: EMBEDDING_MODEL=model@provider and its key, thresholds and weights."""
    values: dict[str, Any] = {}
    model, _, provider = env.get("EMBEDDING_MODEL", "").partition("@")
    if model and provider in BASE_URLS:
        key = env.get(f"{provider.upper()}_API_KEY")
        values["embedder"] = {"provider": "openai", "model": model, "base_url": BASE_URLS[provider]}
        if key:
            values["embedder"]["api_key"] = key
    retrieve: dict[str, Any] = {}
    if top_k := env.get("RETRIEVAL_TOP_K"):
        retrieve["top_k"] = top_k
    if threshold := env.get("SIMILARITY_THRESHOLD"):
        retrieve["similarity_threshold"] = threshold
    if alpha := env.get("HYBRID_SEARCH_ALPHA"):
        retrieve["word_weight"] = alpha
    if retrieve:
        values["retrieve"] = retrieve
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
        value = getattr(part, name)
        rows += _flat(value, f"{prefix}{name}.") if isinstance(value, BaseModel) else [(prefix + name, value)]
    return rows
