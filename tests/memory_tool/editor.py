"""A process that edits files through the tool and tells what was answered; `test_concurrent.py` starts and kills it.

usage: editor.py HOME NAME EDITS (0: until killed)
"""

from __future__ import annotations

import sys
from itertools import count

from anthropic.lib.tools import ToolError

from recollect import Memory
from recollect.memory_tool.anthropic import RecollectMemoryTool
from recollect.testing.embedder import FakeEmbedder

PATH = "/memories/shared.md"


def main(home: str, name: str, edits: int) -> None:
    """Make the file if it is not there, then put line after line into it."""
    with Memory(home, embed=FakeEmbedder()) as memory, RecollectMemoryTool(memory) as tool:
        try:
            tool.call({"command": "create", "path": PATH, "file_text": "first\n"})
        except ToolError as error:
            if "already exists" not in str(error):
                raise
        for number in range(edits) if edits else count():
            line = f"{name} {number}"
            tool.call({"command": "insert", "path": PATH, "insert_line": 0, "insert_text": line})
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
