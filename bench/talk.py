"""The texts that are ingested: a data folder's LoCoMo turns, or synthetic ones of about thirty words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.synthetic.texts import Writer

SYNTHETIC, LONG = 2760, 90
"""As many texts as LoCoMo's development part has, and the turns of one synthetic conversation."""

Talk = tuple[str, list[dict[str, Any]]]
"""A conversation's id and its turns, as `capture` takes them."""


def talks(data: Path, most: int | None = None) -> tuple[str, list[Talk]]:
    """Return what the texts are called, and conversations of at most `most` turns in all."""
    name, found = _locomo(data)
    if not found:
        name, found = "synthetic texts of about 30 words", _synthetic()
    cut: list[Talk] = []
    left = most or sum(len(turns) for _, turns in found)
    for title, turns in found:
        if left > 0:
            cut.append((title, turns[:left]))
            left -= len(turns)
    return name, cut


def texts_of(found: Sequence[Talk]) -> list[str]:
    """Return the bare texts."""
    return [turn["content"] for _, turns in found for turn in turns]


def _locomo(data: Path) -> tuple[str, list[Talk]]:
    runs: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(data.glob("*locomo*.json"))[:1]:
        for space in json.loads(file.read_text(encoding="utf-8")):
            for turn in space["turns"]:
                made = {
                    "role": turn["role"],
                    "content": turn["text"],
                    "speaker": turn["speaker"],
                    "occurred_at": turn["at"],
                    "message_id": f"{space['name']} {turn['id']}",
                }
                runs.setdefault(f"{space['name']} {turn['conversation']}", []).append(made)
    return "LoCoMo turns", list(runs.items())


def _synthetic() -> list[Talk]:
    writer = Writer("en", 30)
    turns = [
        {
            "role": "user" if number % 2 else "assistant",
            "content": text,
            "speaker": writer.speaker(),
            "message_id": f"m{number}",
        }
        for number, text in enumerate(writer.texts(SYNTHETIC, 20, 40))
    ]
    return [(f"c{start}", turns[start : start + LONG]) for start in range(0, SYNTHETIC, LONG)]
