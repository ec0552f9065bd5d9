"""The programs that the pieces of deploy/ are for; a test that needs one that is not here is skipped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def program(name: str) -> str:
    """Return where a program is; skip the test where it is not."""
    found = shutil.which(name, path=PATH)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(
    *command: str | Path, cwd: Path = DEPLOY, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return what it said, both on stdout."""
    return subprocess.run(
        [str(part) for part in command], cwd=cwd, text=True, check=False, timeout=120,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "PATH": PATH, **(env or {})},
    )  # fmt: skip


def ok(*command: str | Path, cwd: Path = DEPLOY, env: Mapping[str, str] | None = None) -> str:
    """Run a program that must succeed."""
    done = run(*command, cwd=cwd, env=env)
    assert done.returncode == 0, done.stdout
    return done.stdout


def free_ports(number: int) -> list[int]:
    """Return ports that nobody listens on at this moment."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
