"""Reads the transcripts of Claude Code: `~/.claude/projects/<folder>/<session>.jsonl` and its subagents' files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from recollect.agents.clients import is_machine
from recollect.agents.folder import begun_in, parents_of, project_in
from recollect.agents.observation import condense, result_of
from recollect.capture.instant import instant
from recollect.errors import InvalidInput
from recollect.models import Role, Source, Turn
from recollect.ops.readers.lines import objects
from recollect.ops.readers.spoken import Fault, Item, Spoken

CLIENT: Final = "claude-code"
UNSAID: Final = (
    "isMeta",
    "isCompactSummary",
    "isVisibleInTranscriptOnly",
    "repeatsCompactSummary",
    "isApiErrorMessage",
)
SYNTHETIC: Final = "<synthetic>"


def read(path: Path) -> Iterator[Item]:
    """Yield what was said and done in one transcript, or in all transcripts under a directory, in order of path.

    The blocks of one assistant message become one turn; each tool call becomes one line told by a tool. Ids and texts
    are those that the live hooks give (`agents.live`), so that a session told by both is kept once: prompts and answers
    have the prompt's id (else the message's or the line's), calls their own. All of a file belongs to the project it
    was begun in. A subagent's transcript is a conversation of its own, `<session>/<agent>`. Broken lines come as
    faults. Each turn's metadata names its `line` in the file. Raises InvalidInput where nothing can be opened.
    """
    for file in sorted(path.rglob("*.jsonl")) if path.is_dir() else [path]:
        try:
            yield from _session(file)
        except InvalidInput as error:
            if file == path:
                raise
            yield Fault(str(file), 0, error.message)


@dataclass(slots=True)
class _Call:
    """A tool call whose answer has not come yet."""

    line: int
    entry: Mapping[str, Any]
    tool: str
    given: Mapping[str, Any]
    call_id: str
    result: str | None = None
    failed: bool = False


@dataclass(slots=True)
class _Message:
    """An assistant message in the making: its text blocks, and the tool calls it made."""

    name: str | None = None
    prompt: str | None = None
    line: int = 0
    entry: Mapping[str, Any] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    calls: dict[str, _Call] = field(default_factory=dict)


def _session(file: Path) -> Iterator[Item]:
    message, title, asked = _Message(), None, None
    for found in objects(file):
        if isinstance(found, Fault):
            yield found
            continue
        line, entry = found
        title = _title(entry) or title
        kind, body = entry.get("type"), entry.get("message")
        asked = _text(entry.get("promptId")) or asked
        if kind not in ("user", "assistant") or any(entry.get(mark) for mark in UNSAID):
            continue
        if not isinstance(body, Mapping):
            yield Fault(str(file), line, f"a line of type {kind} without a message")
            continue
        blocks, wrong = _blocks(body.get("content"))
        if wrong:
            yield Fault(str(file), line, wrong)
        elif kind == "assistant":
            said = _Message(_text(body.get("id")) or _text(entry.get("uuid")), asked, line, entry)
            if said.name != message.name:
                yield from _told(message, file, title)
                message = said
            _gather(message, blocks if body.get("model") != SYNTHETIC else [], line, entry)
        else:
            _answer(message, blocks, entry)
            prompt = _prompt(blocks, _text(entry.get("promptSource")))
            if prompt:
                yield from _told(message, file, title)
                message = _Message()
                name = _text(entry.get("promptId")) or _text(entry.get("uuid"))
                yield _item(Role.USER, prompt, name, file, title, line, entry)
    yield from _told(message, file, title)


def _blocks(content: object) -> tuple[list[Mapping[str, Any]], str]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}], ""
    if isinstance(content, list):
        return [block for block in content if isinstance(block, Mapping)], ""
    return [], f"a message whose content is {type(content).__name__}"


def _texts(blocks: list[Mapping[str, Any]]) -> list[str]:
    texts = [block.get("text") for block in blocks if block.get("type") == "text"]
    return [text for text in texts if isinstance(text, str) and text.strip()]


def _prompt(blocks: list[Mapping[str, Any]], source: str | None) -> str:
    return "\n\n".join([text for text in _texts(blocks) if not is_machine(text, source)])


def _gather(message: _Message, blocks: list[Mapping[str, Any]], line: int, entry: Mapping[str, Any]) -> None:
    message.texts += _texts(blocks)
    for block in blocks:
        tool, given, call_id = block.get("name"), block.get("input"), block.get("id")
        if block.get("type") == "tool_use" and isinstance(tool, str) and isinstance(call_id, str):
            known = given if isinstance(given, Mapping) else {}
            message.calls[call_id] = _Call(line, entry, tool, known, call_id)


def _answer(message: _Message, blocks: list[Mapping[str, Any]], entry: Mapping[str, Any]) -> None:
    for block in blocks:
        call = message.calls.get(str(block.get("tool_use_id"))) if block.get("type") == "tool_result" else None
        if call is not None:
            content, _ = _blocks(block.get("content"))
            call.failed = block.get("is_error") is True
            structured = entry.get("toolUseResult")
            # Hooks are handed the structured answer; of a failure, the text that the model reads.
            told = result_of(structured) if isinstance(structured, Mapping) and not call.failed else ""
            call.result = told or "\n".join(_texts(content))
            call.entry = entry


def _told(message: _Message, file: Path, title: str | None) -> Iterator[Item]:
    if message.texts:
        text = "\n\n".join(message.texts).strip()
        yield _item(Role.ASSISTANT, text, message.prompt or message.name, file, title, message.line, message.entry)
    for call in message.calls.values():
        cwd = _begun(call.entry, file)
        said = condense(call.tool, call.given, call.result, failed=call.failed, cwd=cwd)
        if said:
            yield _item(Role.TOOL, said, call.call_id, file, title, call.line, call.entry, {"tool": call.tool[:100]})


def _item(
    role: Role,
    text: str,
    message_id: str | None,
    file: Path,
    title: str | None,
    line: int,
    entry: Mapping[str, Any],
    metadata: Mapping[str, Any] | None = None,
) -> Spoken | Fault:
    stamp = entry.get("timestamp")
    try:
        moment = None if stamp is None else instant(stamp, "timestamp")
    except InvalidInput as error:
        return Fault(str(file), line, error.message)
    session = _text(entry.get("sessionId")) or file.stem
    agent = _text(entry.get("agentId")) or ("sidechain" if entry.get("isSidechain") is True else None)
    branch = _text(entry.get("gitBranch"))
    extra = {
        **(metadata or {}),
        "line": line,
        **({"agent": agent} if agent else {}),
        **({"branch": branch} if branch and branch != "HEAD" else {}),
    }
    begun = _begun(entry, file)
    return Spoken(
        conversation_id=f"{session}/{agent}" if agent else session,
        project_id=project_in(begun) if begun else None,
        title=title,
        turn=Turn(role, text, None, moment, message_id, extra),
        source=Source(CLIENT, str(file), message_id),
        line=line,
        agent_id=CLIENT,
    )


def _title(entry: Mapping[str, Any]) -> str | None:
    named = {"summary": "summary", "custom-title": "customTitle", "ai-title": "aiTitle"}.get(str(entry.get("type")))
    return _text(entry.get(named)) if named else None


def _begun(entry: Mapping[str, Any], file: Path) -> str:
    cwd = entry.get("cwd")
    return begun_in(cwd, parents_of(str(file))) if isinstance(cwd, str) else ""


def _text(value: object) -> str | None:
    return value[:200].strip() or None if isinstance(value, str) else None
