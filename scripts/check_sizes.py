"""Fail when a file or a function has grown too long to be read at once, and show the largest."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("src", "tests", "scripts", "bench")
FILE, FUNCTION = 500, 60
SHOWN = 3
FROZEN = "migrations/versions"
"""Migrations are long lists that nobody changes any more: their functions may be."""


def main() -> int:
    """Return 1 when something is too long."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    files = [(len(path.read_text(encoding="utf-8").splitlines()), str(path.relative_to(ROOT))) for path in paths]
    made = [found for path in paths if FROZEN not in path.as_posix() for found in functions(path)]
    return max(told("files", files, FILE), told("functions", made, FUNCTION))


def functions(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines and the name of each function in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield lines, f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def told(what: str, found: list[tuple[int, str]], limit: int) -> int:
    """Print the largest, and all that are over the limit."""
    ranked = sorted(found, reverse=True)
    over = [item for item in ranked if item[0] > limit]
    print(f"The longest of {len(ranked)} {what} (limit {limit} lines, median {ranked[len(ranked) // 2][0]}):")
    for lines, name in over or ranked[:SHOWN]:
        print(f"  {lines:4} {name}{'   TOO LONG' if lines > limit else ''}")
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())
