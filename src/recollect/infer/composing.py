"""From hits to a context: what is worth telling, without what is flagged, put together by a model or by the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from recollect.compose.compose import compose, left_out
from recollect.compose.fused import Fused
from recollect.compose.phrase import tongue
from recollect.compose.render import Format
from recollect.infer.fusion import Fusing
from recollect.models import DEFAULT, Context, Hit, Reach, Tier

FAINT = 0.2
"""Score below which a hit is not worth an assistant's attention: nothing here is about the question."""

NEAR_BEST = 0.4
"""Share of the best hit's score below which a hit only fills the room."""

Flagged = Literal["leave_out", "mark"]


def likely(found: Sequence[Hit]) -> list[Hit]:
    """Return the hits that are about the question."""
    floor = max(FAINT, NEAR_BEST * found[0].score) if found else FAINT
    return [hit for hit in found if hit.score >= floor]


@dataclass(frozen=True, slots=True)
class Composing:
    """How contexts are made; `fusing` puts their memories together by a model.

    `language` is that of the words around memories, `fusing_language` that of fused ones; unset: the question's.
    `budget` and `fusion_limit` are tokens of the whole and of the memories in it, where nobody asks for a budget.
    """

    budget: int = 20_000
    fusion_limit: int = 800
    language: str | None = None
    flagged: Flagged = "leave_out"
    fusing: Fusing | None = None
    fusing_language: str | None = None

    async def context(
        self, text: str, found: Sequence[Hit], reach: Reach, *, budget: int | None, form: Format
    ) -> Context:
        """Return what was found for a question as text of at most `budget` tokens, with its sources.

        Flagged memories are left out, and named where there is room, or shown with their flags.
        """
        # What is flagged must not decide what else is worth telling: it may be made to match better than anything true.
        leave = self.flagged == "leave_out"
        told = [hit for hit in found if not (leave and hit.memory.flags)]
        suspect = [hit.memory for hit in likely(found) if leave and hit.memory.flags]
        # What holds in every session is worth saying where nothing else is known.
        hits = likely(told) or [hit for hit in told if hit.memory.tier is Tier.GLOBAL]
        return compose(
            text,
            hits,
            budget=self.budget if budget is None else budget,
            fusion_limit=self.fusion_limit if budget is None else None,
            format=form,
            language=self.language,
            notes=left_out(text, suspect, self.language),
            fused=await self._fused(text, hits, reach),
        )

    async def _fused(self, text: str, hits: Sequence[Hit], reach: Reach) -> Fused | None:
        """Return the hits as a model put them together, `None` where none is named for it or none did."""
        if self.fusing is None or not hits:
            return None
        project = reach.project_id or DEFAULT
        speaks = tongue(text, self.fusing_language or self.language)
        return await self.fusing.fuse(text, hits, speaks, project_id=project)
