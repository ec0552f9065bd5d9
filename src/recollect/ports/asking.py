"""Models, and what stands around them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal, Protocol, cast, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Sequence
    from datetime import datetime

    from recollect.exchange import Answered, Asking, Keep, ModelTask, Rephrased, Spoken
    from recollect.models import Embedding


class Embed(Protocol):
    """Texts to vectors of one model."""

    @property
    def model(self) -> str:
        """The name of the vector space; vectors of different names never meet."""

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""

    @property
    def window(self) -> int:
        """How many word pieces of a text count; what is longer is cut."""

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one embedding a text, in order; raise EmbedderMissing or ProviderFailed."""


@runtime_checkable
class Local(Protocol):
    """An embedder that runs on this machine and needs weights for it."""

    def weights(self) -> Literal["loaded", "here", "missing"]:
        """Return where the weights are: in memory, on this machine, or nowhere. Loads nothing."""


@runtime_checkable
class EmbedQuestion(Protocol):
    """What an embedder may offer besides: to leave alone a question that it does not understand."""

    async def embed_question(self, text: str, *, least: float) -> Embedding | None:
        """Return what `embed` gives, `None` when the share of word pieces it knows is not above `least`."""


def embed_question(embed: Embed, text: str, *, least: float) -> Awaitable[Embedding | None]:
    """Return the embedding of a question; an embedder that leaves no question alone embeds this one too."""
    if _leaves_alone(type(embed)):
        return cast("EmbedQuestion", embed).embed_question(text, least=least)
    return _one(embed, text)


@cache
def _leaves_alone(kind: type) -> bool:
    """Whether embedders of this class offer it; what a protocol asks of a class takes long to find out."""
    return issubclass(kind, EmbedQuestion)


async def _one(embed: Embed, text: str) -> Embedding:
    return (await embed.embed([text]))[0]


class Rerank(Protocol):
    """A model that scores texts against a question."""

    @property
    def model(self) -> str:
        """The model's name."""

    async def rerank(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return one score (0..1) a text, in order."""


class Rephrase(Protocol):
    """Reads a question before it is searched for: other words for it, who and when it is about."""

    async def rephrase(self, question: str, *, asked_at: datetime, project_id: str = "default") -> Rephrased | None:
        """Return what else to look for, soon (a search waits); `None` where there is nothing to add or no answer.

        Never raises for what a model did.
        """


class Chat(Protocol):
    """One language model: in this process, or of one provider."""

    @property
    def model(self) -> str:
        """Its name: that of its provider, a slash, and the model's there, such as `ollama/qwen3:8b`."""

    async def answer(self, asking: Asking) -> Spoken:
        """Return the whole answer, of at most `asking.limit` tokens.

        Raises ProviderFailed (it may answer when asked again) or ProviderRefused.
        """

    def stream(self, asking: Asking) -> AsyncGenerator[str | Spoken]:
        """Yield the answer piece by piece, and last what it came to; raise as `answer` does.

        Closing it ends the request.
        """


class Models(Protocol):
    """The language models that the settings name, by what they are asked to do.

    At the end of every chain of models stands the offline rule, which is the caller's: `ask` returns `None` for it.
    """

    def offers(self, task: ModelTask) -> bool:
        """Whether any model is named for a task; none is asked where this is false."""

    async def ask(self, asking: Asking) -> Answered | None:
        """Return the first good answer of the task's models, `None` when none gives one or the budget is spent.

        An answer that does not fit the schema counts as none of that model. Never raises for what a model did.
        """

    def stream(self, asking: Asking) -> AsyncGenerator[str | Answered]:
        """Yield the answer of the first model that begins one, piece by piece, and last the whole of it.

        Raises ProviderFailed when none begins one, or when it breaks off.
        """


class Cache(Protocol):
    """Bytes under a key for a while. Losing an entry is always allowed."""

    async def get(self, key: str) -> bytes | None:
        """Return the value, or `None`."""

    async def set(self, key: str, value: bytes, *, ttl: float, epoch: int | None = None) -> None:
        """Keep a value for `ttl` seconds at most; with an `epoch`, not when the cache has been cleared since then."""

    async def epoch(self) -> int:
        """Return a number that changes when the cache is cleared, for what is begun now and will be kept later."""

    async def clear(self) -> None:
        """Lose every entry, in every process within a second."""


class Turns(Protocol):
    """Whose turn it is to ask a model, among the processes that would ask it the same."""

    async def take(self, key: str) -> bytes | None:
        """Take the turn (`None`), or wait for whoever has it and return the answer.

        After `None`, `tell` or `leave` must follow. The turn of a process that died ends by itself. Raises StoreError.
        """

    async def tell(self, key: str, answer: bytes) -> None:
        """Give the answer to those who wait, and the turn back; never raises."""

    async def leave(self, key: str) -> None:
        """Give the turn back without an answer, so that the next one asks; never raises."""


class SharedCache(Cache, Protocol):
    """A cache of several processes, which each write many values at a time."""

    async def keep(self, values: Sequence[Keep]) -> None:
        """Keep values at once, each as `set` does; of one key the last."""

    async def holding(self, pieces: Sequence[bytes]) -> int:
        """Return how many values hold one of these pieces, read one by one: for proofs, not for every day."""
