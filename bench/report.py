"""The report: every figure in tables, with its target, the ratio to peers, and how it was measured."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bench.notes import HEAD, METHOD
from bench.table import NONE, dig, number, ratio, result, table
from bench.target import summary

BUSY = 0.05
"""The share of the processors that others may use before the report says so."""
RECALL = ("n", "@5", "@10", "@20", "MRR")


def report(kept: Mapping[str, Any], pictures: Mapping[str, str]) -> str:
    """Return docs/benchmarks.md."""
    runs = kept["runs"]
    about = kept["machine"]
    times = sorted(run["at"] for name, run in runs.items() if not name.startswith("fill"))
    lines = [
        HEAD.format(command="python -m bench DATA --quick" if kept["quick"] else "make bench DATA=dir"),
        "\n".join(f"- {name}: {value}" for name, value in about.items()),
        f"- measured: {times[0]} to {times[-1]}" if times else "",
    ]
    busy = {name: run["others"] for name, run in runs.items() if run.get("others", 0) > BUSY}
    if busy:
        most = max(busy, key=busy.__getitem__)
        lines.append(
            f"- **other work ran beside it**: {busy[most]:.0%} of the processors in {most}, more than 5% in {len(busy)}"
        )
    if kept["quick"]:
        lines.append("\nThis was a **quick run**: small samples, no large stores. Its figures are rough.")
    lines += ["\n## What was asked, and what was measured\n", summary(runs)]
    for title, names, section in (
        ("Retrieval quality", ("quality",), _quality(runs)),
        ("Ingest", ("ingest", "peers"), _ingest(runs)),
        ("Search latency", ("latency",), _latency(runs)),
        ("Search across projects", ("across",), _across(runs)),
        ("Extraction by a model", ("infer",), _infer(runs)),
        ("Acknowledgement, cold start, memory, disk", ("capture", "cold", "memory", "disk"), _footprint(runs)),
        ("Hooks", ("hooks",), _hooks(runs)),
        ("Over HTTP", ("server",), _server(runs)),
        ("Peers", ("peers", "ingest", "latency", "memory", "cold"), _peers(runs)),
    ):
        lines += [f"## {title}\n", _when(runs, names), *section]
        name = {"Retrieval quality": "ablation", "Ingest": "ingest", "Search latency": "latency"}.get(title, "")
        if name in pictures:
            lines.append(f"![{title}]({pictures[name]})\n")
    lines += _missing(runs)
    lines.append(METHOD)
    return "\n".join(lines)


def _when(runs: Mapping[str, Any], names: Collection[str]) -> str:
    """Return when the figures of a section were taken: a run may measure some, and others stand as they were."""
    times = sorted(run["at"][:16].replace("T", " ") for name, run in runs.items() if name.partition("/")[0] in names)
    return f"Measured {times[0]} to {times[-1][11:]} UTC.\n" if times else ""


def _quality(runs: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table by category and space, and one of the parts, for each file."""
    for name in sorted(name for name in runs if name.startswith("quality/")):
        found = result(runs, name)
        if not found:
            continue
        rate = found["turns"] / found["seconds"]
        yield f"### {found['file']}\n"
        yield f"{found['turns']} turns, searchable at {rate:.0f} a second; search p50 {found['p50']:.1f} ms.\n"
        yield table(("evidence found, %", *RECALL), [_row(said, row) for said, row in _ordered(found["scores"])])
        whole = found["scores"]["all"]
        rows = [(*_row(said, row), f"{row[2] - whole[2]:+.2f}") for said, row in found["parts"].items()]
        yield table(("parts of the recipe", *RECALL, "change @10"), rows) if rows else ""


def _ordered(scores: Mapping[str, list[float]]) -> list[tuple[str, list[float]]]:
    """Return all, then categories, then spaces."""
    return sorted(scores.items(), key=lambda pair: (pair[0] != "all", pair[0].startswith("space "), pair[0]))


def _row(said: str, row: list[float]) -> tuple[str, ...]:
    return (said, number(row[0], 0), *(number(value, 2) for value in row[1:]))


def _ingest(runs: Mapping[str, Any]) -> Iterator[str]:
    """Yield rates beside the embedder's and the peers'."""
    found = result(runs, "ingest")
    if not found:
        yield "Not measured.\n"
        return
    rate = found["rate"]
    said = f"the middle of {len(found['all']['capture'])} rounds"
    yield f"{found['texts']} {found['name']}, {found['words']:.0f} words on average; {said}.\n"
    ours = (
        ("recollect, `capture` of a conversation at a time, found by word", "capture_by_word"),
        ("recollect, the same, found by meaning too", "capture"),
        ("recollect, the same, with all that is derived from it", "capture_whole"),
        ("recollect, `add` one at a time", "add"),
        ("the embedder alone, all texts", "embedder"),
        ("the embedder alone, those that recollect hands to it (no greetings)", "embedder_handed"),
    )
    rows = [
        (said, number(rate.get(way)), ratio(rate.get(way), rate["embedder_handed"]), NONE, NONE) for said, way in ours
    ]
    for peer, name in (("mem0", "Mem0 `infer=False`"), ("chroma", "Chroma")):
        for way, said in (("capture", "a conversation at a time"), ("add", "one at a time")):
            theirs = dig(result(runs, f"peers/{peer}"), "ingest", way)
            versus = (ratio(rate["capture"], theirs), ratio(rate["add"], theirs))
            rows.append((f"{name}, {said}", number(theirs), ratio(theirs, rate["embedder_handed"]), *versus))
    yield table(("texts a second", "rate", "of the embedder", "our capture is", "our add is"), rows)
    beside = dig(result(runs, "peers/mem0"), "beside") or {}
    if "at_most" in beside:
        yield _taking_turns(beside)


def _taking_turns(beside: Mapping[str, Any]) -> str:
    """Return what the turns with Mem0 gave."""
    meaning, singly, most = (ratio(beside[name], 1) for name in ("by_meaning", "singly", "at_most"))
    each = sorted(turn["by_meaning"] for turn in beside["all"])
    return (
        f"Taking turns, handed the same conversations, recollect by meaning was {meaning} as fast as Mem0 (in the "
        f"middle of {len(each)} turns, from {ratio(each[0], 1)} to {ratio(each[-1], 1)}), and {singly} as fast as Mem0 "
        f"one text at a time. The embedder alone, handed all texts at once, would be {most} as fast: nothing that "
        f"embeds every text here can be more.\n"
    )


def _across(runs: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of the same questions to the same memories, in many projects and in one."""
    found = result(runs, "across")
    if not found:
        return
    rows = [
        (said, *(number(found[name][point], 1, " ms") for point in ("p50", "p95", "p99")), number(work, 1, " ms"))
        for name, said, work in (
            ("across", f"{found['projects']} projects", found["cpu"]["across"]),
            ("single", "one project", found["cpu"]["single"]),
        )
    ]
    yield table((f"{found['memories']:,} memories in", "p50", "p95", "p99", "processor time, p50"), rows)
    yield f"Asked again, and answered from the cache: p50 {found['cached']['p50']:.1f} ms.\n"
    if after := dig(found, "cpu", "after"):
        yield f"What is written after the answer takes {after:.1f} ms of processor time.\n"


def _infer(runs: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of how long extraction takes beside what the model alone needs."""
    found = [made for together in ("8", "4") if (made := result(runs, f"infer/{together}"))]
    rows = [
        (
            f"{one['jobs']:,} jobs of {one['delay']} ms, {one['together']} at once",
            number(one["seconds"], 1, " s"),
            number(one["ideal"], 1, " s"),
            number(one["ratio"], 2, "×"),
            number(one["load"], 1),
        )
        for one in found
    ]
    if rows:
        yield table(("over HTTP, each of its own conversation", "took", "ideal", "ratio", "load"), rows)


def _latency(runs: Mapping[str, Any]) -> Iterator[str]:
    """Yield search times by store."""
    rows = []
    for name in runs:
        found = result(runs, name) if name.startswith("latency/") else {}
        if not found:
            continue
        said = f"{found['memories']:,}" + (f" in {found['scopes']} scopes" if found["scopes"] > 1 else "")
        search, held = found["search"], f"{found['held_each']:,} / {found['bytes_each']:,} B"
        rows.append(
            (
                said + (", Chinese" if "zh-" in name else ""),
                *(number(search[share]) for share in ("p50", "p95", "p99")),
                number(found.get("pace"), 2, "×"),
                " / ".join(number(found["search_all"][share]) for share in ("p50", "p95")),
                number(found["embedding"]["p50"]),
                number(found["load"]["p50"], 0),
                number(found["resident"]["now"], 0),
                held,
                number(found["disk_each"], 0, " B"),
            )
        )
    head = (
        "memories",
        "p50 ms",
        "p95",
        "p99",
        "pace",
        "in all, p50 / p95",
        "embedding",
        "first search",
        "resident MB",
        "held / grown, each",
        "disk, each",
    )
    yield table(head, rows)


def _footprint(runs: Mapping[str, Any]) -> Iterator[str]:
    """Yield what surrounds a search."""
    capture, cold, memory, disk = (result(runs, name) for name in ("capture", "cold", "memory", "disk"))
    rows = [
        (f"one turn acknowledged, 25 a second{_pace(capture)}", _ms(capture.get("now_and_then"))),
        ("the same, in all", _ms(capture.get("now_and_then_all"))),
        ("one turn acknowledged, one upon another", _ms(capture.get("one_upon_another"))),
    ]
    rows.append((f"cold start on 10,000: recollect search{_pace(cold)}", _ms(cold.get("search"))))
    rows.append(("the same, in all", _ms(cold.get("all"))))
    for state, said in (
        ("imported", "the library imported"),
        ("idle", "idle, the model loaded"),
        ("searched", "after 100 searches over 10,000 memories"),
    ):
        shown = f"{dig(memory, state, 'now')} MB ({dig(memory, state, 'private')} of its own)"
        rows.append((f"resident memory, {said}", shown if dig(memory, state) else NONE))
    shown = f"{number(disk.get('each'), 0)} B ({number(disk.get('text'), 0)} of them text)" if disk else NONE
    rows.append((f"disk a turn, {disk.get('turns', '')} {disk.get('name', '')}, all derived included", shown))
    yield table(("", "measured"), rows)


def _server(runs: Mapping[str, Any]) -> Iterator[str]:
    """Yield what wrk saw: ours and Chroma's server, each over the same 10,000 texts."""
    rows = []
    for who, said in (("ours", "recollect"), ("chroma", "Chroma, handed ready vectors")):
        found = result(runs, f"server/{who}")
        for clients, seen in (dig(found, "search") or {}).items():
            what = f"{said}: search, {clients} client{'s' if clients != '1' else ''}"
            rows.append((what, *_wrk(seen)))
        if capture := dig(found, "capture"):
            rows.append((f"{said}: capture of one turn, 1 client", *_wrk(capture)))
    yield table(("by wrk", "a second", "p50 ms", "p99 ms", "pace", "in all, p50", "failed"), rows)


def _wrk(seen: Mapping[str, float]) -> tuple[str, ...]:
    figures = (number(seen[name]) for name in ("rate", "p50", "p99"))
    return (*figures, number(seen.get("pace"), 2, "×"), number(seen.get("p50_all")), number(seen["failed"], 0))


def _hooks(runs: Mapping[str, Any]) -> Iterator[str]:
    """Yield what hooks cost beside Python doing nothing, and that nothing is lost."""
    found = result(runs, "hooks")
    times = found.get("times", {})
    bare = dig(times, "bare", "p50")
    rows = [
        (
            "`python -I -S -c pass`" if name == "bare" else name,
            number(took["p50"]),
            number(took["p95"]),
            ratio(took["p50"], bare),
        )
        for name, took in times.items()
    ]
    yield table(("process start to exit, ms", "p50", "p95", "of Python's own"), rows)
    if found:
        many, burst = found["together"], found["burst"]
        order = "in order" if burst["in_order"] else "**not in order**"
        yield (
            f"Ten sessions at once: {many['servers']} server, {many['failed']} failures, "
            f"the slowest {many['slowest']:.0f} ms. {burst['sent']:,} events one upon another: "
            f"{burst['kept']:,} kept, {order}, in {burst['seconds']:.0f} s.\n"
        )


def _pace(found: Mapping[str, Any]) -> str:
    return f", pace {found['pace']:.2f}×" if "pace" in found else ""


def _ms(found: Mapping[str, float] | None) -> str:
    return NONE if not found else f"p50 {found['p50']:.1f} ms, p95 {found['p95']:.1f}"


def _peers(runs: Mapping[str, Any]) -> Iterator[str]:
    """Yield the peers' figures as ratios to ours."""
    rows = []
    for peer in ("mem0", "chroma"):
        found = result(runs, f"peers/{peer}")
        name = f"{peer.capitalize()} {found.get('version', '')}".strip()
        rows += [
            _beside(
                f"{name}: ingest one at a time, texts/s",
                dig(runs, "ingest", "result", "rate", "add"),
                dig(found, "ingest", "add"),
                more=True,
            )
        ]
        for size in ("1000", "10000"):
            ours = dig(result(runs, f"latency/{size}"), "search", "p50")
            rows.append(
                _beside(
                    f"{name}: search p50 at {int(size):,}, ms", ours, dig(found, f"search/{size}", "p50"), more=False
                )
            )
        used = "10000" if dig(found, "search/10000") else "1000"
        at = f"at {int(used):,}"
        ours, theirs = dig(result(runs, "memory"), "searched", "now"), dig(found, f"cold/{used}", "resident")
        both = theirs and theirs + found.get("embedder", 0)
        rows.append(_beside(f"{name}: resident {at}, with the embedder, MB", ours, both, more=False))
        cold = dig(result(runs, "cold"), "search", "p50")
        rows.append(_beside(f"{name}: cold search {at}, ms", cold, dig(found, f"cold/{used}", "process"), more=False))
    yield table(("", "recollect", "peer", "recollect is better by"), rows)
    alone = dig(result(runs, "peers/mem0"), "endpoint", "p50")
    if alone:
        yield f"One text through the endpoint takes {alone:.1f} ms; it is part of every peer's figure.\n"


def _beside(said: str, ours: float | None, theirs: float | None, *, more: bool) -> tuple[str, str, str, str]:
    better = ratio(ours, theirs) if more else ratio(theirs, ours)
    return said, number(ours), number(theirs), better


def _missing(runs: Mapping[str, Any]) -> list[str]:
    """Return what could not be measured, and why."""
    lost = [f"- {name} not measured: {run['error']}" for name, run in sorted(runs.items()) if "error" in run]
    for peer in ("mem0", "chroma"):
        found = result(runs, f"peers/{peer}")
        lost += [
            f"- {peer} {part} not measured: {one['error']}"
            for part, one in found.items()
            if dig({"x": one}, "x", "error")
        ]
    return ["## Not measured\n", *lost, ""] if lost else []
