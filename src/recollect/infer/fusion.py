"""The MemoryFuser of seeds/002: a model puts the found memories together; what they do not bear out is left out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from recollect.capture.poison import flags
from recollect.compose.escape import line
from recollect.compose.fused import Fused
from recollect.compose.render import short
from recollect.compose.trim import draft
from recollect.infer.ask import Ask
from recollect.infer.fence import fenced, told
from recollect.infer.prompt import FUSION
from recollect.infer.support import supported
from recollect.models import Hit, Memory
from recollect.text import tokens
from recollect.text.sentence import sentences
from recollect.text.words import question

MOST = 40
"""Memories given to one fusion."""
ROOM = 12_000
"""Tokens of memories given to one fusion."""
PIECE = 1_000
"""Tokens of one memory; of a longer one, those from the chunk that matched."""

_CITED = re.compile(r"(?:\s*[\[【]m\d{1,3}(?:\s*[,，、;]\s*m\d{1,3})*[\]】])+")
_LABEL = re.compile(r"m\d{1,3}")
_HEADING = re.compile(r"^#{1,6}\s+|^\*\*([^*]+)\*\*[:：]?$")
_MARK = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)、])\s+")
_JOINTS = " .。;；,，"
_NONE = frozenset(("none", "无", "无。", "none."))


@dataclass(frozen=True, slots=True)
class Fusing:
    """How memories are fused: by which models and prompts, how freely, and how long the result may be, in tokens."""

    ask: Ask
    temperature: float = 0.2
    limit: int = 800

    async def fuse(self, query: str, hits: Sequence[Hit], language: str, *, project_id: str) -> Fused | None:
        """Return the hits as one text with its sources, `None` where no model gave one that holds.

        Flagged memories are not shown to the model. Each sentence cites what it rests on; one that cites nothing, or
        something else than it says, is left out, and so is one that seems written to steer its reader.
        """
        given = _given(query, [hit for hit in hits if not hit.memory.flags and not flags(hit.memory.text)])
        if not given or not self.ask.offers("fusion"):
            return None
        answered = await self.ask.text(
            "fusion",
            FUSION,
            language,
            temperature=self.temperature,
            limit=self.limit,
            project_id=project_id,
            query=fenced([line(query[:4000])]),
            data=fenced([told(label, item, most=PIECE) for label, item in given.items()]),
            tokens=str(self.limit),
        )
        if answered is None:
            return None
        if answered.text.strip().casefold() in _NONE:
            return None
        text, cited = checked(answered.text, given)
        return Fused(text, tuple(given[label].id for label in cited), answered.model) if text else None


def checked(raw: str, given: Mapping[str, Memory]) -> tuple[str, tuple[str, ...]]:
    """Return what of a fused text the given memories bear out, with our own sources, and the labels it cites.

    Headings stay where something below them does. Text is data here too: no line can open a tag or a fence.
    """
    kept: list[str] = []
    cited: dict[str, None] = {}
    heading = ""
    for written in raw.splitlines():
        if _HEADING.match(written.strip()):
            heading = line(written.strip().strip("#*:： "))
            continue
        found = _sentences(_MARK.sub("", written).strip(), given)
        if not found:
            continue
        if heading:
            kept.append(f"### {heading[:80]}")
            heading = ""
        kept.append("- " + " ".join(said for said, _ in found))
        cited.update(dict.fromkeys(label for _, labels in found for label in labels))
    return "\n".join(kept), tuple(cited)


def _sentences(written: str, given: Mapping[str, Memory]) -> list[tuple[str, tuple[str, ...]]]:
    """Return the sentences of a line that hold, each ready to be shown, with what it cites.

    A sentence without labels of its own rests on those that come next in its line.
    """
    found: list[tuple[str, tuple[str, ...]]] = []
    at = 0
    for match in _CITED.finditer(written):
        before = written[at : match.start()].lstrip(_JOINTS)
        at = match.end()
        said = [before[start:end].strip() for start, end in sentences(before)]
        found += _held(said, tuple(dict.fromkeys(_LABEL.findall(match[0]))), given)
    return found


def _held(
    said: Sequence[str], labels: tuple[str, ...], given: Mapping[str, Memory]
) -> list[tuple[str, tuple[str, ...]]]:
    if not labels or any(label not in given for label in labels):
        return []
    sources = [given[label] for label in labels]
    marks = "".join(f"[{short(item.id)}]" for item in sources)
    return [
        (f"{line(sentence)} {marks}", labels)
        for sentence in said
        if not flags(sentence) and supported(sentence, sources)
    ]


def _given(query: str, hits: Sequence[Hit]) -> dict[str, Memory]:
    """Return the memories a model is shown by their labels, best first, within the room; long ones are shortened."""
    asked = frozenset(question(query[:4000]))
    given: dict[str, Memory] = {}
    room = ROOM
    for hit in hits[:MOST]:
        shown = replace(hit.memory, text=draft(hit, asked, PIECE, PIECE).cut(PIECE))
        room -= tokens.count(shown.text) + 20
        if room < 0:
            break
        given[f"m{len(given) + 1}"] = shown
    return given
