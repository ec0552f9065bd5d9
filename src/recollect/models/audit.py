"""What the audit log keeps: who did or tried what, when, from where, to what, and what was decided.

Entries are chained: each one's digest covers its content and the digest before it, so that none can be changed, taken
out or put between without all that follow being made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

GENESIS = "0" * 64
"""What stands for the digest before the first entry."""

LONGEST = 256
"""Characters of a name in an entry; what is longer is cut, so that nobody fills the log with one request."""

MOST_PROJECTS = 1000
"""Projects one entry names."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Decision(StrEnum):
    """What was decided about a deed."""

    ALLOWED = "allowed"
    DENIED = "denied"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that is to be answered for. Never put what people said into it: no text of memories, no questions.

    `actor` is the user who acts (empty: nobody known), `token` the id of the token shown, `origin` where it came from
    (an address, `cli`, `python`). `action` is a plain name such as `search_across`, `grant`, `delete`, `export`,
    `authenticate`. `projects` are those it touches, `target` what else (the id of a memory, user or token). `detail`
    holds figures and names. `times` says how often, where several are noted as one.
    """

    action: str
    actor: str = ""
    decision: Decision = Decision.ALLOWED
    origin: str = ""
    token: str = ""
    projects: tuple[str, ...] = ()
    target: str = ""
    detail: Mapping[str, str | int | bool] = field(default_factory=dict)
    times: int = 1


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A deed as it stands in the log: its place (from 1, without gaps), when, and its link of the chain."""

    seq: int
    at: datetime
    deed: Deed
    previous: str
    digest: str


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The end of the log at some time: who keeps one elsewhere can tell later whether the log still holds it."""

    seq: int
    digest: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are asked for; `None` leaves that open. `since` is inside, `until` is not."""

    actor: str | None = None
    action: str | None = None
    project_id: str | None = None
    decision: Decision | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditFault:
    """Where the chain is broken, and how.

    `changed`: the entry is not what its digest says. `missing`: entries before it are gone. `unlinked`: it does not
    follow the one before. `cut`: the log ends before an end that was known. `replaced`: it holds another entry there.
    """

    seq: int
    sort: str
    said: str


@dataclass(frozen=True, slots=True)
class AuditProof:
    """What checking the chain found: how many entries, the end of the log, and where it is broken (at most 100)."""

    entries: int
    head: AuditHead | None
    faults: tuple[AuditFault, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def tidy(deed: Deed) -> Deed:
    """Return a deed as it is kept: names without control characters and not longer than `LONGEST`."""
    return replace(
        deed,
        action=_plain(deed.action),
        actor=_plain(deed.actor),
        origin=_plain(deed.origin),
        token=_plain(deed.token),
        projects=tuple(_plain(name) for name in deed.projects[:MOST_PROJECTS]),
        target=_plain(deed.target),
        detail={_plain(name): _value(value) for name, value in sorted(deed.detail.items())[:20]},
    )


def chained(seq: int, at: datetime, deed: Deed, previous: str) -> AuditEntry:
    """Return the entry that follows the one with the digest `previous`; the deed is tidied."""
    clean = tidy(deed)
    return AuditEntry(seq, at, clean, previous, digest_of_entry(seq, at, clean, previous))


def digest_of_entry(seq: int, at: datetime, deed: Deed, previous: str) -> str:
    """Return the SHA-256 of an entry's content in one canonical form: JSON, ASCII, sorted keys, no spaces."""
    content = {"seq": seq, "at": (at - _EPOCH) // timedelta(microseconds=1), "previous": previous, **deed_shape(deed)}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def deed_shape(deed: Deed) -> dict[str, Any]:
    """Return a deed as plain values; the digest is made of these."""
    return {
        "action": deed.action,
        "actor": deed.actor,
        "decision": deed.decision.value,
        "origin": deed.origin,
        "token": deed.token,
        "projects": list(deed.projects),
        "target": deed.target,
        "detail": dict(deed.detail),
        "times": deed.times,
    }


def _value(value: object) -> str | int | bool:
    return value if isinstance(value, bool | int) else _plain(str(value))


def _plain(text: str) -> str:
    short = text[:LONGEST].encode("utf-8", "replace").decode()
    return "".join(one if one.isprintable() else "�" for one in short)
