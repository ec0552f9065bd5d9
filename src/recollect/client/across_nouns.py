"""What a server answers to questions over several projects, as the nouns of the library."""

from __future__ import annotations

from datetime import datetime

from recollect.client.nouns import Shape, hit_of, memory_of
from recollect.models import (
    Across,
    AcrossGraph,
    Pair,
    PastSearch,
    Related,
    Searched,
    SharedEntity,
    SharedRelation,
    Tie,
)


def across_of(shape: Shape) -> Across:
    """Return what a search in several projects found; raise KeyError, ValueError or TypeError for anything else."""
    stats = shape["project_stats"].items()
    return Across(
        tuple(map(hit_of, shape["results"])),
        tuple(Searched(name, one["name"], one["count"], one["total"]) for name, one in stats),
        tuple(shape.get("projects_left", ())),
        tuple(shape.get("projects_denied", ())),
        float(shape.get("search_time_ms", 0.0)),
    )


def past_of(shape: Shape) -> PastSearch:
    """Return a search of a user's history."""
    return PastSearch(
        shape["id"],
        datetime.fromisoformat(shape["at"]),
        shape["user_id"],
        shape["query"],
        tuple(shape["project_ids"]),
        shape["merge_strategy"],
        shape["total_found"],
        shape["search_time_ms"],
    )


def related_of(shape: Shape) -> Related:
    """Return a project like another one."""
    return Related(
        shape["project_id"],
        shape["project_name"],
        shape["score"],
        shape["parts"],
        tuple(Tie(one["name"], one["type"], one["here"], one["there"]) for one in shape["shared_entities"]),
        tuple(
            Pair(memory_of(one["here"]["memory"]), memory_of(one["there"]["memory"]), one["likeness"])
            for one in shape["alike"]
        ),
    )


def graph_of(shape: Shape) -> AcrossGraph:
    """Return what several projects speak of."""
    return AcrossGraph(
        tuple(shape["projects"]),
        tuple(SharedEntity(one["name"], one["type"], one["projects"]) for one in shape["entities"]),
        tuple(
            SharedRelation(one["subject"], one["predicate"], one["object"], one["weight"], tuple(one["projects"]))
            for one in shape["relations"]
        ),
    )
