"""The only reader of files and environment: every setting, its default, and where its value came from."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

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


class ChatSettings(Part):
    """What answers chat messages; without an endpoint the memories themselves do."""

    base_url: str | None = None
    model: str | None = Field(None, min_length=1)
    api_key: SecretStr | None = None
    timeout: float = Field(60.0, gt=0)


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


def _listed(value: object) -> object:
    """Read `a, b` as a list: the environment knows no other way to say one."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class ServerSettings(Part):
    """Where the server listens, whom it lets in, and how much it takes."""

    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(37777, ge=0, le=65535)
    auth: bool = Field(True, description="whether a token is asked for")
    hosts: Names = Field((), description="names it answers to besides those of this machine's loopback")
    origins: Names = Field((), description="web pages that may call it, such as https://app.example.com")
    body_mb: float = Field(16.0, gt=0, le=1024, description="most a request may send, in megabytes")
    import_mb: float = Field(1024.0, gt=0, description="most an import may send, in megabytes")
    buffer_mb: float = Field(256.0, gt=0, description="most that all requests being received may hold, in megabytes")
    header_timeout: float = Field(10.0, gt=0, description="seconds in which a request's headers must have come")
    body_timeout: float = Field(20.0, gt=0, description="seconds a request may keep the server waiting for its body")
    request_timeout: float = Field(120.0, gt=0, description="seconds after which a request is given up")
    connections: int = Field(4000, ge=1, description="most connections at once")
    rate: str = Field(
        "60000/minute", pattern=r"^([1-9]\d{0,8} ?/ ?(second|minute|hour|day)|off)$", description="most requests"
    )
    rate_loopback: bool = Field(True, description="whether the rate counts for clients on this machine too")
    patience: float = Field(10.0, ge=0, description="seconds a start waits for the embedder before it goes on without")
    grace: float = Field(5.0, ge=0, le=8, description="seconds requests have to end when the server is stopped")


class ProjectSettings(Part):
    """How far a question may look beyond its project."""

    enable_cross_project_search: bool = Field(False, description="whether one search may go through several projects")
    max_projects_per_search: int = Field(5, ge=1, le=1000, description="most projects one search goes through")


class AgentsSettings(Part):
    """What coding assistants are told through their hooks, and what is kept of what they do."""

    session_budget: int = Field(1500, ge=0, le=10_000, description="most tokens told when a session starts; 0: none")
    prompt_budget: int = Field(300, ge=0, le=10_000, description="most tokens told beside a prompt; 0: none")
    prompt_score: float = Field(0.7, ge=0, le=1, description="least score of what is told beside a prompt")
    skip_tools: Names = Field((), description="tools whose calls are not kept, such as Read or mcp__github__*")
    skip_projects: Names = Field((), description="projects or folders of which nothing is kept and nothing told")


class LogSettings(Part):
    """What the server writes down about itself."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    file: str = Field("logs/recollect.log", description="in the data directory; empty: none")
    size: int = Field(10, ge=1, le=10_000, description="megabytes after which a new file is begun")
    backups: int = Field(5, ge=0, le=1000, description="how many full files are kept")


class TelemetrySettings(Part):
    """Where traces go; nothing leaves this machine without an endpoint."""

    endpoint: str | None = Field(None, pattern=r"^https?://[^\s/]+", description="an OTLP/HTTP collector")
    service: str = Field("recollect", min_length=1)


class Settings(Part):
    """All settings of one engine."""

    home: Path = HOME
    store: StoreSettings = StoreSettings()  # type: ignore[call-arg]
    embedder: EmbedderSettings = EmbedderSettings()  # type: ignore[call-arg]
    chat: ChatSettings = ChatSettings()  # type: ignore[call-arg]
    capture: CaptureSettings = CaptureSettings()  # type: ignore[call-arg]
    retrieve: RetrieveSettings = RetrieveSettings()  # type: ignore[call-arg]
    compose: ComposeSettings = ComposeSettings()  # type: ignore[call-arg]
    worker: WorkerSettings = WorkerSettings()  # type: ignore[call-arg]
    server: ServerSettings = ServerSettings()  # type: ignore[call-arg]
    project: ProjectSettings = ProjectSettings()  # type: ignore[call-arg]
    agents: AgentsSettings = AgentsSettings()  # type: ignore[call-arg]
    log: LogSettings = LogSettings()  # type: ignore[call-arg]
    telemetry: TelemetrySettings = TelemetrySettings()  # type: ignore[call-arg]
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
            Effective(name, _told(value), self.origins.get(name, "default")) for name, value in _flat(self.settings)
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


def _told(value: object) -> str:
    if isinstance(value, SecretStr):
        return "******"
    return ", ".join(map(str, value)) or "None" if isinstance(value, tuple) else str(value)


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
    project = {
        name: value
        for name in ProjectSettings.model_fields
        if (value := env.get(f"PROJECT__{name.upper()}")) is not None
    }
    if project:
        values["project"] = project
    if endpoint := env.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        values["telemetry"] = {"endpoint": endpoint}
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
