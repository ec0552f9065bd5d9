"""Keeps models in memory while they are used, within a limit: loads on demand, makes room, lets go when idle."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from recollect.errors import ProviderFailed, ProviderRefused
from recollect.providers.llama.gguf import require
from recollect.providers.llama.header import read_header
from recollect.providers.llama.room import free_memory

GIGABYTE = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """What models in this process may take.

    `memory` is bytes for all of them together, `context` tokens of prompt and answer, `threads` those of one model,
    `idle` the seconds after which an unused one leaves (0: never), `wait` those a call waits for its turn, `timeout`
    those an answer may take.
    """

    memory: int = 2 * GIGABYTE
    context: int = 4096
    threads: int = 2
    idle: float = 300.0
    wait: float = 60.0
    timeout: float = 120.0


class Held:
    """One model: its file, its thread, its turn, and what is loaded of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.turn = asyncio.Lock()
        self.thread = ThreadPoolExecutor(1, thread_name_prefix=f"llama-{name}")
        self.loaded: Any = None
        self.need = 0
        self.used = 0
        self.leaving: asyncio.TimerHandle | None = None

    async def run(self, do: Callable[[], Any]) -> Any:
        """Run something on the model's own thread."""
        return await asyncio.get_running_loop().run_in_executor(self.thread, do)


class Keeper:
    """All models of one process. `free` tells how much memory is left, `None` where nobody knows."""

    def __init__(self, folder: Path, limits: Limits, *, free: Callable[[], int | None] = free_memory) -> None:
        self.folder, self.limits, self._free = folder, limits, free
        self._held: dict[str, Held] = {}
        self._room = asyncio.Lock()
        self._uses = 0
        self._leaving: set[asyncio.Task[None]] = set()

    def held(self, name: str) -> Held:
        """Return a model's place; nothing is loaded by that."""
        if name not in self._held:
            self._held[name] = Held(name)
        return self._held[name]

    @property
    def loaded(self) -> dict[str, int]:
        """The models in memory, and about how many bytes each takes."""
        return {name: held.need for name, held in self._held.items() if held.loaded is not None}

    async def ready(self, held: Held) -> Any:
        """Return a model, loaded; its turn must be the caller's.

        Raises EmbedderMissing where its file is not here or damaged, ProviderRefused where it is larger than the
        limit, ProviderFailed where there is no room just now or llama.cpp cannot load it, ConfigError without it.
        """
        if held.leaving is not None:
            held.leaving.cancel()
        self._uses += 1
        held.used = self._uses
        if held.loaded is None:
            async with self._room:
                path = require(held.name, self.folder)
                header = await held.run(partial(read_header, path))
                context = min(self.limits.context, header.context or self.limits.context)
                need = header.need(context)
                await self._make_room(held.name, need)
                engine = import_module("recollect.providers.llama.engine")
                load = partial(engine.Loaded, path, context=context, threads=self.limits.threads)
                held.loaded, held.need = await held.run(load), need
        return held.loaded

    def done(self, held: Held) -> None:
        """Hear that a model has answered; it leaves when nothing is asked of it for a while."""
        if self.limits.idle and held.loaded is not None:
            held.leaving = asyncio.get_running_loop().call_later(self.limits.idle, self._let_go, held)

    async def unload(self, held: Held) -> None:
        """Give a model's memory back once it is not being used; one that is not loaded stays so."""
        async with held.turn:
            await self._close(held)

    async def aclose(self) -> None:
        """Give everything back."""
        for held in self._held.values():
            if held.leaving is not None:
                held.leaving.cancel()
            await self.unload(held)
            held.thread.shutdown(wait=False)
        self._held.clear()

    def _let_go(self, held: Held) -> None:
        if not held.turn.locked():
            leaving = asyncio.get_running_loop().create_task(self.unload(held))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    async def _close(self, held: Held) -> None:
        loaded, held.loaded, held.need = held.loaded, None, 0
        if loaded is not None:
            await held.run(loaded.close)

    async def _make_room(self, name: str, need: int) -> None:
        """Let the models go that have not been used for longest, until one of this size fits."""
        limit = self.limits.memory
        if need > limit:
            raise ProviderRefused(
                f"the model {name} needs about {_told(need)} and models may take {_told(limit)} in all",
                hint="raise local.max_memory_gb, lower local.context, or take a smaller model",
            )
        idle = sorted((one for one in self._held.values() if one.loaded is not None), key=lambda one: one.used)
        for one in idle:
            if self._fits(need):
                return
            if not one.turn.locked():
                await self.unload(one)
        if self._fits(need):
            return
        free = self._free()
        taken = ", ".join(f"{other} {_told(size)}" for other, size in self.loaded.items())
        left = f"; {_told(free)} of memory are free" if free is not None else ""
        raise ProviderFailed(
            f"the model {name} needs about {_told(need)}{left}{f'; in use: {taken}' if taken else ''}",
            hint="try again later, free some memory, or take a smaller model",
        )

    def _fits(self, need: int) -> bool:
        free = self._free()
        return sum(self.loaded.values()) + need <= self.limits.memory and (free is None or need <= free)


def _told(size: int) -> str:
    return f"{size / GIGABYTE:.2f} GB" if size >= GIGABYTE // 10 else f"{size / (1 << 20):.0f} MB"
