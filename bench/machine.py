"""What the figures were measured on: the machine, its software, and the state of the code."""

from __future__ import annotations

import hashlib
import os
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "recollect"


def machine() -> dict[str, str]:
    """Return what a reader needs to compare figures."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": ", ".join([f"SQLite {sqlite3.sqlite_version}", *_versions("onnxruntime", "numpy", "simsimd")]),
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def fingerprint(*folders: Path) -> str:
    """Return a code of the sources in these folders (all of recollect by default): other code, other figures."""
    digest = hashlib.blake2b(digest_size=6)
    for folder in folders or (SOURCE,):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(folder).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def stored_form() -> str:
    """Return a code of the sources that decide what a filled store looks like."""
    return fingerprint(*(SOURCE / room for room in ("capture", "models", "process", "stores/sql", "text")), _HERE)


_HERE = Path(__file__).parent / "synthetic"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _versions(*names: str) -> list[str]:
    found = []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return found
