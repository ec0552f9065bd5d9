"""What every group of settings is made of."""

from __future__ import annotations

import json
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr


class Part(BaseModel):
    """A group of settings; unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def _listed(value: object) -> object:
    """Read `a, b` as a list: the environment knows no other way to say one."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""Names, in a list or divided by commas."""


def _decoded(value: object) -> object:
    """Read JSON as what it says, for lists of tables; what is none is refused where it is checked."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else []
    except ValueError:
        return value


Row = TypeVar("Row")

Tables = Annotated[tuple[Row, ...], BeforeValidator(_decoded)]
"""A list of tables; in the environment it is written as JSON."""


def secret(key: SecretStr | None) -> str:
    """Return a key's text, "" where there is none."""
    return "" if key is None else key.get_secret_value()
