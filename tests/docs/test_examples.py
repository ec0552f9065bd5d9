"""Every example of the README and of docs/ runs: a page at a time, in a data directory of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_examples import CodeExample, EvalExample, find_examples

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "docs/operations").glob("*.md")])
CONSOLE = re.compile(r"^```(?:console|bash)\n(.*?)^```", re.DOTALL | re.MULTILINE)
ELSEWHERE = ("make ", "git ", "pip ", "cd ", "python ", "apt-get ")
"""Commands that change more than a data directory: they are shown, not run."""

EXAMPLES = {page.name: [one for one in find_examples(page) if one.prefix == "python"] for page in PAGES}
SESSIONS = {page.name: CONSOLE.findall(page.read_text(encoding="utf-8")) for page in PAGES}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the data directory that examples use."""
    for name in [name for name in os.environ if name.startswith("RECOLLECT_")]:
        monkeypatch.delenv(name)
    place = tmp_path / "home"
    monkeypatch.setenv("RECOLLECT_HOME", str(place))
    return place


@pytest.mark.parametrize("page", [name for name, found in EXAMPLES.items() if found])
def test_python_examples_print_what_they_say(page: str, home: Path, eval_example: EvalExample) -> None:
    examples: list[CodeExample] = EXAMPLES[page]
    names: dict[str, Any] = {}
    for example in examples:
        names.update(eval_example.run_print_check(example, module_globals=names))
    assert home.exists()


@pytest.mark.parametrize("page", [name for name, found in SESSIONS.items() if found])
def test_commands_of_the_docs_run(page: str, home: Path, tmp_path: Path) -> None:
    lines = [
        line.removeprefix("$ ") for block in SESSIONS[page] for line in block.splitlines() if line.startswith("$ ")
    ]
    script = "\n".join(line for line in lines if not line.startswith(ELSEWHERE))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-x", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert home.exists()


def test_every_page_is_looked_at() -> None:
    pages = {"README.md", "README.zh.md", "python.md", "cli.md", "settings.md", "retrieval.md", "glossary.md"}
    assert pages <= EXAMPLES.keys()
    assert EXAMPLES["python.md"]
    assert SESSIONS["README.md"]
