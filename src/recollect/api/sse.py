"""Server-sent events as they go over the wire."""

from __future__ import annotations

import json
from typing import Any


def event(name: str, data: Any) -> bytes:
    """Return one event with its data as one line of JSON (HTML, 9.2.6)."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {name}\ndata: {text}\n\n".encode("utf-8", "replace")


def wanted(accept: str) -> bool:
    """Tell whether a caller asks for a stream of events."""
    return any(part.partition(";")[0].strip().lower() == "text/event-stream" for part in accept.split(","))
