"""A Neo4j beside the records."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from pydantic import Field, SecretStr, field_validator

from recollect.settings.part import Part

SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")


class GraphSettings(Part):
    """Where the Neo4j is that questions about the graph go to; without an address the store answers them."""

    url: SecretStr | None = Field(None, description="a Neo4j that questions about the graph go to")
    user: str = Field("neo4j", min_length=1, description="who we are there")
    password: SecretStr | None = Field(None, description="the password; without one nobody is named")
    database: str | None = Field(None, min_length=1, description="the database there; unset: the user's own")
    prefix: str = Field(
        "recollect", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$", description="what tells our nodes from another's"
    )
    timeout: float = Field(10.0, gt=0, le=600, description="seconds it may take to answer")

    @field_validator("url")
    @classmethod
    def _known(cls, url: SecretStr | None) -> SecretStr | None:
        scheme, colon, _ = (url.get_secret_value() if url else "").partition("://")
        if url is not None and (not colon or scheme not in SCHEMES):
            raise ValueError("it begins with bolt:// or neo4j://; with +s for TLS, +ssc for a certificate of its own")
        return url


NAMES = {
    "url": ("NEO4J_URI", "NEO4J_URL"),
    "user": ("NEO4J_USERNAME", "NEO4J_USER"),
    "password": ("NEO4J_PASSWORD",),
    "database": ("NEO4J_DATABASE",),
}
"""What others call these settings, the more usual name first."""


def graph_of(env: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that `NEO4J_URI` and its like say, where Neo4j's driver is installed."""
    found = {ours: value for ours, names in NAMES.items() for value in [_first(env, names)] if value}
    return found if "url" in found and find_spec("neo4j") is not None else {}


def _first(env: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((value for name in names if (value := env.get(name, "").strip())), "")
