"""Entries of the audit log as JSON and CSV, and proofs of its chain."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from recollect.models import AuditEntry, AuditProof
from recollect.models.audit import deed_shape
from recollect.ops.shape import time_of

COLUMNS: Final = (
    "seq",
    "at",
    "actor",
    "action",
    "decision",
    "origin",
    "token",
    "projects",
    "target",
    "detail",
    "times",
    "previous",
    "digest",
)


def entry_of(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry with all that its digest covers."""
    shape = deed_shape(entry.deed)
    link = {"previous": entry.previous, "digest": entry.digest}
    whole = {"seq": entry.seq, "at": time_of(entry.at), **shape, **link}
    return {name: whole[name] for name in COLUMNS}


def proof_of(proof: AuditProof) -> dict[str, Any]:
    """Return what checking the chain found."""
    return {
        "whole": proof.whole,
        "entries": proof.entries,
        "head": None if proof.head is None else {"seq": proof.head.seq, "digest": proof.head.digest},
        "faults": [{"seq": fault.seq, "sort": fault.sort, "said": fault.said} for fault in proof.faults],
    }


def json_lines(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """Yield a line of JSON for each entry."""
    for entry in entries:
        yield json.dumps(entry_of(entry), ensure_ascii=False)


def csv_lines(entries: Iterable[AuditEntry], *, head: bool = True) -> Iterator[str]:
    """Yield a line of CSV for each entry, after one that names the columns.

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    if head:
        yield ",".join(COLUMNS)
    for entry in entries:
        shape = entry_of(entry)
        shape |= {"projects": " ".join(shape["projects"]), "detail": json.dumps(shape["detail"], ensure_ascii=False)}
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow([_plain(shape[name]) for name in COLUMNS])
        yield line.getvalue()


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") and value else value
