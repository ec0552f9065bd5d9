"""One loaded model of llama.cpp. Everything here blocks, and is called on the model's own thread."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recollect.errors import ConfigError, ProviderFailed, ProviderRefused

try:
    import llama_cpp
    import llama_cpp._internals as internals
    import llama_cpp.llama as binding
except (ImportError, RuntimeError, OSError) as error:  # the last two: its library cannot be loaded here
    raise ConfigError(
        f"language models in this process need llama-cpp-python ({error})", hint='pip install "recollect[llama]"'
    ) from error

log = logging.getLogger(__name__)

BATCH: Final = 128
"""Tokens of a prompt read at once; whoever is no longer waited for stops between two of these."""
LEVELS: Final = {3: logging.WARNING, 4: logging.ERROR}
"""What is worth telling of what llama.cpp writes (`ggml_log_level`)."""


class _Untouched(contextlib.nullcontext[None]):
    """Leaves this process's output alone.

    The binding would point stdout and stderr of the whole process elsewhere while it loads, and with them those of
    every other thread: on stdout the MCP server speaks to its client.
    """

    def __init__(self, disable: bool = True) -> None:  # noqa: ARG002 - theirs
        super().__init__()


binding.suppress_stdout_stderr = internals.suppress_stdout_stderr = _Untouched


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator, unused-ignore]
def _logged(level: int, text: bytes, _: ctypes.c_void_p) -> None:
    if level in LEVELS:
        log.log(LEVELS[level], "llama.cpp: %s", text.decode("utf-8", "replace").strip())


llama_cpp.llama_log_set(_logged, ctypes.c_void_p(0))


class Stopped(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many tokens were read and written, and whether the answer came to its end."""

    read: int
    written: int
    complete: bool


class Loaded:
    """A model in memory. Raises ProviderFailed where llama.cpp cannot load it."""

    def __init__(self, path: Path, *, context: int, threads: int) -> None:
        try:
            self._llm: Any = llama_cpp.Llama(
                str(path), n_ctx=context, n_batch=BATCH, n_threads=threads, n_threads_batch=threads, verbose=False
            )
        except (ValueError, RuntimeError, OSError, MemoryError) as error:
            raise ProviderFailed(
                f"llama.cpp cannot load {path.name}: {error}", hint="check the file: recollect models check"
            ) from error
        self._stop = threading.Event()
        self._evaluate = self._llm.eval
        self._llm.eval = self._step

    def close(self) -> None:
        """Give its memory back."""
        self._llm.close()

    def warm(self) -> None:
        """Read one token, which brings the weights into memory."""
        self._stop = threading.Event()
        self._llm.reset()
        self._evaluate(self._llm.tokenize(b"a"))
        self._llm.reset()

    def answer(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        temperature: float,
        limit: int | None,
        schema: Mapping[str, Any] | None,
        stop: threading.Event,
    ) -> Iterator[str | Counted]:
        """Yield the answer piece by piece, and last what it took.

        With a schema the model can write nothing that does not begin like JSON that fits it. Raises ProviderRefused
        for a prompt that does not fit the context, ProviderFailed where llama.cpp fails, Stopped once `stop` is set.
        """
        self._stop = stop
        form = None if schema is None else {"type": "json_object", "schema": dict(schema)}
        given = [dict(message) for message in messages]
        try:
            chunks = self._llm.create_chat_completion(
                given, temperature=temperature, max_tokens=limit, response_format=form, stream=True
            )
            with contextlib.closing(chunks):
                yield from self._pieces(chunks)
        except Stopped:
            self._llm.reset()
            raise
        except ValueError as error:
            hint = "shorten it, or raise local.context"
            raise ProviderRefused(f"llama.cpp will not answer: {error}", hint=hint) from error
        except (RuntimeError, OSError, IndexError, KeyError, MemoryError) as error:
            self._llm.reset()
            raise ProviderFailed(f"llama.cpp failed: {error}") from error

    def _pieces(self, chunks: Iterator[Any]) -> Iterator[str | Counted]:
        read, finish = -1, "stop"
        for chunk in chunks:
            self._go_on()
            read = self._llm.n_tokens if read < 0 else read
            choice = chunk["choices"][0]
            finish = choice["finish_reason"] or finish
            if piece := choice["delta"].get("content"):
                yield piece
        yield Counted(max(read, 0), max(0, self._llm.n_tokens - max(read, 0)), finish != "length")

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise Stopped

    def _step(self, tokens: Sequence[int]) -> None:
        """Read tokens a batch at a time, until nobody waits any more."""
        for start in range(0, len(tokens), BATCH):
            self._go_on()
            self._evaluate(tokens[start : start + BATCH])
