"""What a node, which works on its own and exchanges memories with a center, is set by."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from recollect.settings.part import Names, Part


class NodeSettings(Part):
    """Whether this store exchanges memories with others, over which center, and what of them may leave it."""

    role: Literal["alone", "agent", "center"] = "alone"
    name: str | None = Field(None, min_length=1, max_length=120, description="what the node is called; unset: the host")
    center: str | None = Field(None, pattern=r"^https?://[^\s/?#]+", description="address of the center")
    token: SecretStr | None = Field(None, description="what the center gave this node with `recollect sync enrol`")
    projects: Names = Field(("*",), description="projects that are exchanged: web, crypto-*, !diary")
    visibility: Literal["private", "project", "shared"] = "project"
    private_projects: Names = Field((), description="projects whose memories are private unless they say otherwise")
    shared_projects: Names = Field((), description="projects whose memories are shared unless they say otherwise")
    every: float = Field(5.0, ge=0.1, le=86_400, description="seconds between exchanges")
    timeout: float = Field(30.0, gt=0, le=600, description="seconds the center may be silent")
    ca_file: Path | None = Field(None, description="certificates that the center's is checked against")
    insecure: bool = Field(
        False, description="whether a center may be trusted without a certificate that can be checked"
    )
