"""Every setting, its default, and where its value came from."""

from recollect.settings.agents import AgentsSettings
from recollect.settings.alerts import AlertsSettings
from recollect.settings.backup import BackupSettings
from recollect.settings.beside import VectorsSettings
from recollect.settings.core import (
    CaptureSettings,
    ChatSettings,
    ComposeSettings,
    EmbedderSettings,
    EmbedEndpoint,
    RetrieveSettings,
    WorkerSettings,
)
from recollect.settings.graph import GraphSettings
from recollect.settings.infer import InferSettings
from recollect.settings.load import PREFIX, Effective, Loaded, load
from recollect.settings.local import LocalSettings
from recollect.settings.models import (
    AnswerCacheSettings,
    BudgetSettings,
    FusionSettings,
    ModelsSettings,
    ProviderSettings,
    TaskSettings,
)
from recollect.settings.node import NodeSettings
from recollect.settings.part import Names, Part, secret
from recollect.settings.project import ProjectSettings
from recollect.settings.redis import RedisSettings
from recollect.settings.rerank import RerankSettings
from recollect.settings.retention import PolicySettings, RetentionSettings
from recollect.settings.route import LOCAL, Place, Plan, Ref, Route, described, plan
from recollect.settings.server import LogSettings, ServerSettings, TelemetrySettings
from recollect.settings.settings import HOME, Settings
from recollect.settings.stores import StoreSettings
from recollect.settings.vectors import BASE_URLS

__all__ = [
    "BASE_URLS",
    "HOME",
    "LOCAL",
    "PREFIX",
    "AgentsSettings",
    "AlertsSettings",
    "AnswerCacheSettings",
    "BackupSettings",
    "BudgetSettings",
    "CaptureSettings",
    "ChatSettings",
    "ComposeSettings",
    "Effective",
    "EmbedEndpoint",
    "EmbedderSettings",
    "FusionSettings",
    "GraphSettings",
    "InferSettings",
    "Loaded",
    "LocalSettings",
    "LogSettings",
    "ModelsSettings",
    "Names",
    "NodeSettings",
    "Part",
    "Place",
    "Plan",
    "PolicySettings",
    "ProjectSettings",
    "ProviderSettings",
    "RedisSettings",
    "Ref",
    "RerankSettings",
    "RetentionSettings",
    "RetrieveSettings",
    "Route",
    "ServerSettings",
    "Settings",
    "StoreSettings",
    "TaskSettings",
    "TelemetrySettings",
    "VectorsSettings",
    "WorkerSettings",
    "described",
    "load",
    "plan",
    "secret",
]
