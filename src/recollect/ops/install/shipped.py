"""The plugins that ship with recollect, with this machine's data directory and server entered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from recollect.ops.install.machine import Machine

PLACE: Final = re.compile(r"/\* recollect: (\w+) \*/.*?/\* end \*/")
"""What is filled in when a plugin is installed."""


def texts(name: str, machine: Machine) -> dict[str, str]:
    """Return the files of a plugin by their path in it."""
    given = {"home": str(machine.data), "host": machine.host, "port": machine.port}
    filled = json.dumps(given, ensure_ascii=True)
    return {
        path: PLACE.sub(lambda _: filled, text) for path, text in _walk(files("recollect").joinpath("plugin", name), "")
    }


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_text(encoding="utf-8")
