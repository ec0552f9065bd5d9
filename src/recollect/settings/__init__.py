"""Every setting, its default, and where its value came from."""

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
from recollect.settings.load import PREFIX, Effective, Loaded, load
from recollect.settings.part import Names, Part
from recollect.settings.project import ProjectSettings
from recollect.settings.seeds import BASE_URLS
from recollect.settings.server import LogSettings, ServerSettings, TelemetrySettings
from recollect.settings.settings import HOME, Settings

__all__ = [
    "BASE_URLS",
    "HOME",
    "PREFIX",
    "AgentsSettings",
    "CaptureSettings",
    "ChatSettings",
    "ComposeSettings",
    "Effective",
    "EmbedderSettings",
    "Loaded",
    "LogSettings",
    "Names",
    "Part",
    "ProjectSettings",
    "RetrieveSettings",
    "ServerSettings",
    "Settings",
    "StoreSettings",
    "TelemetrySettings",
    "WorkerSettings",
    "load",
]
