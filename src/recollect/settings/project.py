"""What projects are set by."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from recollect.settings.part import Part


class ProjectSettings(Part):
    """How far a question may look beyond its project."""

    enable_cross_project_search: bool = Field(False, description="whether one search may go through several projects")
    max_projects_per_search: int = Field(5, ge=1, le=1000, description="most projects one search goes through")
    project_isolation_mode: Literal["strict", "relaxed", "shared"] = Field(
        "strict", description="how far memories go beyond a project that nobody has set otherwise"
    )
    keep_search_history: int = Field(
        1000, ge=0, le=100_000, description="searches across projects that are kept for each user; 0 keeps none"
    )
