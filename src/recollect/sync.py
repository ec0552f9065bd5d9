"""The store without `await`: the asynchronous one on an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from functools import update_wrapper
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from recollect.errors import RecollectError
from recollect.library import AsyncMemory

P = ParamSpec("P")
T = TypeVar("T")


def _waiting(
    verb: Callable[Concatenate[AsyncMemory, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Memory, P], T]:
    """Return a verb of `AsyncMemory` as a method that waits for its result."""

    def call(self: Memory, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.wait(verb(self.behind, *args, **kwargs))

    update_wrapper(call, verb)
    return call


class Memory:
    """A store of memories in a data directory; every verb of `AsyncMemory`, waited for.

    ```python
    with Memory() as memory:
        memory.add("Alice prefers tabs", user_id="alice")
    ```

    It may be used from several threads at once. Options are those of `AsyncMemory`.
    """

    def __init__(self, home: str | Path | None = None, **options: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="recollect", daemon=True)
        self._thread.start()
        self._open = True
        try:
            self.behind: AsyncMemory = self.wait(_made(home, options))
        except BaseException:
            self._end()
            raise

    capture = _waiting(AsyncMemory.capture)
    add = _waiting(AsyncMemory.add)
    add_all = _waiting(AsyncMemory.add_all)
    search = _waiting(AsyncMemory.search)
    context = _waiting(AsyncMemory.context)
    get = _waiting(AsyncMemory.get)
    update = _waiting(AsyncMemory.update)
    delete = _waiting(AsyncMemory.delete)
    forget = _waiting(AsyncMemory.forget)
    history = _waiting(AsyncMemory.history)
    list = _waiting(AsyncMemory.list)
    conversations = _waiting(AsyncMemory.conversations)
    timeline = _waiting(AsyncMemory.timeline)
    stats = _waiting(AsyncMemory.stats)
    search_across = _waiting(AsyncMemory.search_across)
    readable_projects = _waiting(AsyncMemory.readable_projects)
    search_history = _waiting(AsyncMemory.search_history)
    forget_searches = _waiting(AsyncMemory.forget_searches)
    related_projects = _waiting(AsyncMemory.related_projects)
    recommend = _waiting(AsyncMemory.recommend)
    graph_across = _waiting(AsyncMemory.graph_across)
    audit = _waiting(AsyncMemory.audit)
    verify_audit = _waiting(AsyncMemory.verify_audit)
    drain = _waiting(AsyncMemory.drain)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the worker, release the files, end the background loop; closing twice does nothing."""
        if self._open:
            try:
                self.wait(self.behind.close())
            finally:
                self._end()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the store's event loop and return its result; raise RecollectError once closed."""
        if not self._open:
            work.close()
            raise RecollectError("This memory is closed", hint="Open it anew.")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end(self) -> None:
        self._open = False
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _made(home: str | Path | None, options: Mapping[str, Any]) -> AsyncMemory:
    memory = AsyncMemory(home, **options)
    await memory.__aenter__()
    return memory
