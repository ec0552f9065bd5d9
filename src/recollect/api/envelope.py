"""How answers are written: JSON made once, and the envelope of the memory routes in the caller's language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import Request, Response

from recollect.ops.shape import time_of

MESSAGES: Final[Mapping[str, tuple[str, str]]] = {
    "added": ("记忆添加成功", "Memory added"),
    "batch_added": ("批量添加成功", "Memories added"),
    "found": ("记忆搜索成功", "Search done"),
    "listed": ("用户记忆获取成功", "Memories listed"),
    "got": ("记忆获取成功", "Memory found"),
    "updated": ("记忆更新成功", "Memory updated"),
    "deleted": ("记忆删除成功", "Memory deleted"),
    "cleared": ("用户记忆删除成功", "Memories of the user deleted"),
    "counted": ("统计信息获取成功", "Statistics made"),
    "history": ("记忆历史获取成功", "History found"),
}
"""What was done, in Chinese and in English."""


class Json(Response):
    """A JSON answer whose content is plain data already; numbers that JSON has no word for never get here."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return the content as UTF-8 JSON."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def now() -> str:
    """Return the time as answers tell it."""
    return time_of(datetime.now(UTC)) or ""


def enveloped(
    request: Request, done: str, data: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
) -> Response:
    """Return data in the envelope of the memory routes; `done` is a key of `MESSAGES`."""
    chinese = speaks_chinese(request.headers.get("accept-language", ""))
    body = {"success": True, "message": MESSAGES[done][not chinese], "data": data, "timestamp": now()}
    return Json(body, headers={"vary": "Accept-Language", **(headers or {})})


def speaks_chinese(accepted: str) -> bool:
    """Tell whether a caller is answered in Chinese: as in the contract, unless another language is preferred."""
    best, weight = "", 0.0
    for part in accepted.split(",")[:50]:
        tag, _, rest = part.partition(";")
        share = _share(rest)
        if tag.strip() and share > weight:
            best, weight = tag.strip().lower(), share
    return best in {"", "*"} or best.partition("-")[0] == "zh"


def _share(text: str) -> float:
    """Return the weight of a language (RFC 9110, 12.4.2): 1 where none is told, 0 where it cannot be read."""
    name, _, value = text.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
