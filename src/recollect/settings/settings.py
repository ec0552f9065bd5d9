"""All settings together."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from recollect.settings.agents import AgentsSettings
from recollect.settings.alerts import AlertsSettings
from recollect.settings.backup import BackupSettings
from recollect.settings.beside import VectorsSettings
from recollect.settings.core import (
    CaptureSettings,
    ChatSettings,
    ComposeSettings,
    EmbedderSettings,
    RetrieveSettings,
    WorkerSettings,
)
from recollect.settings.graph import GraphSettings
from recollect.settings.infer import InferSettings
from recollect.settings.local import LocalSettings
from recollect.settings.models import FusionSettings, ModelsSettings
from recollect.settings.node import NodeSettings
from recollect.settings.part import Part
from recollect.settings.project import ProjectSettings
from recollect.settings.redis import RedisSettings
from recollect.settings.rerank import RerankSettings
from recollect.settings.retention import RetentionSettings
from recollect.settings.server import LogSettings, ServerSettings, TelemetrySettings
from recollect.settings.stores import StoreSettings

HOME = Path("~/.recollect")


class Settings(Part):
    """All settings of one engine."""

    home: Path = HOME
    store: StoreSettings = StoreSettings()  # type: ignore[call-arg]
    vectors: VectorsSettings = VectorsSettings()  # type: ignore[call-arg]
    graph: GraphSettings = GraphSettings()  # type: ignore[call-arg]
    redis: RedisSettings = RedisSettings()  # type: ignore[call-arg]
    embedder: EmbedderSettings = EmbedderSettings()  # type: ignore[call-arg]
    chat: ChatSettings = ChatSettings()  # type: ignore[call-arg]
    models: ModelsSettings = ModelsSettings()  # type: ignore[call-arg]
    fusion: FusionSettings = FusionSettings()  # type: ignore[call-arg]
    capture: CaptureSettings = CaptureSettings()  # type: ignore[call-arg]
    retrieve: RetrieveSettings = RetrieveSettings()  # type: ignore[call-arg]
    local: LocalSettings = LocalSettings()  # type: ignore[call-arg]
    rerank: RerankSettings = RerankSettings()  # type: ignore[call-arg]
    compose: ComposeSettings = ComposeSettings()  # type: ignore[call-arg]
    worker: WorkerSettings = WorkerSettings()  # type: ignore[call-arg]
    infer: InferSettings = InferSettings()  # type: ignore[call-arg]
    server: ServerSettings = ServerSettings()  # type: ignore[call-arg]
    project: ProjectSettings = ProjectSettings()  # type: ignore[call-arg]
    agents: AgentsSettings = AgentsSettings()  # type: ignore[call-arg]
    node: NodeSettings = NodeSettings()  # type: ignore[call-arg]
    backup: BackupSettings = BackupSettings()  # type: ignore[call-arg]
    retention: RetentionSettings = RetentionSettings()  # type: ignore[call-arg]
    alerts: AlertsSettings = AlertsSettings()  # type: ignore[call-arg]
    log: LogSettings = LogSettings()  # type: ignore[call-arg]
    telemetry: TelemetrySettings = TelemetrySettings()  # type: ignore[call-arg]
    hub: str = Field("https://huggingface.co", description="where `models pull --source hub` downloads from")

    @property
    def database(self) -> Path:
        """The database file."""
        return self.home / self.store.file
