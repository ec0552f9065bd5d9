"""The three pictures of the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

from bench.table import dig, result

mpl.use("svg")
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "recollect", "font.size": 9, "axes.spines.top": False})
mpl.rcParams.update({"axes.spines.right": False, "figure.constrained_layout.use": True})

from matplotlib import pyplot as plt  # noqa: E402 - after the backend is chosen

OURS, THEIRS, PALE = "#1f6f8b", "#c97b3c", "#9db8c2"


def draw(runs: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Draw what was measured into a folder; return each picture's name and its path beside the report."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for name, paint in (("latency", _latency), ("ablation", _ablation), ("ingest", _ingest)):
        figure = paint(runs)
        if figure is not None:
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
            plt.close(figure)
            made[name] = f"{folder.name}/{name}.svg"
    return made


def _latency(runs: Mapping[str, Any]) -> Any:
    """Search p50 and p95 by size, with the peers' p50 where it was measured."""
    sizes = [size for size in (1000, 10_000, 100_000, 1_000_000) if result(runs, f"latency/{size}")]
    if not sizes:
        return None
    figure, axes = plt.subplots(figsize=(5.2, 3.0))
    found = [result(runs, f"latency/{size}") for size in sizes]
    axes.fill_between(
        sizes,
        [one["search"]["p50"] for one in found],
        [one["search"]["p95"] for one in found],
        color=PALE,
        alpha=0.5,
        linewidth=0,
    )
    axes.plot(sizes, [one["search"]["p50"] for one in found], "o-", color=OURS, label="recollect (p50, shaded to p95)")
    axes.plot(
        sizes, [one["embedding"]["p50"] for one in found], ":", color=OURS, label="the question's embedding alone"
    )
    for peer, mark in (("mem0", "s"), ("chroma", "^")):
        there = {size: dig(result(runs, f"peers/{peer}"), f"search/{size}", "p50") for size in sizes}
        shown = {size: value for size, value in there.items() if value}
        if shown:
            axes.plot(list(shown), list(shown.values()), f"{mark}--", color=THEIRS, label=f"{peer.capitalize()} (p50)")
    axes.set(xscale="log", yscale="log", xlabel="memories in one scope", ylabel="milliseconds a search")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.tick_params(axis="y", which="minor", labelsize=6)
    axes.legend(frameon=False, fontsize=8)
    return figure


def _ablation(runs: Mapping[str, Any]) -> Any:
    """What each part of the recipe is worth: recall@10 with everything less recall@10 without it."""
    files = [name for name in runs if name.startswith("quality/") and dig(result(runs, name), "parts")]
    if not files:
        return None
    losses = {}
    for file in files:
        found = result(runs, file)
        whole = found["scores"]["all"][2]
        losses[file] = {name[8:]: whole - row[2] for name, row in found["parts"].items() if name.startswith("without ")}
    parts = sorted(next(iter(losses.values())), key=lambda part: max(loss.get(part, 0) for loss in losses.values()))
    figure, axes = plt.subplots(figsize=(5.6, 0.28 * len(parts) + 1.0))
    high = 0.8 / len(files)
    for place, (file, loss) in enumerate(losses.items()):
        at = [row + 0.4 - (place + 0.5) * high for row in range(len(parts))]
        color = (OURS, THEIRS, PALE, "#666666")[place % 4]
        axes.barh(at, [loss.get(part, 0) for part in parts], high, color=color, label=file.removeprefix("quality/"))
    axes.set_yticks(range(len(parts)), parts)
    axes.axvline(0, color="#444444", linewidth=0.8)
    axes.set_xlabel("points of recall@10 lost without it")
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    return figure


def _ingest(runs: Mapping[str, Any]) -> Any:
    """Texts a second until searchable."""
    rate = dig(result(runs, "ingest"), "rate")
    if not rate:
        return None
    bars = {
        "embedder alone": rate["embedder_handed"],
        "recollect, conversations": rate["capture"],
        "recollect, one at a time": rate["add"],
    }
    for peer, name in (("chroma", "Chroma"), ("mem0", "Mem0")):
        for way, said in (("capture", "conversations"), ("add", "one at a time")):
            value = dig(result(runs, f"peers/{peer}"), "ingest", way)
            if value:
                bars[f"{name}, {said}"] = value
    figure, axes = plt.subplots(figsize=(5.6, 0.3 * len(bars) + 0.8))
    colors = [
        PALE if name.startswith("embedder") else OURS if name.startswith("recollect") else THEIRS for name in bars
    ]
    drawn = axes.barh(list(bars), list(bars.values()), color=colors)
    axes.bar_label(drawn, fmt="%.0f", padding=3, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("texts a second until searchable by meaning")
    return figure
