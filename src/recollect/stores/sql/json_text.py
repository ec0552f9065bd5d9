"""Values as the JSON that columns hold."""

from __future__ import annotations

import json
from typing import Any

_RENDER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def json_text(value: Any) -> str:
    """Return a value as compact JSON; most columns of most rows hold an empty list or object."""
    if not value:
        if value == []:
            return "[]"
        if value == {}:
            return "{}"
    return _RENDER(value)
