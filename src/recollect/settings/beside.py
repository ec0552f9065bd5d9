"""An index of vectors beside the records."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from pydantic import Field, SecretStr, field_validator

from recollect.settings.part import Part

SCHEMES = ("qdrant", "qdrants", "http", "https", "chroma", "chromas")


class VectorsSettings(Part):
    """Where the index of vectors is, and how it is laid out; without an address there is none."""

    url: SecretStr | None = Field(None, description="a Qdrant or Chroma server that searches by meaning go to")
    api_key: SecretStr | None = Field(None, description="its API key or token")
    prefix: str = Field(
        "recollect", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$", description="what our collections' names begin with"
    )
    timeout: float = Field(10.0, gt=0, le=600, description="seconds it may take to answer")
    grpc: bool = Field(False, description="whether Qdrant is spoken to by gRPC")
    shards: int | None = Field(None, ge=1, le=1024, description="shards of a new Qdrant collection")
    replicas: int | None = Field(None, ge=1, le=16, description="copies of each shard")
    quantised: bool = Field(True, description="whether Qdrant searches int8 numbers and rescores by whole ones")

    @field_validator("url")
    @classmethod
    def _known(cls, url: SecretStr | None) -> SecretStr | None:
        scheme, colon, _ = (url.get_secret_value() if url else "").partition("://")
        if url is not None and (not colon or scheme not in SCHEMES):
            raise ValueError("it begins with qdrant://, qdrants://, http(s):// (a Qdrant), chroma:// or chromas://")
        return url


def vectors_of(env: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that `QDRANT_URL` and `QDRANT_API_KEY` say, where Qdrant's client is installed."""
    url = env.get("QDRANT_URL", "").strip()
    if not url or find_spec("qdrant_client") is None:
        return {}
    key = env.get("QDRANT_API_KEY")
    return {"url": url if "://" in url else f"qdrant://{url}"} | ({"api_key": key} if key else {})
