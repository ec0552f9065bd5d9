"""What the issues ask for, each beside the figure that answers it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bench.quality import FLOAT
from bench.table import dig, number, result, table, verdict

CHOSEN = """
Searches, captures of one turn, cold processes and what wrk saw are those of the calmest moments, told by fixed work
that has nothing to do with recollect. Its pace and what all moments gave stand in the tables below, the rule at the
end of the page.
"""


@dataclass(frozen=True, slots=True)
class Target:
    """A figure, its bound, and whether it must be at least (else at most) so much."""

    name: str
    value: float | None
    bound: float
    unit: str = ""
    least: bool = False
    digits: int = 1

    def row(self) -> tuple[str, str, str, str]:
        """Return the line of the table."""
        sign = "≥" if self.least else "≤"
        shown = number(self.value, self.digits, self.unit)
        asked = f"{sign} {number(self.bound, 0 if self.bound == int(self.bound) else self.digits, self.unit)}"
        return self.name, shown, asked, verdict(self.value, self.bound, least=self.least)


def over(ours: float | None, theirs: float | None) -> float | None:
    """Return ours / theirs where both were measured."""
    return None if not ours or not theirs else ours / theirs


def targets(runs: Mapping[str, Any]) -> Iterator[Target]:
    """Yield every target of the issue that this bench measures."""
    for name, bound in (("locomo-dev", 79.0), ("beam100k-dev", 63.0), ("cmrc-dev", 99.5)):
        found = result(runs, f"quality/{name}")
        row, float32 = dig(found, "scores", "all"), dig(found, "parts", FLOAT)
        yield Target(f"recall@10, {name}", row[2] if row else None, bound, " %", least=True)
        lost = float32[2] - row[2] if row and float32 else None
        yield Target(f"recall@10 that int8 loses against float32, {name}", lost, 0.3, " points", digits=2)
    for name, said, most in (
        ("10000", "10,000 in one scope", 5.0),
        ("100000", "100,000 in one scope", 8.0),
        ("1000000", "1,000,000 in one scope", 35.0),
        ("1000x1000", "a thousand scopes of 1,000", 5.0),
        ("zh-100000", "a long Chinese question over 100,000", 10.0),
    ):
        yield Target(f"search p50, {said}", dig(result(runs, f"latency/{name}"), "search", "p50"), most, " ms")
    across = result(runs, "across")
    yield Target("search across 50 projects, 100,000 in all, p50", dig(across, "across", "p50"), 25.0, " ms")
    ratio = dig(across, "ratio")
    yield Target("search across 50 projects, against one project with the same", ratio, 1.5, "×", digits=2)
    slowed = dig(result(runs, "infer/8"), "ratio")
    yield Target("1,000 extraction jobs by a model of 200 ms, against the ideal", slowed, 1.2, "×", digits=2)
    beside = dig(result(runs, "peers/mem0"), "beside") or {}
    for name, which, least in (
        ("search at 10,000, against Mem0", "search/10000", 20.0),
        ("ingest, found by word, against Mem0 with our embedder", "by_word", 6.0),
        ("ingest, found by meaning too, against Mem0 with our embedder", "by_meaning", 6.0),
    ):
        yield Target(name, beside.get(which), least, "×", least=True)
    yield Target(
        "ingest, found by meaning too, against the embedder alone, same texts",
        dig(result(runs, "ingest"), "share"),
        0.85,
        "×",
        True,
        2,
    )
    yield Target("capture acknowledged, p50", dig(result(runs, "capture"), "now_and_then", "p50"), 3.0, " ms")
    served = result(runs, "server/ours")
    one, many = dig(served, "search", "1") or {}, dig(served, "search", "16") or {}
    yield Target("over HTTP, search p50 at 10,000, 1 client", one.get("p50"), 8.0, " ms")
    yield Target("over HTTP, search p99 at 10,000, 1 client", one.get("p99"), 40.0, " ms")
    yield Target("over HTTP, searches a second, 16 clients", many.get("rate"), 150.0, "", least=True)
    yield Target("over HTTP, capture p50", dig(served, "capture", "p50"), 5.0, " ms")
    hooks = dig(result(runs, "hooks"), "times") or {}
    for name in ("PostToolUse", "UserPromptSubmit", "SessionStart"):
        p50, p95 = dig(hooks, name, "p50"), dig(hooks, name, "p95")
        yield Target(f"hook {name}, against Python doing nothing", over(p50, dig(hooks, "bare", "p50")), 3.0, "×")
        yield Target(f"hook {name}, p95", p95, 60.0, " ms")
    yield Target("cold search on 10,000, p50", dig(result(runs, "cold"), "search", "p50"), 1200.0, " ms", digits=0)
    yield Target("idle memory with the model", dig(result(runs, "memory"), "idle", "now"), 250.0, " MB", digits=0)


def summary(runs: Mapping[str, Any]) -> str:
    """Return the table of targets."""
    rows = [target.row() for target in targets(runs)]
    return table(("figure", "measured", "target", ""), rows) + CHOSEN
