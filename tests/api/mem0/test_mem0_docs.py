"""The examples of docs/mem0.md run as they stand, but for the port."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest
from tests.api.mem0.conftest import Live
from tests.api.mem0.test_javascript_client import installed

PAGE = Path(__file__).resolve().parents[3] / "docs" / "mem0.md"
HOST = "http://127.0.0.1:37777"
SAYS = re.compile(r"^(?:#|//)> (.*)$", re.MULTILINE)


def examples(language: str) -> list[str]:
    """Return the page's examples in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("language", ["py", "js"])
async def test_the_examples_print_what_they_say(live: Live, language: str, tmp_path: Path) -> None:
    (tmp_path / ".recollect").mkdir()
    (tmp_path / ".recollect" / "token").write_text(f"{live.key}\n", encoding="utf-8")
    if language == "js":
        package = await asyncio.to_thread(installed)
        (tmp_path / "node_modules").symlink_to(package.parents[2])
    (example,) = examples(language)
    script = tmp_path / ("example.mjs" if language == "js" else "example.py")
    assert HOST in example
    script.write_text(example.replace(HOST, live.url), encoding="utf-8")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "MEM0_DIR": str(tmp_path / "mem0")}
    process = await asyncio.create_subprocess_exec(
        *("node" if language == "js" else sys.executable, str(script)),
        env=env | {"MEM0_TELEMETRY": "false", "TMPDIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert out.decode().splitlines() == SAYS.findall(example)
