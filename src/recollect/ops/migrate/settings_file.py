"""Changes single settings in `recollect.toml`, and nothing else in it; says what to do where that cannot be done."""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recollect.errors import ConfigError
from recollect.settings import Settings, load

NAME: Final = "recollect.toml"

Plain = str | int | float | bool | None
Values = Mapping[str, Mapping[str, Plain]]
"""Settings by table and name; `None` leaves the setting out."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What became of the settings: the file they were `written` to, or the `lines` that somebody has to see to."""

    written: Path | None
    lines: tuple[str, ...]
    because: str = ""


def enter(settings: Settings, values: Values) -> Entered:
    """Write settings into the file of a data directory, whole or not at all, and make sure that they are in force.

    Where something else counts more than the file, the file is left as it was.
    """
    path = settings.home / NAME
    lines = tuple(said(values))
    old = path.read_text(encoding="utf-8") if path.is_file() else None
    try:
        new = changed(old or "", values)
    except ConfigError as error:
        return Entered(None, lines, error.message)
    _put(path, new)
    against = _against(settings.home, values)
    if not against:
        return Entered(path, lines)
    if old is None:
        path.unlink()
    else:
        _put(path, old)
    return Entered(None, lines, against)


def changed(text: str, values: Values) -> str:
    """Return a TOML text with other values; raise ConfigError where it is written in a way that is not understood."""
    wanted = tomllib.loads(text)
    for table, pairs in values.items():
        text = _in_table(text, table, pairs)
        below = wanted.setdefault(table, {})
        for name, value in pairs.items():
            if value is None:
                below.pop(name, None)
            else:
                below[name] = value
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        found = None
    if found is None or _bare(found) != _bare(wanted):
        raise ConfigError(f"{NAME} is written in a way that is not changed by itself")
    return text


def said(values: Values) -> list[str]:
    """Return the lines as they stand in the file."""
    lines = []
    for table, pairs in values.items():
        lines.append(f"[{table}]")
        lines += [
            f"{name} = {_quoted(value)}" if value is not None else f"# no {name}" for name, value in pairs.items()
        ]
    return lines


def _in_table(text: str, table: str, pairs: Mapping[str, Plain]) -> str:
    lines = text.splitlines()
    heads = [at for at, line in enumerate(lines) if re.match(rf"\s*\[\s*{re.escape(table)}\s*\]\s*(#.*)?$", line)]
    fresh = [f"{name} = {_quoted(value)}" for name, value in pairs.items() if value is not None]
    if not heads:
        return text if not fresh else "\n".join([*lines, *([""] if lines else []), f"[{table}]", *fresh]) + "\n"
    start = heads[0] + 1
    stop = next((at for at in range(start, len(lines)) if re.match(r"\s*\[", lines[at])), len(lines))
    names = "|".join(map(re.escape, pairs))
    kept = [line for line in lines[start:stop] if not re.match(rf"\s*[\"']?({names})[\"']?\s*=", line)]
    return "\n".join([*lines[:start], *fresh, *kept, *lines[stop:]]) + "\n"


def _quoted(value: Plain) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _bare(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value != {}}


def _put(path: Path, text: str) -> None:
    """Replace a file in one step; it may hold a password, so that nobody else may read a new one."""
    mode = path.stat().st_mode & (0o600 if "@" in text else 0o777) if path.exists() else 0o600
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:  # no draft stays, however writing ends
        Path(name).unlink(missing_ok=True)
        raise


def _against(home: Path, values: Values) -> str:
    """Return what keeps the file's values from being in force."""
    loaded = load(home)
    for table, pairs in values.items():
        for name, value in pairs.items():
            dotted = f"{table}.{name}"
            origin = loaded.origins.get(dotted, "default")
            now = getattr(getattr(loaded.settings, table), name)
            plain = now.get_secret_value() if hasattr(now, "get_secret_value") else now
            if origin not in {str(home / NAME), "default"} or (value is not None and plain != value):
                return f"{dotted} comes from {origin}, which counts more than the file"
    return ""
