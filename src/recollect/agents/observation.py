"""Tells a tool call of a coding assistant in one line: what was done to what, and whether it failed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from recollect.text.rules import rules as table

FIELD: Final = re.compile(r"\{(\w+)\}")
EMPTY: Final = re.compile(r" in (?=$)|\s*\(\s*\)|\s*``|:\s*$")
EXIT: Final = re.compile(r"(?:Error: )?Exit code:? (\d{1,5})\s*")
MARKUP: Final = re.compile(r"</?tool_use_error>")
TOP: Final = 4000
LONGEST_LINE: Final = 1000
"""Characters of a line that are looked at; what is longer is no line that somebody wrote."""
READ: Final = 16 * TOP
"""Characters of an output that are looked through: what went wrong is said first, what came of it last."""


@dataclass(frozen=True, slots=True)
class Telling:
    """The rules of `data/tools.toml`."""

    silent: frozenset[str]
    own: re.Pattern[str]
    telling: tuple[str, ...]
    trouble: re.Pattern[str]
    outcome: re.Pattern[str]
    limit_input: int
    limit_result: int
    say: Mapping[str, str]


@cache
def telling() -> Telling:
    """Return the rules that ship with the package."""
    data = table("tools")
    return Telling(
        silent=frozenset(data["silent"]),
        own=re.compile(data["own"]),
        telling=tuple(data["telling"]),
        trouble=re.compile(data["trouble"]),
        outcome=re.compile("|".join(f"(?:{pattern})" for pattern in data["outcome"])),
        limit_input=data["limit_input"],
        limit_result=data["limit_result"],
        say=data["say"],
    )


def result_of(response: object) -> str:
    """Return what a tool answered as text; it comes as text, as blocks, as output streams or as answers."""
    if isinstance(response, str):
        return response
    if isinstance(response, Sequence):
        blocks = [block.get("text") for block in response if isinstance(block, Mapping)]
        return "\n".join([text for text in blocks if isinstance(text, str)])
    if not isinstance(response, Mapping):
        return ""
    if isinstance(response.get("answers"), Mapping):
        return "; ".join(f"{question} {answer}" for question, answer in response["answers"].items())
    named = [response.get(name) for name in ("stdout", "stderr", "output", "llmContent", "message")]
    return "\n".join([text for text in named if isinstance(text, str) and text])


def condense(tool: str, given: Mapping[str, Any], result: str | None, *, failed: bool, cwd: str = "") -> str | None:
    """Return one line about a tool call, or `None` where it is not worth keeping.

    `result` is what the tool answered (`None`: no answer is known); of a failure its exit code and first telling line
    are kept, of a command the line that says what came of it, never the output.
    `Ran `pytest -q`: failed (exit 1): E assert 1 == 2`, `Ran `git commit`: [main 1f3a9c2] Read two lines`.
    """
    rules = telling()
    if tool in rules.silent or rules.own.match(tool):
        return None
    said = _said(tool, given, result or "", cwd.rstrip("/\\"))
    if said is None:
        return None
    if not failed:
        outcome = _outcome(result or "") if isinstance(given.get("command"), str) else ""
        return f"{said}: {outcome}" if outcome else said
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


def _outcome(output: str) -> str:
    """Return the last line that says what came of a command: how many tests passed, what was committed or built."""
    rules = telling()
    lines = [line.strip(" =") for line in output[-READ:].splitlines() if len(line) <= LONGEST_LINE]
    found = next((line for line in reversed(lines) if rules.outcome.search(line)), "")
    return _line(found, rules.limit_result)


def _reason(output: str) -> str:
    rules = telling()
    lines = [line.strip() for line in MARKUP.sub("", output[:READ]).splitlines() if line.strip()]
    found = next((line for line in lines if rules.trouble.search(line[:LONGEST_LINE])), lines[0] if lines else "")
    return found if len(found) <= rules.limit_result else f"{found[: rules.limit_result].rstrip()}…"
