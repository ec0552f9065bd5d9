"""Payloads of every client become the same events; prompts of machines are known; answers have each client's form."""

from __future__ import annotations

from typing import Any

import pytest

from recollect.agents.clients import answer, is_machine, known, parse, takes
from recollect.agents.event import Answered, Asked, Compacted, Event, Paused, Started, Used, Way
from recollect.testing.clock import START


def read(client: str, event: str, **payload: Any) -> Event | None:
    return parse(client, event, payload, "e-1", START)


CLAUDE = {"session_id": "s", "cwd": "/w/web", "prompt_id": "p"}
CODEX = {"session_id": "s", "cwd": "/w/web", "turn_id": "p", "transcript_path": None, "model": "gpt"}
VSCODE = {"sessionId": "s", "cwd": "/w/web", "hookEventName": "x"}
GEMINI = {"session_id": "s", "cwd": "/w/web", "timestamp": "x"}
CURSOR = {"conversation_id": "s", "generation_id": "p", "workspace_roots": ["/w/web", "/w/other"]}


@pytest.mark.parametrize(
    ("client", "event", "payload", "prompt"),
    [
        ("claude-code", "UserPromptSubmit", {**CLAUDE, "prompt": "Fix it."}, "p"),
        ("claude-code", "UserPromptSubmit", {**CLAUDE, "prompt": "Fix it.", "source": "sdk"}, "p"),
        ("codex", "UserPromptSubmit", {**CODEX, "prompt": "Fix it."}, "p"),
        ("vscode", "UserPromptSubmit", {**VSCODE, "prompt": "Fix it."}, "e-1"),
        ("gemini", "BeforeAgent", {**GEMINI, "prompt": "Fix it."}, "e-1"),
        ("cursor", "beforeSubmitPrompt", {**CURSOR, "prompt": "Fix it.", "attachments": []}, "p"),
    ],
)
def test_a_prompt_is_the_same_event_in_every_client(
    client: str, event: str, payload: dict[str, Any], prompt: str
) -> None:
    found = read(client, event, **payload)
    assert isinstance(found, Asked)
    place = found.place
    assert (found.text, place.client, place.session, place.folder, place.prompt, place.agent) == (
        "Fix it.", client, "s", "/w/web", prompt, None,
    )  # fmt: skip
    assert place.conversation == "s"


@pytest.mark.parametrize(
    ("client", "event", "payload"),
    [
        ("claude-code", "Stop", {**CLAUDE, "last_assistant_message": "Done. "}),
        ("codex", "Stop", {**CODEX, "last_assistant_message": "Done."}),
        ("gemini", "AfterAgent", {**GEMINI, "prompt": "Fix it.", "prompt_response": "Done."}),
        ("cursor", "afterAgentResponse", {**CURSOR, "text": "Done."}),
    ],
)
def test_an_answer_is_the_same_event_in_every_client(client: str, event: str, payload: dict[str, Any]) -> None:
    found = read(client, event, **payload)
    assert isinstance(found, Answered)
    assert found.text == "Done."


@pytest.mark.parametrize(
    ("client", "event", "payload", "failed", "result"),
    [
        ("claude-code", "PostToolUse", {**CLAUDE, "tool_response": {"stdout": "a", "stderr": "b"}}, False, "a\nb"),
        ("claude-code", "PostToolUse", {**CLAUDE, "tool_response": [{"type": "text", "text": "a"}]}, False, "a"),
        ("claude-code", "PostToolUseFailure", {**CLAUDE, "error": "Exit code 1"}, True, "Exit code 1"),
        ("codex", "PostToolUse", {**CODEX, "tool_response": "a"}, False, "a"),
        ("vscode", "PostToolUse", {**VSCODE, "tool_response": "a"}, False, "a"),
        ("gemini", "AfterTool", {**GEMINI, "tool_response": {"llmContent": "a"}}, False, "a"),
        ("gemini", "AfterTool", {**GEMINI, "tool_response": {"llmContent": "", "error": "boom"}}, True, "boom"),
        ("cursor", "postToolUse", {**CURSOR, "tool_output": "a"}, False, "a"),
        ("cursor", "postToolUseFailure", {**CURSOR, "error_message": "boom"}, True, "boom"),
    ],
)
def test_a_tool_call_is_the_same_event_in_every_client(
    client: str, event: str, payload: dict[str, Any], failed: bool, result: str
) -> None:
    found = read(client, event, tool_name="Shell", tool_input={"command": "ls"}, tool_use_id="t-1", **payload)
    assert isinstance(found, Used)
    assert (found.tool, found.given, found.failed, found.result, found.call) == (
        "Shell", {"command": "ls"}, failed, result, "t-1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("client", "event", "payload", "way"),
    [
        ("claude-code", "SessionStart", {**CLAUDE, "source": "compact"}, Way.COMPACT),
        ("claude-code", "SessionStart", {**CLAUDE, "source": "fork", "seconds_since_last_response": 9}, Way.FORK),
        ("vscode", "SessionStart", {**VSCODE, "source": "new"}, Way.STARTUP),
        ("cursor", "sessionStart", CURSOR, Way.STARTUP),
        ("gemini", "SessionStart", {**GEMINI, "source": "resume"}, Way.RESUME),
    ],
)
def test_a_session_starts_in_a_way(client: str, event: str, payload: dict[str, Any], way: Way) -> None:
    found = read(client, event, **payload)
    assert isinstance(found, Started)
    assert (found.way, found.idle) == (way, 9.0 if way is Way.FORK else None)


def test_a_process_that_ends_ends_no_session() -> None:
    assert isinstance(read("claude-code", "SessionEnd", **CLAUDE, reason="other"), Paused)
    assert isinstance(read("cursor", "stop", **CURSOR, status="completed"), Paused)


@pytest.mark.parametrize(
    ("summary", "kept"),
    [
        ("<analysis>a</analysis>\n<summary>\nWhat we did.\n</summary>", "What we did."),
        ("<analysis>a</analysis> What we did.", "What we did."),
        ("<summary>What we did.", "What we did."),
        ("What we did.", "What we did."),
    ],
)
def test_of_a_compaction_only_the_summary_is_kept(summary: str, kept: str) -> None:
    found = read("claude-code", "PostCompact", **CLAUDE, compact_summary=summary)
    assert isinstance(found, Compacted)
    assert found.summary == kept


def test_who_sums_up_for_a_compaction_is_no_subagent() -> None:
    payload = {**CLAUDE, "agent_id": "a", "last_assistant_message": "x"}
    assert read("claude-code", "SubagentStop", **payload, agent_type="") is None
    found = read("claude-code", "SubagentStop", **payload, agent_type="Explore")
    assert isinstance(found, Answered)
    assert found.place.conversation == "s/a"


@pytest.mark.parametrize(
    "prompt",
    [
        "<task-notification>\n<task-id>x", "  <local-command-stdout>x", "<command-name>/compact</command-name>",
        "[Request interrupted by user]", "<bash-input>ls</bash-input>", "/compact", "/recollect:memories what now",
    ],
)  # fmt: skip
def test_a_machine_prompt_is_known(prompt: str) -> None:
    assert is_machine(prompt)
    assert read("claude-code", "UserPromptSubmit", **CLAUDE, prompt=prompt) is None


@pytest.mark.parametrize(
    "prompt", ["/home/mei/x.py fails", "look at <task-notification>", "[1] is missing", "/ is full"]
)
def test_a_person_may_write_like_a_machine(prompt: str) -> None:
    assert not is_machine(prompt)


def test_a_prompt_that_woke_up_by_itself_is_a_machines() -> None:
    assert is_machine("check the build", "schedule_wakeup")
    assert not is_machine("check the build", "user")


def test_answers_have_the_form_of_their_client() -> None:
    assert answer("claude-code", "SessionStart", "x") == {
        "hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": "x"}
    }
    assert answer("cursor", "sessionStart", "x") == {"additional_context": "x"}
    assert answer("vscode", "UserPromptSubmit", "x") is None
    assert not takes("claude-code", "PostCompact")
    assert not takes("nobody", "SessionStart")


def test_every_client_hears_of_prompts_and_starts() -> None:
    for client in known():
        assert any(
            isinstance(read(client, event, session_id="s", prompt="Fix it."), Asked)
            for event in ("UserPromptSubmit", "BeforeAgent", "beforeSubmitPrompt")
        ), client


def test_ids_are_made_fit_to_be_kept() -> None:
    found = read("claude-code", "UserPromptSubmit", session_id="s\n\ud800" + "x" * 500, prompt="a", cwd=[])
    assert isinstance(found, Asked)
    assert found.place.session.startswith("s--x")
    assert len(found.place.session) <= 120
    assert found.place.folder == ""
