"""Random JSON as people write it: comments, commas at the end, tabs, everything on one line, Windows line ends."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

KEYS = st.sampled_from(["mcpServers", "hooks", "Stop", "a", "ключ", 'quo"te', "", "recollector", "//no"])
LEAVES = st.none() | st.booleans() | st.integers(-9, 9999) | st.floats(-5, 5) | st.text(max_size=6)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
OBJECTS = st.dictionaries(KEYS.filter(lambda key: key not in ("mcpServers", "hooks")), VALUES, max_size=4)
COMMENTS = st.sampled_from(["", "", "", ' // note, with } and "\n', " /* block, */ ", "\n// own line\n", "/*\n*/"])
BLANKS = st.sampled_from(["", " ", "\n", "\n  ", "\t", "\n\n    "])


@st.composite
def texts(draw: st.DrawFn, values: st.SearchStrategy[Any] = OBJECTS) -> str:
    """Return an object as JSON with comments."""
    value = draw(values)
    form = draw(st.sampled_from(["plain", "pretty", "tabs", "wild", "windows"]))
    if form == "plain":
        return json.dumps(value)
    if form != "wild":
        text = json.dumps(value, indent="\t" if form == "tabs" else 4, ensure_ascii=False) + "\n"
        return text.replace("\n", "\r\n") if form == "windows" else text
    return f"{draw(BLANKS)}{_written(draw, value)}{draw(BLANKS)}{draw(COMMENTS)}"


def _written(draw: st.DrawFn, value: Any) -> str:
    if isinstance(value, dict):
        parts = [
            f"{json.dumps(name)}{draw(BLANKS)}:{draw(BLANKS)}{_written(draw, held)}" for name, held in value.items()
        ]
        return _between(draw, parts, "{}")
    if isinstance(value, list):
        return _between(draw, [_written(draw, held) for held in value], "[]")
    return json.dumps(value, ensure_ascii=False)


def _between(draw: st.DrawFn, parts: list[str], signs: str) -> str:
    said = signs[0]
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        comma = "," if not last or draw(st.booleans()) else ""
        said += f"{draw(COMMENTS)}{draw(BLANKS)}{part}{draw(COMMENTS)}{comma}{draw(COMMENTS)}"
    return said + draw(BLANKS) + signs[1]
