"""What questions over several projects give back, as the JSON that every edge answers with."""

from __future__ import annotations

from typing import Any, Final

from recollect.models import Across, AcrossGraph, Hit, Memory, PastSearch, Related
from recollect.ops.shape import hit_of, time_of, whole_of
from recollect.text.tokens import cut

TITLE: Final = 15
"""Tokens of a title that is made from the text."""
SUMMARY: Final = 100
"""Tokens of a summary."""


def across_of(query: str, found: Across, *, whole: bool = False) -> dict[str, Any]:
    """Return the answer of a search across projects; with `whole` each result carries its memory."""
    return {
        "success": True,
        "query": query,
        "results": [result_of(hit, found, whole=whole) for hit in found.hits],
        "project_stats": {
            one.project_id: {"name": one.name, "count": one.count, "total": one.total} for one in found.projects
        },
        "total_found": found.total,
        "projects_searched": len(found.projects),
        "search_time_ms": round(found.milliseconds, 1),
        "projects_left": list(found.left),
        "projects_denied": list(found.denied),
    }


def result_of(hit: Hit, found: Across | None = None, *, whole: bool = False) -> dict[str, Any]:
    """Return one result: the fields it always had, and those of any other search."""
    item = hit.memory
    words = " ".join(item.text[hit.start : hit.end].split()) or item.text
    name = item.scope.project_id if found is None else found.name_of(item.scope.project_id)
    more = {"score": hit.score, "memory": whole_of(item), "start": hit.start, "end": hit.end} if whole else {}
    return {
        **hit_of(hit, explain=bool(hit.parts)),
        **more,
        "title": item.title or cut(words, TITLE),
        "summary": cut(words, SUMMARY),
        "relevance_score": round(hit.score, 4),
        "project_name": name,
    }


def recommended_of(project_id: str, found: Across, *, whole: bool = False) -> dict[str, Any]:
    """Return what other projects know; with `whole` each result carries its memory."""
    answer = across_of("", found, whole=whole)
    return {"project_id": project_id, "results": answer["results"], "project_stats": answer["project_stats"]}


def past_of(past: PastSearch) -> dict[str, Any]:
    """Return a search of a user's history."""
    return {
        "id": past.id,
        "at": time_of(past.at),
        "user_id": past.user_id,
        "query": past.query,
        "project_ids": list(past.projects),
        "merge_strategy": past.merge,
        "total_found": past.found,
        "search_time_ms": round(past.milliseconds, 1),
    }


def related_of(related: Related, *, whole: bool = False) -> dict[str, Any]:
    """Return a project like another one, and what ties the two together; with `whole` the memories are whole."""
    return {
        "project_id": related.project_id,
        "project_name": related.name,
        "score": round(related.score, 4),
        "parts": {name: round(value, 4) for name, value in related.parts.items()},
        "shared_entities": [
            {"name": tie.name, "type": tie.sort, "here": tie.here, "there": tie.there} for tie in related.ties
        ],
        "alike": [
            {
                "here": _excerpt(pair.here, whole=whole),
                "there": _excerpt(pair.there, whole=whole),
                "likeness": round(pair.likeness, 4),
            }
            for pair in related.pairs
        ],
    }


def _excerpt(item: Memory, *, whole: bool) -> dict[str, Any]:
    shape = {"id": item.id, "summary": cut(item.text, SUMMARY)}
    return {**shape, "memory": whole_of(item)} if whole else shape


def graph_of(graph: AcrossGraph) -> dict[str, Any]:
    """Return what several projects speak of."""
    return {
        "projects": list(graph.projects),
        "entities": [
            {"name": one.name, "type": one.sort, "mentions": sum(one.mentions.values()), "projects": dict(one.mentions)}
            for one in graph.nodes
        ],
        "relations": [
            {
                "subject": one.subject,
                "predicate": one.predicate,
                "object": one.object,
                "weight": one.weight,
                "projects": list(one.projects),
            }
            for one in graph.edges
        ],
    }
