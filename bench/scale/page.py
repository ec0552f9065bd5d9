"""Writes the tables of docs/scale.md between their marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.scale.sizing import Needed, cluster
from bench.table import number, table

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
LEAST = 20
"""Bytes of a memory from which on a table is named."""


def written(name: str, text: str) -> None:
    """Put a text between the marks of a name."""
    page = PAGE.read_text(encoding="utf-8")
    marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    PAGE.write_text(marked.sub(lambda found: f"{found[1]}\n{text}\n{found[2]}", page), encoding="utf-8")


def _tables(found: dict[str, Any]) -> dict[str, tuple[float, float]]:
    each = found["memories"]
    return {name: (one["rows"] / each, one["indexes"] / each) for name, one in found["tables"].items()}


def disk(file: dict[str, Any], server: dict[str, Any]) -> str:
    """Return the bytes of a memory by table."""
    sides = [_tables(file), _tables(server)]
    names = sorted({name for side in sides for name, both in side.items() if sum(both) >= LEAST})
    rows = [
        [f"`{name}`", *(number(part, 0) for side in sides for part in side.get(name, (None, None)))] for name in names
    ]
    sums = [[sum(both[at] for both in side.values()) for at in (0, 1)] for side in sides]
    rows.append(["all tables", *(number(part, 0) for side in sums for part in side)])
    return table(["bytes a memory", "file: rows", "indexes", "PostgreSQL: rows", "indexes"], rows)


def stages(file: dict[str, Any], server: dict[str, Any]) -> str:
    """Return the milliseconds of processor time of each stage."""
    rows = []
    for name, path in (
        ("capture of one turn", ("capture", "one")),
        ("all that follows, for each turn", ("jobs", "each")),
        ("search", ("search", "search")),
        ("context", ("search", "context")),
    ):
        sides = [found[path[0]][path[1]] for found in (file, server)]
        cells = [sides[0]["process"], sides[1]["process"], sides[1]["database"]]
        rows.append([name, *(number(part, 2) for part in cells), *(number(side["wall"], 1) for side in sides)])
    head = ["processor time, ms", "file", "with PostgreSQL", "PostgreSQL's own", "on the clock: file", "PostgreSQL"]
    return table(head, rows)


def parts(file: dict[str, Any], server: dict[str, Any]) -> str:
    """Return how the clock's time of jobs and searches falls to their stages, in per cent."""
    rows = []
    for stage, under in (("jobs", "stages"), ("search", "parts")):
        shares = [found[stage][under] for found in (file, server)]
        for name in sorted(shares[0]):
            cells = [number(100 * one[name] / sum(one.values()), 0, " %") for one in shares]
            rows.append([f"{stage}: {name}", *cells])
    return table(["share of a stage", "file", "PostgreSQL"], rows)


def sizes(found: Sequence[Needed]) -> str:
    """Return what each profile needs."""
    rows = [
        [
            one.profile.name,
            number(one.profile.people, 0),
            number(one.profile.memories, 0),
            number(one.profile.rate, 2),
            str(one.servers),
            str(one.workers),
            "–" if one.profile.file else str(one.cores),
            number(one.resident, 1),
            number(one.disk, 1),
            number(one.backup, 1),
        ]
        for one in found
    ]
    head = ["profile", "people", "memories", "turns/s at peak", "servers", "workers", "PostgreSQL cores"]
    return table([*head, "GB of memory a server", "GB of disk", "GB of backups"], rows)


def times(found: Sequence[Needed]) -> str:
    """Return what requests take and how busy everything is."""
    rows = [
        [
            one.profile.name,
            *(number(part, 0) for part in (*one.context, *one.search, one.lag)),
            *(number(100 * one.busy[name], 0, " %") for name in ("server", "worker", "database")),
        ]
        for one in found
    ]
    head = ["simulated, ms", "context p50", "p95", "search p50", "p95", "vector after, p95"]
    return table([*head, "servers busy", "workers", "PostgreSQL"], rows)


def nodes(beside: dict[str, Any]) -> str:
    """Return what Qdrant needs where every vector is in it."""
    rows = []
    for count in (1_000_000, 10_000_000, 100_000_000):
        found = cluster(count, beside["qdrant"], beside["edge"])
        whole = [str(round(found[name])) for name in ("nodes", "shards", "copies")]
        gigabytes = [number(found[name], 1) for name in ("memory", "disk", "build")]
        rows.append([number(count, 0), *whole, *gigabytes])
    return table(
        ["vectors", "nodes", "shards", "copies", "GB of memory, one copy", "GB of disk, all", "core hours to build"],
        rows,
    )


def live(found: dict[str, Any]) -> str:
    """Return what was foretold of a real load, beside what was measured."""
    rows = [
        [
            str(run["servers"]),
            number(run["measured"]["rate"], 1),
            number(run["foretold"]["rate"], 1),
            number(run["off_percent"], 0, " %"),
            number(run["measured"]["p50"], 0),
            number(run["foretold"]["p50"], 0),
            number(run["measured"]["cores"], 2),
        ]
        for run in found["runs"]
    ]
    head = ["servers", "searches/s measured", "foretold", "off by", "p50 ms measured", "foretold", "cores left to us"]
    return table(head, rows)
