"""The real Claude Code, with the plugin as it is installed: what it remembers, and what nobody notices."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from tests.e2e.conftest import Assistant, Home, until
from tests.e2e.model import Model

from recollect.server import record

pytestmark = pytest.mark.slow

FACT = "Always deploy the lighthouse service to Hetzner with the blue pipeline."


def test_a_fact_reaches_the_next_session_of_its_project_and_no_other(
    assistant: Assistant, memories: Home, model: Model, tmp_path: Path
) -> None:
    memories.start()
    assistant.ask(tmp_path / "web", f'{FACT}\n@call Bash {{"command": "echo built", "description": "build"}}')
    assert until(lambda: "Ran `echo built` (build)" in memories.texts("observation"))
    assert FACT in "\n".join(memories.texts("turn"))
    assert "<recollect-context>" not in model.read(), "nothing was remembered yet"
    assistant.ask(tmp_path / "web", "Please go on with the work.")
    assert FACT in _context(model)
    model.read()
    assistant.ask(tmp_path / "other", "How do we deploy the lighthouse service?")
    assert "Hetzner" not in model.read()
    assert not assistant.errors()


def test_what_is_private_is_in_no_file(assistant: Assistant, memories: Home, tmp_path: Path) -> None:
    memories.start()
    assistant.ask(tmp_path / "web", "The tower is red. <private>zebra-crossing-77</private> Carry on with the tower.")
    assert until(lambda: any("tower is red" in text for text in memories.texts()))
    memories.stop()
    assert memories.holds("The tower is red.")
    assert not memories.holds("zebra-crossing-77")


def test_a_server_that_is_killed_is_noticed_by_nobody_and_nothing_is_lost(
    assistant: Assistant, memories: Home, tmp_path: Path
) -> None:
    running = memories.start()
    kill = f'@call Bash {{"command": "kill -{int(signal.SIGKILL)} {running.pid}", "description": "kill it"}}'
    first = assistant.ask(tmp_path / "web", f"We store the lamps in PostgreSQL.\n{kill}")
    assert record.gone(running, 10)
    # The next process finds no server and starts one; the one after it is told by that.
    second = assistant.ask(tmp_path / "web", "The lamps are green by now, note that well.", "--continue")
    assert first["session_id"] == second["session_id"]
    until(lambda: record.running(memories.path) and record.answers(record.running(memories.path)))  # type: ignore[arg-type]
    told = until(lambda: (found := memories.texts()) and any("green by now" in text for text in found) and found)
    assert [sum(text.startswith(begin) for text in told) for begin in ("We store the lamps", "The lamps are")] == [1, 1]
    assert any(text.startswith("Ran `kill") for text in told)
    assert sum("Done, and I have seen" in text for text in told if not text.startswith("2026")) >= 1
    assert until(lambda: not list((memories.path / "spool").glob("*.json")))
    assert not assistant.errors()


def test_a_compacted_session_keeps_its_thread(
    assistant: Assistant, memories: Home, model: Model, tmp_path: Path
) -> None:
    memories.start()
    web = tmp_path / "web"
    assistant.ask(web, 'Write the lamp file.\n@call Bash {"command": "echo lamp > lamp.txt", "description": "lamp"}')
    assistant.ask(web, "/compact", "--continue")
    model.read()
    assistant.ask(web, "What did we do with the lamp?", "--continue")
    told = _context(model)
    assert "Write the lamp file." in told
    assert "Ran `echo lamp > lamp.txt` (lamp)" in told
    assert "We are building the lighthouse importer." in memories.texts("summary")


def test_a_session_that_goes_on_is_not_told_the_same_again(
    assistant: Assistant, memories: Home, model: Model, tmp_path: Path
) -> None:
    memories.start()
    assistant.ask(tmp_path / "web", FACT)
    model.read()
    assistant.ask(tmp_path / "web", "Start something else entirely.")
    assert _context(model).count("<recollect-context>") == 1
    model.read()
    assistant.ask(tmp_path / "web", "And go on with that.", "--continue")
    assert _context(model).count(FACT) == 1, "the resumed session holds its first context, and no second one"


def test_the_tools_answer_inside_the_client(assistant: Assistant, memories: Home, model: Model, tmp_path: Path) -> None:
    memories.start()
    assistant.ask(tmp_path / "web", FACT)
    model.read()
    call = '@call mcp__plugin_recollect_recollect__search_memories {"query": "Which pipeline do we deploy with?"}'
    assistant.ask(tmp_path / "web", call, MCP_CONNECTION_NONBLOCKING="0", ENABLE_TOOL_SEARCH="false")
    results = [
        block
        for body in model.requests
        for message in body["messages"]
        if isinstance(message["content"], list)
        for block in message["content"]
        if block.get("type") == "tool_result"
    ]
    assert results
    assert "blue pipeline" in str(results[-1])
    assert not any("search_memories" in text for text in memories.texts("observation"))


@pytest.mark.parametrize("part", ["", "recollect"])
def test_the_plugin_is_valid(assistant: Assistant, part: str) -> None:
    place = assistant.plugin.parent / part
    assistant.home.mkdir()
    done = subprocess.run(
        [str(assistant.binary), "plugin", "validate", "--strict", str(place)],
        env={
            "HOME": str(assistant.home),
            "CLAUDE_CONFIG_DIR": str(assistant.home / ".claude"),
            "PATH": "/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _context(model: Model) -> str:
    """Return the words of the last request that asked for more than a title."""
    asked = [body for body in model.requests if body.get("tools")]
    return "\n".join(
        str(message["content"]).replace("\\n", "\n") for message in (asked[-1]["messages"] if asked else ())
    )
