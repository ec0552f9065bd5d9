"""A client's verbs that go beyond one project: search and its history, and what projects share."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from recollect.client.across_nouns import across_of, graph_of, past_of, related_of
from recollect.client.people import People, Read
from recollect.models import Across, AcrossGraph, PastSearch, Related

HISTORY: Final = "/api/search/history"


class Beyond:
    """Verbs over several projects, and `people`; whoever has them brings the way to the server."""

    def _asked(self, made: Any, method: str, path: str, given: Mapping[str, Any] | None = None) -> Any:
        raise NotImplementedError

    @property
    def people(self) -> People:
        """Projects, members and tokens, as the holder of the client's token may use them."""
        read: Read = self._asked
        return People(read)

    def search_across(
        self,
        query: str,
        *,
        project_ids: Sequence[str] = (),
        include_all_projects: bool = False,
        merge_strategy: str = "score",
        max_results_per_project: int = 10,
        limit: int | None = None,
        user_id: str | None = None,
        agent_id: str | None = None,
        kinds: Sequence[str] | None = None,
        filters: Mapping[str, Any] | None = None,
        asked_at: datetime | str | None = None,
        explain: bool = False,
        stale: bool = False,
    ) -> Across:
        """Return what answers a question in several projects; see `AsyncMemory.search_across`."""
        given = {
            "query": query,
            "project_ids": project_ids if isinstance(project_ids, str) else list(project_ids),
            "include_all_projects": include_all_projects,
            "merge_strategy": merge_strategy,
            "max_results_per_project": max_results_per_project,
            "limit": limit,
            "user_id": user_id,
            "agent_id": agent_id,
            "kinds": kinds if kinds is None or isinstance(kinds, str) else list(kinds),
            "filters": filters,
            "asked_at": asked_at,
            "explain": explain,
            "stale": stale,
        }
        found: Across = self._asked(across_of, "POST", "/api/search/projects", given)
        return found

    def search_history(
        self, *, user_id: str | None = None, limit: int = 100, beyond: int | None = None
    ) -> list[PastSearch]:
        """Return what a user searched for across projects, the latest first, those before the id `beyond`."""
        asked = _query(user_id=user_id, limit=limit, cursor=None if beyond is None else _cursor(beyond))
        found: list[PastSearch] = self._asked(
            lambda answer: list(map(past_of, answer["searches"])), "GET", f"{HISTORY}{asked}"
        )
        return found

    def forget_searches(self, *, user_id: str | None = None, ids: Sequence[int] | None = None) -> int:
        """Delete what a user searched for across projects, all of it or some; return how many searches went."""
        if ids is not None and not ids:
            return 0
        asked = _query(user_id=user_id, id=ids)
        found: int = self._asked(lambda answer: int(answer["deleted"]), "DELETE", f"{HISTORY}{asked}")
        return found

    def related_projects(self, project_id: str, *, user_id: str | None = None, limit: int = 5) -> list[Related]:
        """Return the projects most like one and what ties them to it; see `AsyncMemory.related_projects`."""
        path = f"/api/projects/{quote(project_id, safe='')}/related{_query(user_id=user_id, limit=limit)}"
        found: list[Related] = self._asked(lambda answer: list(map(related_of, answer["related"])), "GET", path)
        return found

    def recommend(
        self, project_id: str, *, query: str | None = None, user_id: str | None = None, limit: int = 10
    ) -> Across:
        """Return what other projects know about a question, or without one about a project's latest memories."""
        asked = _query(query=query, user_id=user_id, limit=limit)
        path = f"/api/projects/{quote(project_id, safe='')}/recommendations{asked}"
        found: Across = self._asked(across_of, "GET", path)
        return found

    def graph_across(
        self,
        *,
        project_ids: Sequence[str] = (),
        user_id: str | None = None,
        limit: int = 100,
        shared: bool = True,
    ) -> AcrossGraph:
        """Return the entities that several projects know, and their relations; see `AsyncMemory.graph_across`."""
        asked = _query(project_id=list(project_ids), user_id=user_id, limit=limit, shared=str(shared).lower())
        found: AcrossGraph = self._asked(graph_of, "GET", f"/api/graph/across{asked}")
        return found


def _query(**values: Any) -> str:
    given = {name: value for name, value in values.items() if value is not None}
    return f"?{urlencode(given, doseq=True)}" if given else ""


def _cursor(number: int) -> str:
    """Return the cursor of a page that begins beyond an entry."""
    return base64.urlsafe_b64encode(f"from {number}".encode()).decode().rstrip("=")
