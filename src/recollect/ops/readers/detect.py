"""Finds out by looking inside which program a file comes from, and reads it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from recollect.errors import InvalidInput
from recollect.ops.line import FORM
from recollect.ops.readers import chatgpt, claude_ai, claude_code, claude_mem, claude_notes, mem0, messages
from recollect.ops.readers.checked import checked
from recollect.ops.readers.lines import parsed
from recollect.ops.readers.records import head_of
from recollect.ops.readers.spoken import Item

READERS: Final[Mapping[str, Callable[[Path], Iterator[Item]]]] = {
    "claude-code": claude_code.read,
    "chatgpt": chatgpt.read,
    "claude-ai": claude_ai.read,
    "mem0": mem0.read,
    "messages": messages.read,
    "claude-mem": claude_mem.read,
    "claude-notes": claude_notes.read,
}
"""The readers by the name of the form they read."""

FORMS: Final = (*READERS, FORM)
"""Everything that can be imported; the last is recollect's own export, which `ops.restore` takes over as it is."""

SIGNS: Final = (
    (FORM, re.compile(r'\A\{"recollect"\s*:\s*"export"')),
    ("chatgpt", re.compile(r'"mapping"\s*:')),
    ("claude-ai", re.compile(r'"chat_messages"\s*:')),
    ("claude-code", re.compile(r'"(?:sessionId|parentUuid|leafUuid)"\s*:')),
    ("messages", re.compile(r'"(?:role|content)"\s*:')),
    ("mem0", re.compile(r'"(?:memory|text|data)"\s*:')),
)
"""What the start of a file shows, the surest first; used where its first object is not whole."""

KEYS: Final = (
    (FORM, ({"recollect", "version"},)),
    ("messages", ({"role", "content"}, {"role", "text"}, {"messages"}, {"turns"})),
    ("chatgpt", ({"mapping"},)),
    ("claude-ai", ({"chat_messages"},)),
    ("claude-code", ({"sessionId"}, {"parentUuid"}, {"leafUuid"})),
    ("mem0", ({"results"}, {"memories"})),
)
"""Keys that the first object of each form has: all of one of the sets."""

HINT: Final = f"Name the form with --from: {', '.join(FORMS)}."


def detect(path: Path) -> str:
    """Return the name of the form a file is in; a directory is a tree of Claude Code transcripts.

    Raises InvalidInput where nothing can be read or the form is none of `FORMS`.
    """
    if path.is_dir():
        if next(path.rglob("*.jsonl"), None) is None:
            raise InvalidInput(
                f"{path} holds no transcripts", field="path", hint="Give the folder with the .jsonl files."
            )
        return "claude-code"
    if claude_mem.is_one(path):
        return "claude-mem"
    head = head_of(path)
    if not head:
        raise InvalidInput(f"{path} is empty", field="path", hint="Give an export with something in it.")
    name = _by_object(head.partition("\n")[0]) or next((name for name, sign in SIGNS if sign.search(head)), None)
    if name is None or not head.startswith(("[", "{")):
        raise InvalidInput(f"{path} is in no form that can be imported", field="path", hint=HINT)
    return name


def read(path: Path, form: str | None = None) -> Iterator[Item]:
    """Yield what a file holds, lazily; `form` (a name of `READERS`) spares the look inside.

    Every turn, note and id keeps the rules of capture; what does not comes as a fault. Raises InvalidInput, also while
    reading, where the file itself cannot be opened.
    """
    name = form or detect(path)
    reader = READERS.get(name)
    if reader is None:
        raise InvalidInput(f"There is no form named {name[:40]!r}", field="form", hint=HINT)
    return checked(reader(path))


def _by_object(line: str) -> str | None:
    """Return the form of a line that is a whole object."""
    try:
        value: Any = parsed(line)
    except ValueError:
        return None
    value = value[0] if isinstance(value, list) and value else value
    if not isinstance(value, Mapping):
        return None
    form = next((name for name, keys in KEYS for needed in keys if needed <= value.keys()), None)
    return "mem0" if form is None and mem0.text_of(value) else form
