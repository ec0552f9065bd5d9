"""The verbs of `Memory`, asked of a server."""

from __future__ import annotations

import builtins
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

from recollect import models
from recollect.client import nouns
from recollect.client.beyond import Beyond
from recollect.client.connection import UNCLEAR, Connection
from recollect.errors import InvalidInput, NotFound, RecollectError
from recollect.exchange import Page
from recollect.models import Captured, Change, Context, Conversation, Hit, Stats

T = TypeVar("T")

URL: Final = "http://127.0.0.1:37777"
LOOK: Final = 0.05
"""Seconds between looks at the jobs that are left."""
PAGE: Final = 1000


class Client(Beyond):
    """A server's memories; every verb of `Memory` with the same arguments and results.

    ```python
    client = Client("http://127.0.0.1:37777", token)
    client.add("Alice prefers tabs", user_id="alice")
    ```

    Failures are the errors of `recollect.errors`; without an answer it is ProviderFailed. It may be used from several
    threads at once.
    """

    def __init__(self, url: str = URL, token: str | None = None, *, timeout: float = 30.0) -> None:
        self._url = url
        self._connection = Connection(url, token, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def capture(
        self,
        turns: Sequence[Mapping[str, Any]],
        *,
        conversation_id: str | None = None,
        project_id: str | None = None,
        user_id: str | None = None,
        agent_id: str | None = None,
        source: str | None = None,
    ) -> Captured:
        """Keep turns of a conversation; see `AsyncMemory.capture`."""
        scope = _scope(user_id, project_id, conversation_id, agent_id)
        given = _given(turns=list(turns), source=source, **scope)
        return self._read(nouns.captured_of, self._connection.ask("POST", "/api/capture", given))

    def add(
        self,
        text: str,
        *,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        title: str | None = None,
        kind: str = "note",
        occurred_at: datetime | str | None = None,
        expires_at: datetime | str | None = None,
        importance: float | None = None,
    ) -> models.Memory:
        """Keep a note and return it; said again in its user and project it is counted, not kept twice."""
        given = _given(
            content=text,
            metadata=metadata,
            title=title,
            kind=kind,
            occurred_at=occurred_at,
            expires_at=expires_at,
            importance=importance,
            **_scope(user_id, project_id, conversation_id, agent_id),
        )
        return self._data(lambda data: nouns.memory_of(data["memory"]), "POST", "/api/memory/add", given)

    def add_all(
        self,
        notes: Sequence[Mapping[str, Any]],
        *,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
    ) -> builtins.list[models.Memory]:
        """Keep notes, all of them or none, and return each as it is kept, in order."""
        given = {
            "memories": [_renamed(note) for note in notes],
            **_scope(user_id, project_id, conversation_id, agent_id),
        }
        if not notes:
            return []
        return self._data(
            lambda data: [nouns.memory_of(item["memory"]) for item in data["memories"]],
            "POST",
            "/api/memory/batch-add",
            given,
        )

    def search(
        self,
        query: str,
        *,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
        kinds: Sequence[str] | None = None,
        filters: Mapping[str, Any] | None = None,
        asked_at: datetime | str | None = None,
        limit: int = 10,
        explain: bool = False,
        stale: bool = False,
    ) -> builtins.list[Hit]:
        """Return the memories that answer a question, best first; see `AsyncMemory.search`."""
        given = _given(
            query=query,
            kinds=_listed(kinds),
            filters=filters,
            asked_at=asked_at,
            limit=limit,
            explain=explain,
            stale=stale,
            **_scope(user_id, project_id, conversation_id, agent_id),
        )
        return self._data(
            lambda data: [nouns.hit_of(hit) for hit in data["memories"]], "POST", "/api/memory/search", given
        )

    def context(
        self,
        query: str,
        *,
        budget: int | None = None,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
        asked_at: datetime | str | None = None,
        format: str = "markdown",  # noqa: A002 - the word of the REST contract
    ) -> Context:
        """Return what is remembered about a question as text of at most `budget` tokens, with dates and sources."""
        scope = _scope(user_id, project_id, conversation_id, agent_id)
        given = _given(query=query, budget=budget, asked_at=asked_at, format=format, **scope)
        return self._read(nouns.context_of, self._connection.ask("POST", "/api/context", given))

    def get(self, memory_id: str) -> models.Memory:
        """Return one memory; raise NotFound."""
        return self._data(nouns.memory_of, "GET", _path(memory_id))

    def update(
        self,
        memory_id: str,
        *,
        text: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        title: str | None = None,
        importance: float | None = None,
        tier: str | None = None,
        expires_at: datetime | str | None = None,
        valid_from: datetime | str | None = None,
        valid_to: datetime | str | None = None,
        clear: Collection[str] = (),
        version: int | None = None,
    ) -> models.Memory:
        """Change a memory and return its new version; with `version`, raise Conflict unless that is still the present.

        What is not given stays as it is; `metadata` is replaced as a whole, and the times that `clear` names are taken
        away.
        """
        given = _given(
            content=text,
            metadata=metadata,
            title=title,
            importance=importance,
            tier=tier,
            expires_at=expires_at,
            valid_from=valid_from,
            valid_to=valid_to,
        ) | dict.fromkeys(clear)
        wanted = None if version is None else {"If-Match": f'"{version}"'}
        return self._data(nouns.memory_of, "PATCH", _path(memory_id), given, headers=wanted)

    def delete(self, memory_id: str) -> None:
        """Delete a memory and everything derived from it alone; raise NotFound."""
        self._connection.ask("DELETE", _path(memory_id))

    def forget(
        self,
        *,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> int:
        """Delete everything in reach that meets the filters and return how much it was; at least one id is needed."""
        given = _given(filters=filters, **_scope(user_id, project_id, conversation_id, agent_id))
        return self._data(lambda data: int(data["deleted"]), "POST", "/api/memory/forget", given)

    def history(self, memory_id: str) -> builtins.list[Change]:
        """Return every change of a memory, oldest first; raise NotFound."""
        return self._data(
            lambda data: [nouns.change_of(step, memory_id) for step in data["history"]],
            "GET",
            f"{_path(memory_id)}/history",
        )

    def list(
        self,
        *,
        user_id: str | None = None,
        project_id: str | None = None,
        conversation_id: str | None = None,
        agent_id: str | None = None,
        filters: Mapping[str, Any] | None = None,
        kinds: Sequence[str] | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> Page:
        """Return one page of memories, the newest first, and the cursor of the next."""
        given = _given(
            filters=filters,
            kinds=_listed(kinds),
            limit=limit,
            cursor=cursor,
            **_scope(user_id, project_id, conversation_id, agent_id),
        )
        return self._data(
            lambda data: Page(tuple(map(nouns.memory_of, data["memories"])), data["next_cursor"]),
            "POST",
            "/api/memory/list",
            given,
        )

    def conversations(self, *, user_id: str | None = None, project_id: str | None = None) -> Sequence[Conversation]:
        """Return conversations with their titles and summaries, the latest first."""
        asked = _given(user_id=user_id, project_id=project_id, limit=100)
        found = self._connection.ask("GET", f"/api/conversations?{urlencode(asked)}")
        return self._read(lambda data: [nouns.conversation_of(item) for item in data["conversations"]], found)

    def timeline(self, memory_id: str, *, span: int = 5) -> Sequence[models.Memory]:
        """Return the turns around a memory in its conversation, in order; `span` is 500 at most."""
        found = self._connection.ask("GET", f"/api/timeline?{urlencode({'memory_id': memory_id, 'span': span})}")
        return self._read(lambda data: [nouns.memory_of(item) for item in data["memories"]], found)

    def stats(
        self, *, user_id: str | None = None, project_id: str | None = None, conversation_id: str | None = None
    ) -> Stats:
        """Count memories by kind, day, category and tier."""
        given = _given(user_id=user_id, project_id=project_id, conversation_id=conversation_id)
        return self._data(nouns.stats_of, "POST", "/api/memory/stats", given)

    def drain(self) -> None:
        """Wait until no job is left on the server: what was captured is then found by meaning too."""
        while self._read(lambda data: int(data["waiting"]), self._connection.ask("GET", "/api/jobs?limit=1")):
            time.sleep(LOOK)

    def close(self) -> None:
        """Close the connections; closing twice does nothing."""
        self._connection.close()

    def _data(
        self,
        made: Callable[[Any], T],
        method: str,
        path: str,
        given: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """Ask one of the memory routes, which answer in an envelope."""
        answer = self._connection.ask(method, path, given, headers=headers)
        return self._read(lambda found: made(found["data"]), answer)

    def _asked(self, made: Any, method: str, path: str, given: Mapping[str, Any] | None = None) -> Any:
        """Ask one of the routes that answer without an envelope."""
        return self._read(made, self._connection.ask(method, path, given))

    def _read(self, made: Callable[[Any], T], answer: Any) -> T:
        """Return what an answer stands for; raise RecollectError for one of another form."""
        try:
            return made(answer)
        except (KeyError, TypeError, ValueError) as error:
            hint = "Server and client should be of one release."
            raise RecollectError(UNCLEAR.format(url=self._url), hint=hint) from error


def _scope(
    user_id: str | None, project_id: str | None, conversation_id: str | None, agent_id: str | None
) -> dict[str, str | None]:
    return {"user_id": user_id, "project_id": project_id, "conversation_id": conversation_id, "agent_id": agent_id}


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _renamed(note: Mapping[str, Any]) -> dict[str, Any]:
    return {("content" if name == "text" else name): value for name, value in note.items()}


def _listed(kinds: Sequence[str] | None) -> Any:
    """Return kinds as JSON has them; a text is sent as it is, for the server to refuse."""
    return kinds if kinds is None or isinstance(kinds, str) else list(kinds)


def _path(memory_id: str) -> str:
    """Return the path of a memory; raise NotFound for what no memory is called."""
    if not isinstance(memory_id, str):
        raise InvalidInput("id is not text", field="id", hint="Give it as a string.")
    try:
        UUID(memory_id)
    except ValueError as error:
        raise NotFound(f"There is no memory {memory_id}", hint="Ids are shown by search, list and add.") from error
    return f"/api/memory/{quote(memory_id, safe='')}"
