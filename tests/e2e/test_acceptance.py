"""The acceptance run of the older system: write, restart, find; from another project's directory write, and find all.

With the real command line and the real server, and with vectors where the weights are installed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from recollect.project_name import project_of
from recollect.server import token

COMMAND = [sys.executable, "-c", "from recollect.cli.main import main; main()"]


class Machine:
    """One machine: a data directory, and projects in directories of their own."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.folder = folder
        self.projects: dict[str, Path] = {}

    def project(self, name: str) -> Path:
        place = self.folder / name
        (place / ".git").mkdir(parents=True)
        return place

    def run(self, *arguments: str, cwd: Path) -> Any:
        """Run a command in a directory and return what it answers."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RECOLLECT_")}
        env = kept | {"RECOLLECT_HOME": str(self.home)}
        done = subprocess.run(
            [*COMMAND, *arguments, "--json"], cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.startswith(("{", "[")) else done.stdout

    def start(self, cwd: Path) -> httpx.Client:
        self.run("serve", "--background", "--port", "0", cwd=cwd)
        url = self.run("status", cwd=cwd)["url"]
        return httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token.read(self.home)}"}, timeout=60, trust_env=False
        )

    def stop(self) -> None:
        self.run("stop", cwd=self.folder)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    subprocess.run(
        [*COMMAND, "stop", "--home", str(made.home)], capture_output=True, check=False, timeout=60
    )  # where a test broke off


def found(client: httpx.Client, query: str, **where: str) -> list[dict[str, Any]]:
    answer = client.post("/api/memory/search", json={"query": query, **where})
    assert answer.status_code == 200, answer.text
    memories: list[dict[str, Any]] = answer.json()["data"]["memories"]
    return memories


def test_write_restart_find_then_write_in_another_project_and_find_both(machine: Machine) -> None:
    shop, games = machine.project("shop"), machine.project("games")
    here, there = project_of(str(shop)), project_of(str(games))
    assert here != there

    with machine.start(shop) as client:
        written = client.post(
            "/api/memory/add",
            json={
                "content": "The shop's payments run over Stripe. 支付走 Stripe。",
                "user_id": "default",
                "project_id": here,
            },
        )
        assert written.status_code == 200, written.text
    machine.stop()

    with machine.start(shop) as client:
        (first,) = found(client, "which payments does the shop use", project_id=here)
        assert "Stripe" in first["content"]
        assert found(client, "支付", project_id=here)[0]["id"] == first["id"]

        machine.run("add", "The game's payments run over Paddle.", "--project", there, cwd=games)
        assert [hit["project_id"] for hit in found(client, "payments", project_id=there)] == [there]
        both = found(client, "payments", user_id="default")
        assert {hit["project_id"] for hit in both} == {here, there}
        answer = machine.run("search", "payments", cwd=games)
        assert {hit["project_id"] for hit in _hits(answer)} == {here, there}
    machine.stop()


def _hits(answer: Any) -> list[dict[str, Any]]:
    hits: list[dict[str, Any]] = answer if isinstance(answer, list) else answer.get("memories", answer.get("hits"))
    return hits
