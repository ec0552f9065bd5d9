"""What questions over several projects give back, as the JSON that every edge answers with."""

from __future__ import annotations

from typing import Any, Final

from recollect.models import Across, AcrossGraph, Hit, PastSearch, Related
from recollect.ops.shape import hit_of, time_of
from recollect.text.tokens import cut

TITLE: Final = 15
"""Tokens of a title that is made from the text."""
SUMMARY: Final = 100
"""Tokens of a summary."""


def across_of(query: str, found: Across) -> dict[str, Any]:
    """Return the answer of a search across projects."""
    return {
        "success": True,
        "query": query,
        "results": [result_of(hit, found) for hit in found.hits],
        "project_stats": {
            one.project_id: {"name": one.name, "count": one.count, "total": one.total} for one in found.projects
        },
        "total_found": found.total,
        "projects_searched": len(found.projects),
        "search_time_ms": round(found.milliseconds, 1),
        "projects_left": list(found.left),
        "projects_denied": list(found.denied),
    }


def result_of(hit: Hit, found: Across | None = None) -> dict[str, Any]:
    """Return one result: the fields it always had, and those of any other search."""
    item = hit.memory
    words = " ".join(item.text[hit.start : hit.end].split()) or item.text
    name = item.scope.project_id if found is None else found.name_of(item.scope.project_id)
    return {
        **hit_of(hit, explain=bool(hit.parts)),
        "title": item.title or cut(words, TITLE),
        "summary": cut(words, SUMMARY),
        "relevance_score": round(hit.score, 4),
        "project_name": name,
    }


def recommended_of(project_id: str, found: Across) -> dict[str, Any]:
    """Return what other projects know."""
    whole = across_of("", found)
    return {"project_id": project_id, "results": whole["results"], "project_stats": whole["project_stats"]}


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


def related_of(related: Related) -> dict[str, Any]:
    """Return a project like another one, and what ties the two together."""
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
                "here": {"id": pair.here.id, "summary": cut(pair.here.text, SUMMARY)},
                "there": {"id": pair.there.id, "summary": cut(pair.there.text, SUMMARY)},
                "likeness": round(pair.likeness, 4),
            }
            for pair in related.pairs
        ],
    }


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
