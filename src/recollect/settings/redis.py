"""A Redis that several processes share."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from pydantic import Field, SecretStr, field_validator

from recollect.settings.part import Part

SCHEMES = ("redis", "rediss", "redis+sentinel", "rediss+sentinel")


class RedisSettings(Part):
    """Where Redis is; without an address kept answers lie in the store, and every server counts requests by itself."""

    url: SecretStr | None = Field(None, description="a Redis, or the sentinels of one")
    prefix: str = Field(
        "recollect", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$", description="what our keys begin with"
    )
    timeout: float = Field(1.0, gt=0, le=60, description="seconds it may take to answer")

    @field_validator("url")
    @classmethod
    def _known(cls, url: SecretStr | None) -> SecretStr | None:
        scheme, colon, _ = (url.get_secret_value() if url else "").partition("://")
        if url is not None and (not colon or scheme not in SCHEMES):
            raise ValueError("it begins with redis://, rediss:// (TLS) or redis+sentinel://")
        return url


def redis_of(env: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that `REDIS_URL` says, where Redis' client is installed: others use that name too."""
    url = env.get("REDIS_URL", "").strip()
    return {"url": url} if url and find_spec("redis") is not None else {}
