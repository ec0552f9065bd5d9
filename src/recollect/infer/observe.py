"""Makes short observations of what an assistant's tools showed, several calls at once, by a model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from recollect.capture.normalise import normalise
from recollect.capture.poison import flags
from recollect.capture.redact import redact
from recollect.compose.escape import line
from recollect.infer.ask import Ask
from recollect.infer.fence import fenced
from recollect.infer.given import labels, objects, text
from recollect.infer.schema import OBSERVE
from recollect.infer.support import supported
from recollect.models import Memory
from recollect.text import tokens
from recollect.text.language import language

GIVEN = 150
"""Tokens of what a tool was given, and `SHOWN` of what it answered: first and last lines of a long output."""
SHOWN = 700
LONGEST = 400
"""Characters of an observation."""
READ = 20_000
"""Characters of an output that are looked at, half of them at its end: that is where it says what came of it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call: the memory that tells it in one line, and what it was given and answered, clean and short."""

    item: Memory
    tool: str
    given: str
    shown: str

    @property
    def text(self) -> str:
        """All of it as one line."""
        return f"{line(self.tool)[:60]}: {self.given} => {self.shown}"


@dataclass(frozen=True, slots=True)
class Observation:
    """What was learned, from which memories."""

    text: str
    sources: tuple[str, ...]


def call(item: Memory, tool: str, given: Mapping[str, Any], result: str) -> Call | None:
    """Return a call with secrets masked, `None` for one that seems written to steer its reader (a web page, say)."""
    asked = json.dumps(dict(given), ensure_ascii=False, default=str)[:READ]
    shown = result if len(result) <= READ else f"{result[: READ // 2]}\n…\n{result[-READ // 2 :]}"
    if flags(asked) or flags(shown):
        return None
    half = SHOWN // 2
    clean = line(redact(normalise(shown)).text)
    if tokens.count(clean) > SHOWN:
        clean = f"{tokens.cut(clean, half)} … {tokens.cut(clean[-4 * half :], half)}"
    return Call(item, tool, tokens.cut(line(redact(normalise(asked)).text), GIVEN), clean)


async def observe(ask: Ask, calls: Sequence[Call]) -> tuple[tuple[Observation, ...], str] | None:
    """Return what the calls taught and the model that says so, `None` without an answer.

    An observation is dropped that cites no call or an unknown one, or that what it cites does not bear out.
    """
    named = {f"c{number}": one for number, one in enumerate(calls, 1)}
    answered = await ask.json(
        "extraction",
        "observe",
        language(" ".join(one.item.text for one in calls)),
        OBSERVE,
        project_id=calls[0].item.scope.project_id,
        limit=1_200,
        data=fenced([f"[{label}] {one.text}" for label, one in named.items()]),
    )
    if answered is None:
        return None
    found: dict[str, Observation] = {}
    for value in objects(answered.data, "observations", 2 * len(calls)):
        said, cited = text(value.get("text"), LONGEST), labels(value.get("sources"), named)
        if said is None or cited is None or flags(said):
            continue
        sources = [named[label] for label in cited]
        if supported(said, [replace(one.item, text=f"{one.item.text} {one.text}") for one in sources]):
            found[said.casefold()] = Observation(redact(said).text, tuple(one.item.id for one in sources))
    return tuple(found.values()), answered.model
