"""The store without `await`: the asynchronous one on an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from functools import update_wrapper
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar

from recollect.errors import RecollectError
from recollect.library import AsyncMemory
from recollect.people.members import MemberVerbs
from recollect.people.office import Office
from recollect.people.projects import ProjectVerbs
from recollect.people.tokens import TokenVerbs

P = ParamSpec("P")
T = TypeVar("T")
B = TypeVar("B")
C_co = TypeVar("C_co", covariant=True)


class _Waits(Protocol[C_co]):
    """Has something asynchronous behind it, and waits for what that does."""

    @property
    def behind(self) -> C_co:
        """What it stands before."""

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the store's event loop and return its result."""


def _waiting(verb: Callable[Concatenate[B, P], Coroutine[Any, Any, T]]) -> Callable[Concatenate[_Waits[B], P], T]:
    """Return an asynchronous verb as a method that waits for its result."""

    def call(self: _Waits[B], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.wait(verb(self.behind, *args, **kwargs))

    update_wrapper(call, verb)
    return call


class _Before(Generic[B]):
    """Verbs of a part of the library, waited for."""

    def __init__(self, behind: B, memory: Memory) -> None:
        self.behind, self._memory = behind, memory

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the store's event loop and return its result."""
        return self._memory.wait(work)


class Projects(_Before[ProjectVerbs]):
    """`AsyncMemory.people.projects`, waited for."""

    list = _waiting(ProjectVerbs.list)
    get = _waiting(ProjectVerbs.get)
    create = _waiting(ProjectVerbs.create)
    change = _waiting(ProjectVerbs.change)
    archive = _waiting(ProjectVerbs.archive)
    restore = _waiting(ProjectVerbs.restore)
    aliases = _waiting(ProjectVerbs.aliases)
    forget_alias = _waiting(ProjectVerbs.forget_alias)
    rename = _waiting(ProjectVerbs.rename)
    merge = _waiting(ProjectVerbs.merge)
    delete = _waiting(ProjectVerbs.delete)


class Members(_Before[MemberVerbs]):
    """`AsyncMemory.people.members`, waited for."""

    users = _waiting(MemberVerbs.users)
    add_user = _waiting(MemberVerbs.add_user)
    remove_user = _waiting(MemberVerbs.remove_user)
    members = _waiting(MemberVerbs.members)
    set_member = _waiting(MemberVerbs.set_member)
    grants = _waiting(MemberVerbs.grants)
    grant = _waiting(MemberVerbs.grant)
    revoke_grant = _waiting(MemberVerbs.revoke_grant)


class Tokens(_Before[TokenVerbs]):
    """`AsyncMemory.people.tokens`, waited for."""

    list = _waiting(TokenVerbs.list)
    create = _waiting(TokenVerbs.create)
    revoke = _waiting(TokenVerbs.revoke)


class People:
    """`AsyncMemory.people`, waited for."""

    def __init__(self, behind: Office, memory: Memory) -> None:
        self.projects = Projects(behind.projects, memory)
        self.members = Members(behind.members, memory)
        self.tokens = Tokens(behind.tokens, memory)


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
        except BaseException:  # however opening ends, its thread ends too
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
    context_across = _waiting(AsyncMemory.context_across)
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

    @property
    def people(self) -> People:
        """Projects, members and tokens; see `AsyncMemory.people`."""
        return People(self.behind.people, self)

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
