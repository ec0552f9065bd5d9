"""A session of Claude Code twice: as its hooks tell it, and as its transcript does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from recollect import AsyncMemory
from recollect.api.hooks import receive
from recollect.testing.clock import START

SENT = START.isoformat()
_EVENTS = count()


def envelope(payload: dict[str, Any], event_id: str = "", sent_at: str = SENT, **more: Any) -> dict[str, Any]:
    """Return a payload as a hook hands it on."""
    return {"event_id": event_id or f"e-{next(_EVENTS)}", "sent_at": sent_at, "payload": payload, **more}


@dataclass
class Session:
    """What happens in a session; each method says it once, in both forms."""

    name: str = "s-1"
    cwd: str = "/home/mei/lantern"
    hooks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    aside: list[dict[str, Any]] = field(default_factory=list)
    prompt_id: str = "p-0"

    @property
    def file(self) -> str:
        return f"/home/mei/.claude/projects/-home-mei-lantern/{self.name}.jsonl"

    def hook(self, event: str, **fields: Any) -> None:
        common = {"session_id": self.name, "transcript_path": self.file, "cwd": self.cwd, "hook_event_name": event}
        self.hooks.append((event, {**common, "prompt_id": self.prompt_id, **fields}))

    def line(self, kind: str, message: dict[str, Any], **fields: Any) -> dict[str, Any]:
        common = {"type": kind, "sessionId": self.name, "cwd": self.cwd, "timestamp": SENT, "message": message}
        return {**common, "uuid": f"u-{next(_EVENTS)}", **fields}

    def start(self, source: str = "startup", **fields: Any) -> None:
        self.hook("SessionStart", source=source, **fields)

    def ask(self, text: str) -> None:
        self.prompt_id = f"p-{len(self.lines)}"
        self.hook("UserPromptSubmit", prompt=text)
        self.lines.append(self.line("user", {"role": "user", "content": text}, promptId=self.prompt_id))

    def use(self, tool: str, given: dict[str, Any], response: Any, *, error: str = "", text: str = "") -> None:
        call = f"toolu_{len(self.lines)}"
        named = {"tool_name": tool, "tool_input": given, "tool_use_id": call}
        if error:
            self.hook("PostToolUseFailure", **named, error=error, is_interrupt=False)
        else:
            self.hook("PostToolUse", **named, tool_response=response)
        block = {"type": "tool_use", "id": call, "name": tool, "input": given}
        result = {"type": "tool_result", "tool_use_id": call, "content": error or text or "ok", "is_error": bool(error)}
        self.lines.append(self.line("assistant", {"id": f"msg_{call}", "model": "m", "content": [block]}))
        told = f"Error: {error}" if error else response
        self.lines.append(
            self.line("user", {"role": "user", "content": [result]}, promptId=self.prompt_id, toolUseResult=told)
        )

    def answer(self, text: str) -> None:
        self.hook("Stop", stop_hook_active=False, last_assistant_message=text)
        block = {"type": "text", "text": f"{text}\n"}
        self.lines.append(self.line("assistant", {"id": f"msg_{len(self.lines)}", "model": "m", "content": [block]}))

    def delegate(self, prompt: str, answer: str, agent: str = "a1") -> None:
        given = {"description": "look", "prompt": prompt, "subagent_type": "general-purpose"}
        self.use("Agent", given, {"isAsync": True, "status": "async_launched", "agentId": agent}, text="launched")
        self.hook("SubagentStop", agent_id=agent, agent_type="general-purpose", last_assistant_message=answer)
        of = {"isSidechain": True, "agentId": agent}
        asked = self.line("user", {"role": "user", "content": prompt}, promptId=self.prompt_id, **of)
        said = {"id": "msg_side", "model": "m", "content": [{"type": "text", "text": answer}]}
        self.aside += [asked, self.line("assistant", said, **of)]

    def machine(self, text: str) -> None:
        self.hook("UserPromptSubmit", prompt=text)
        self.lines.append(self.line("user", {"role": "user", "content": text}, promptId=self.prompt_id))

    def walk(self, folder: str) -> None:
        self.cwd = folder

    def compact(self, summary: str) -> None:
        self.hook("PreCompact", trigger="manual", custom_instructions=None)
        self.hook("SubagentStop", agent_id="compactor", agent_type="", last_assistant_message=summary)
        self.start("compact")
        self.hook(
            "PostCompact", trigger="manual", compact_summary=f"<analysis>hm</analysis>\n<summary>{summary}</summary>"
        )
        mark = {"isCompactSummary": True, "isVisibleInTranscriptOnly": True}
        self.lines.append(self.line("user", {"role": "user", "content": summary}, promptId="p-compact", **mark))

    def end(self) -> None:
        self.hook("SessionEnd", reason="other")

    async def live(self, memory: AsyncMemory) -> list[str]:
        """Send all hooks that were not sent yet; return the contexts that came back."""
        told = []
        for event, payload in self.hooks:
            output = await receive(memory, "claude-code", event, envelope(payload))
            if output is not None:
                told.append(output["hookSpecificOutput"]["additionalContext"])
        self.hooks.clear()
        return told

    def written(self, home: Path) -> Path:
        """Write the transcripts as the client does; return the folder they are in."""
        place = home / "projects" / "-home-mei-lantern"
        side = place / self.name / "subagents" / "agent-a1.jsonl"
        side.parent.mkdir(parents=True, exist_ok=True)
        for path, lines in ((place / f"{self.name}.jsonl", self.lines), (side, self.aside)):
            path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
        return place


def busy() -> Session:
    """Return a session in which everything happens that hooks tell."""
    session = Session()
    session.start()
    session.ask("Fix the importer: it stops at empty lines.")
    session.use(
        "Read", {"file_path": "/home/mei/lantern/src/x.py"}, {"type": "text", "file": {"content": "secret source"}}
    )
    session.walk("/home/mei/lantern/src")
    session.use(
        "Bash", {"command": "pytest -q", "description": "Run tests"}, None, error="Exit code 1\nE   assert 1 == 2"
    )
    session.use(
        "Edit", {"file_path": "/home/mei/lantern/src/x.py", "old_string": "1", "new_string": "2"}, {"newString": "2"}
    )
    stdout = "....\n4 passed in 0.31s"
    session.use("Bash", {"command": "pytest -q"}, {"stdout": stdout, "stderr": "", "interrupted": False}, text=stdout)
    session.use("TodoWrite", {"todos": []}, {})
    session.use("mcp__recollect__search_memories", {"query": "importer"}, [{"type": "text", "text": "x"}])
    session.delegate("Look whether others stop there too.", "None of the others does.")
    session.answer("Fixed: empty lines are skipped, tests pass.")
    session.machine("<task-notification>\n<task-id>a1</task-id>\n</task-notification>")
    session.end()
    session.start("resume", seconds_since_last_response=1)
    session.ask("Fixed: empty lines are skipped, tests pass.")
    session.answer("Yes.")
    session.end()
    return session
