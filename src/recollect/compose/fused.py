"""What a language model made of the found memories, checked and ready to be shown."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from recollect.compose.render import Format


@dataclass(frozen=True, slots=True)
class Fused:
    """A text in markdown, the ids of the memories it cites, in the order it does, and the model that wrote it."""

    text: str
    memories: tuple[str, ...]
    by: str

    def shown(self, style: Format) -> str:
        """Return the text in a format."""
        if style == "xml":
            return f"<memories>\n{escape(self.text, quote=False)}\n</memories>"
        if style == "text":
            rows = self.text.splitlines()
            return "\n".join(f"{row.removeprefix('### ')}:" if row.startswith("### ") else row for row in rows)
        return self.text
