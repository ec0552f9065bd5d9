"""The chats that alerts are passed on to: how each wants to be told, and how it says that it was not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

from recollect.errors import ConfigError, ProviderFailed

READ: Final = 65_536
"""Bytes of an answer that are read."""
MOST_SLACK, MOST_DINGTALK, MOST_FEISHU, MOST_WECOM = 35_000, 15_000, 15_000, 4_000
"""Bytes of text that each takes, with some room left."""

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Channel:
    """A chat: its name, its webhook, and how lines become a request to it."""

    name: str
    url: str
    request: Callable[[str, str, float], tuple[str, Body]]
    """Takes the webhook, the text and the time; returns the address and the body."""
    most: int

    def send(self, text: str, timeout: float, now: float | None = None) -> None:
        """Tell the chat; raise ProviderFailed, which never names the webhook, unless it says that it took it."""
        address, body = self.request(self.url, _within(text, self.most), time.time() if now is None else now)
        status, answer = _posted(self.name, address, body, timeout)
        if not 200 <= status < 300 or not _taken(answer):
            raise ProviderFailed(f"{self.name} answered {status}: {answer[:200].decode('utf-8', 'replace')!r}")


def slack(url: str) -> Channel:
    """Return a channel for an incoming webhook of Slack."""
    return Channel("slack", _checked("slack", url), lambda at, text, _: (at, {"text": _escaped(text)}), MOST_SLACK)


def dingtalk(url: str, secret: str = "") -> Channel:
    """Return a channel for a robot of DingTalk; with a secret its calls are signed, as its security settings ask."""

    def request(at: str, text: str, now: float) -> tuple[str, Body]:
        if secret:
            stamp = str(round(now * 1000))
            sign = quote_plus(_signed(secret, f"{stamp}\n{secret}"))
            at = f"{at}{'&' if '?' in at else '?'}timestamp={stamp}&sign={sign}"
        title, _, _ = text.partition("\n")
        return at, {"msgtype": "markdown", "markdown": {"title": title, "text": text.replace("\n", "\n\n")}}

    return Channel("dingtalk", _checked("dingtalk", url), request, MOST_DINGTALK)


def feishu(url: str, secret: str = "") -> Channel:
    """Return a channel for a robot of Feishu or Lark; with a secret its calls are signed."""

    def request(at: str, text: str, now: float) -> tuple[str, Body]:
        stamp = str(int(now))
        signed = {"timestamp": stamp, "sign": _signed(f"{stamp}\n{secret}", "")} if secret else {}
        return at, {**signed, "msg_type": "text", "content": {"text": text}}

    return Channel("feishu", _checked("feishu", url), request, MOST_FEISHU)


def wecom(url: str) -> Channel:
    """Return a channel for the robot of a WeCom group."""

    def request(at: str, text: str, _now: float) -> tuple[str, Body]:
        return at, {"msgtype": "markdown", "markdown": {"content": text}}

    return Channel("wecom", _checked("wecom", url), request, MOST_WECOM)


def _signed(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _escaped(text: str) -> str:
    """Slack reads `<` as the beginning of a link or of a call to everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _within(text: str, most: int) -> str:
    data = text.encode("utf-8", "replace")
    return text if len(data) <= most else f"{data[:most].decode('utf-8', 'ignore')}\n…"


def _checked(name: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        well = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        well = False
    if not well or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigError(f"alerts.{name} is no address", hint="It begins with https://, as the chat shows it.")
    return url


def _posted(name: str, url: str, body: Body, timeout: float) -> tuple[int, bytes]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    try:
        data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        connection.request("POST", path, data, {"Content-Type": "application/json; charset=utf-8"})
        answer = connection.getresponse()
        return answer.status, answer.read(READ)
    except (OSError, http.client.HTTPException) as error:
        raise ProviderFailed(f"{name} cannot be reached: {type(error).__name__}") from error
    finally:
        connection.close()


def _taken(answer: bytes) -> bool:
    """Whether an answer says that it was taken: the Chinese chats answer 200 to everything, and a code of their own."""
    try:
        told = json.loads(answer)
    except ValueError:
        return True
    if not isinstance(told, dict):
        return True
    return all(told.get(code, 0) == 0 for code in ("errcode", "code", "StatusCode"))
