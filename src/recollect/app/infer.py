"""Puts together what language models do for memories: the prompts, the jobs, the making of contexts."""

from __future__ import annotations

from dataclasses import dataclass

from recollect.engine import DERIVE, INFER, SUMMARISE
from recollect.infer.ask import Ask
from recollect.infer.composing import Composing
from recollect.infer.fusion import Fusing
from recollect.infer.prompt import FUSION, Prompts
from recollect.infer.understand import Understanding
from recollect.ports import Clock, Models, Records, Rephrase, Words
from recollect.settings import Settings
from recollect.worker.derive import Deriving
from recollect.worker.infer import Inferring
from recollect.worker.summarise import Summarising
from recollect.worker.worker import Handler

SIDE_BY_SIDE = 2
"""Batches of model jobs under way at once: while the last answers of one are waited for, the next has begun."""


@dataclass(frozen=True, slots=True)
class Inference:
    """What is asked of models (`ask`), and what the settings say about it. With no models all of it is the rules."""

    ask: Ask
    settings: Settings

    @property
    def infers(self) -> bool:
        """Whether new memories are completed by models."""
        return self.ask.offers("extraction") or self.ask.offers("classification")

    @property
    def observes(self) -> bool:
        """Whether a model reads what the tools of assistants showed."""
        return self.settings.infer.observe and self.ask.offers("extraction")

    @property
    def rephrase(self) -> Rephrase | None:
        """What reads questions before they are searched for, where that is wanted."""
        wanted = self.settings.infer.understand and self.ask.offers("classification")
        return Understanding(self.ask) if wanted else None

    def composing(self) -> Composing:
        """Return how contexts are made."""
        chosen, fusion = self.settings.compose, self.settings.fusion
        fusing = Fusing(self.ask, fusion.temperature, fusion.token_limit) if self.ask.offers("fusion") else None
        language = fusion.language if fusing is not None and fusion.language else None
        return Composing(
            chosen.budget,
            chosen.fusion_limit,
            chosen.language,
            self.settings.infer.flagged,
            fusing,
            chosen.language or language,
        )

    def handlers(self, records: Records, words: Words, clock: Clock) -> dict[str, Handler]:
        """Return the jobs that complete memories and sum up conversations."""
        deriving, chosen = Deriving(records, words, clock), self.settings.infer
        return {
            DERIVE: deriving,
            INFER: Inferring(records, words, clock, self.ask, deriving, batch=chosen.batch),
            SUMMARISE: Summarising(records, clock, self.ask, together=chosen.concurrency),
        }


def inference(settings: Settings, models: Models) -> Inference:
    """Return what models do here; raise ConfigError for a prompt of one's own that cannot be used."""
    return Inference(Ask(models, _prompts(settings)), settings)


def _prompts(settings: Settings) -> Prompts:
    """Return the prompts, with those in the data directory in their place.

    `fusion.prompt_template` is read from the data directory when it is relative; the name of the prompt that ships
    means that one.
    """
    named = settings.fusion.prompt_template
    path = None if named is None else settings.home / named.expanduser()
    if path is not None and path.name == f"{FUSION}.txt" and not path.exists():
        path = None
    return Prompts(settings.home / "prompts", fusion=path)
