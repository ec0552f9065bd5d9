"""What Alertmanager tells in one call: a group of alerts; read with care, for anybody may send anything."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from recollect.errors import InvalidInput

MOST: Final = 200
"""Alerts of one call that are read; Alertmanager itself cuts groups much earlier."""
LONGEST: Final = 500
"""Characters of one text that are kept."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert: what it is called, whether it is over, how bad it is, what is wrong, and what to do about it."""

    name: str
    over: bool
    severity: str
    summary: str
    remedy: str
    instance: str
    since: str


@dataclass(frozen=True, slots=True)
class Notice:
    """The alerts of one call, and how many more there were than are told."""

    alerts: tuple[Alert, ...]
    more: int
    group: str

    @property
    def over(self) -> bool:
        """Whether nothing of it is the case any more."""
        return all(alert.over for alert in self.alerts)

    @property
    def severity(self) -> str:
        """The worst of what is still the case, or of all when everything is over."""
        told = [alert.severity for alert in self.alerts if not alert.over] or [one.severity for one in self.alerts]
        return next((wanted for wanted in ("critical", "warning") if wanted in told), told[0])


def notice_of(body: bytes) -> Notice:
    """Read a call of Alertmanager (its webhook, version 4); raise InvalidInput for what is none."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("The body is not JSON", field="body", hint="Alertmanager's webhook sends JSON.") from error
    given = told.get("alerts") if isinstance(told, dict) else None
    if not isinstance(given, list) or not given or not all(isinstance(one, dict) for one in given):
        raise InvalidInput("The body holds no alerts", field="alerts", hint="Send what Alertmanager's webhook sends.")
    truncated = told.get("truncatedAlerts")
    more = max(0, len(given) - MOST) + (truncated if isinstance(truncated, int) and truncated > 0 else 0)
    return Notice(tuple(_alert(one) for one in given[:MOST]), more, _text(told.get("groupKey")))


def _alert(given: Mapping[str, Any]) -> Alert:
    labels, notes = _table(given.get("labels")), _table(given.get("annotations"))
    return Alert(
        name=_text(labels.get("alertname")) or "alert",
        over=given.get("status") == "resolved",
        severity=_text(labels.get("severity")) or "warning",
        summary=_text(notes.get("summary")) or _text(notes.get("description")),
        remedy=_text(notes.get("remedy")),
        instance=_text(labels.get("instance")),
        since=_text(given.get("startsAt")),
    )


def _table(given: object) -> Mapping[str, Any]:
    return given if isinstance(given, dict) else {}


def _text(given: object) -> str:
    """Return a text on one line: what is told must not look like more than one alert."""
    return _shortened(" ".join(given.split())) if isinstance(given, str) else ""


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def lines(notice: Notice) -> Sequence[str]:
    """Return what people are told: a heading, then each alert, then what to do about it."""
    heading = "Resolved" if notice.over else notice.severity.upper()
    names = ", ".join(dict.fromkeys(alert.name for alert in notice.alerts))
    told = [f"{heading}: {_shortened(names)}"]
    for alert in notice.alerts:
        state = "over" if alert.over else alert.severity
        told.append(f"- [{state}] {alert.summary or alert.name}")
        if alert.remedy and not alert.over:
            told.append(f"  What to do: {alert.remedy}")
    if notice.more:
        told.append(f"... and {notice.more} more")
    return told
