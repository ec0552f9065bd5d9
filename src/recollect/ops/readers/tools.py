"""Tells a tool call of a coding assistant in one line: what was done to what, and whether it failed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

FIELD: Final = re.compile(r"\{(\w+)\}")
EMPTY: Final = re.compile(r" in (?=$)|\s*\(\s*\)|\s*``|:\s*$")
EXIT: Final = re.compile(r"(?:Error: )?Exit code:? (\d{1,5})\s*")
MARKUP: Final = re.compile(r"</?tool_use_error>")
TOP: Final = 4000


@dataclass(frozen=True, slots=True)
class Telling:
    """The rules of `data/tools.toml`."""

    silent: frozenset[str]
    telling: tuple[str, ...]
    trouble: re.Pattern[str]
    limit_input: int
    limit_result: int
    say: Mapping[str, str]


@cache
def telling() -> Telling:
    """Return the rules that ship with the package."""
    with files("recollect").joinpath("data/tools.toml").open("rb") as file:
        data = tomllib.load(file)
    return Telling(
        silent=frozenset(data["silent"]),
        telling=tuple(data["telling"]),
        trouble=re.compile(data["trouble"]),
        limit_input=data["limit_input"],
        limit_result=data["limit_result"],
        say=data["say"],
    )


def condense(tool: str, given: Mapping[str, Any], result: str | None, *, failed: bool, cwd: str = "") -> str | None:
    """Return one line about a tool call, or `None` where it is not worth keeping.

    `result` is what the tool answered (`None`: no answer is known); of a failure its exit code and first telling line
    are kept, never the output. `Ran `pytest -q`: failed (exit 1): E assert 1 == 2`.
    """
    rules = telling()
    if tool in rules.silent:
        return None
    said = _said(tool, given, result or "", cwd.rstrip("/\\"))
    if said is None or not failed:
        return said
    found = EXIT.match(result or "")
    reason = _reason((result or "")[found.end() if found else 0 :])
    return f"{said}: failed{f' (exit {found[1]})' if found else ''}{f': {reason}' if reason else ''}"


def _said(tool: str, given: Mapping[str, Any], result: str, cwd: str) -> str | None:
    rules = telling()
    template = rules.say.get(tool)
    if template is None:
        field = next((name for name in rules.telling if isinstance(given.get(name), str) and given[name]), "")
        name = tool.removeprefix("mcp__").replace("__", " ")
        return f"Used {name}" + (f" ({field} `{_short(given[field], cwd)}`)" if field else "")
    if "{result}" in template and not result:
        return None

    def fill(found: re.Match[str]) -> str:
        if found[1] == "result":
            return _line(result, rules.limit_result)
        value = given.get(found[1])
        return _short(value, cwd) if isinstance(value, str) else ""

    return EMPTY.sub("", FIELD.sub(fill, template)).strip()


def _short(text: str, cwd: str) -> str:
    if cwd:
        text = text.replace(f"{cwd}/", "").replace(f"{cwd}\\", "")
    return _line(text, telling().limit_input)


def _line(text: str, limit: int) -> str:
    lines = [line.strip() for line in text[:TOP].splitlines() if line.strip()]
    first = lines[0] if lines else ""
    cut = len(first) > limit or len(lines) > 1
    return f"{first[:limit].rstrip()}…" if cut else first


def _reason(output: str) -> str:
    rules = telling()
    lines = [line.strip() for line in MARKUP.sub("", output[: 16 * TOP]).splitlines() if line.strip()]
    found = next((line for line in lines if rules.trouble.search(line[:1000])), lines[0] if lines else "")
    return found if len(found) <= rules.limit_result else f"{found[: rules.limit_result].rstrip()}…"
