"""Adds one table to a TOML text, or takes it out, and leaves every other character as it was."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_STRINGS: Final = ('"""', "'''", '"', "'")
_PLAIN: Final = re.compile(r"[^\"'#\[\]{}\n]+")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


class Fixed(ValueError):
    """What is asked for stands in a form that cannot be changed line by line."""


@dataclass(frozen=True, slots=True)
class Header:
    """A line `[a.b]` or `[[a.b]]`: where it starts, and which table it opens."""

    start: int
    path: tuple[str, ...]


def value_of(text: str, path: Sequence[str]) -> Any:
    """Return what stands at a path, `None` where nothing does; raise tomllib.TOMLDecodeError."""
    found: Any = tomllib.loads(text.removeprefix("\ufeff"))
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return found


def put(text: str, path: Sequence[str], values: Mapping[str, str | Sequence[str]]) -> str:
    """Return the text with a table that holds these values.

    Where it stands under a header of its own it is written anew in its place, with the remarks and the other keys that
    its lines hold; else at the end. Raises tomllib.TOMLDecodeError for what is no TOML, Fixed for a table written
    within a line.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    lines = [*_written(path, values)]
    if value_of(text, path) is None:
        gap = "" if not text.strip("\ufeff") else end if text.endswith("\n") else end + end
        made = text + gap + end.join(lines) + end
    else:
        start, stop = _block(text, path, deep=False)
        others = [line for line in text[start:stop].splitlines()[1:] if _is_other(line, values)]
        made = text[:start] + end.join([*lines, *others]) + end + text[stop:]
    if not _reads(made) or not holds(made, path, values):
        raise Fixed(f"`{'.'.join(path[:-1])}` is not written as tables of its own")
    return made


def holds(text: str, path: Sequence[str], values: Mapping[str, str | Sequence[str]]) -> bool:
    """Tell whether a table has these values, whatever others it has; raise tomllib.TOMLDecodeError."""
    found = value_of(text, path)
    plain = {name: value if isinstance(value, str) else list(value) for name, value in values.items()}
    return isinstance(found, Mapping) and all(found.get(name) == value for name, value in plain.items())


def remove(text: str, path: Sequence[str]) -> str:
    """Return the text without a table, and without the blank line before it."""
    if value_of(text, path) is None:
        return text
    start, stop = _block(text, path, deep=True)
    left = text[:start]
    gap = next((gap for gap in ("\r\n\r\n", "\n\n") if left.endswith(gap)), "")
    return left[: len(left) - len(gap) // 2] + text[stop:]


def headers(text: str) -> Iterator[Header]:
    """Yield the headers of a text that is TOML, in order; what only looks like one, in a string or list, is none."""
    at, depth, begun = 0, 0, True
    while at < len(text):
        sign = text[at]
        if sign == "\n":
            at, begun = at + 1, True
        elif sign == "#":
            at = _to(text, "\n", at)
        elif sign in "\"'":
            at, begun = _past_string(text, at), False
        elif sign == "[" and begun and not depth:
            line = text[at : _to(text, "\n", at)]
            yield Header(text.rfind("\n", 0, at) + 1, _opened(line.rstrip("\r")))
            at += len(line)
        elif sign in "[{":
            at, depth, begun = at + 1, depth + 1, False
        elif sign in "]}":
            at, depth, begun = at + 1, depth - 1, False
        else:
            found = _PLAIN.match(text, at)
            at, begun = (
                (at + 1 if found is None else found.end()),
                begun and not (found and found[0].strip("\ufeff \t")),
            )


def _to(text: str, sign: str, at: int) -> int:
    found = text.find(sign, at)
    return len(text) if found < 0 else found


def _past_string(text: str, at: int) -> int:
    quote = next(quote for quote in _STRINGS if text.startswith(quote, at))
    at += len(quote)
    while at < len(text) and not text.startswith(quote, at):
        at += 2 if text[at] == "\\" and quote[0] == '"' else 1
    at += len(quote)
    while len(quote) == 3 and text.startswith(quote[0], at):  # `""""` ends with a quote of its own
        at += 1
    return at


def _opened(line: str) -> tuple[str, ...]:
    value: Any = tomllib.loads(line)
    path: list[str] = []
    while isinstance(value, Mapping) and value:
        name, value = next(iter(value.items()))
        path.append(name)
        value = value[0] if isinstance(value, list) else value
    return tuple(path)


def _block(text: str, path: Sequence[str], *, deep: bool) -> tuple[int, int]:
    """Return where a table (`deep`: and those below it) starts and ends.

    Remarks and blank lines after it are not its own.
    """
    wanted = tuple(path)
    found = list(headers(text))
    mine = [number for number, header in enumerate(found) if header.path[: len(wanted)] == wanted]
    if not mine or found[mine[0]].path != wanted or mine != list(range(mine[0], mine[-1] + 1)):
        raise Fixed(f"`{'.'.join(path)}` does not stand under a header of its own")
    after = (mine[-1] if deep else mine[0]) + 1
    start = found[mine[0]].start
    stop = len(text) if after == len(found) else found[after].start
    lines = text[start:stop].splitlines(keepends=True)
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        stop -= len(lines.pop())
    return start, stop


def _is_other(line: str, values: Mapping[str, object]) -> bool:
    """Tell whether a line is a remark, or a key that is not ours with its whole value."""
    try:
        found = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    return found.keys().isdisjoint(values) and bool(line.strip())


def _reads(text: str) -> bool:
    try:
        tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError:
        return False
    return True


def _written(path: Sequence[str], values: Mapping[str, str | Sequence[str]]) -> Iterator[str]:
    yield f"[{'.'.join(name if _BARE.fullmatch(name) else _string(name) for name in path)}]"
    for name, value in values.items():
        said = _string(value) if isinstance(value, str) else f"[{', '.join(map(_string, value))}]"
        yield f"{name} = {said}"


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
