"""All settings together."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from recollect.settings.agents import AgentsSettings
from recollect.settings.core import (
    CaptureSettings,
    ChatSettings,
    ComposeSettings,
    EmbedderSettings,
    RetrieveSettings,
    StoreSettings,
    WorkerSettings,
)
from recollect.settings.part import Part
from recollect.settings.project import ProjectSettings
from recollect.settings.server import LogSettings, ServerSettings, TelemetrySettings

HOME = Path("~/.recollect")


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
