"""What projects have in common: which are alike and why, what others know of use here, and one graph over all."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from recollect.access.acting import Acting
from recollect.across.readable import Readable
from recollect.across.search import CrossSearch, Question
from recollect.engine import Engine
from recollect.errors import ProviderError
from recollect.models import (
    Across,
    AcrossGraph,
    Deed,
    Entity,
    EntityType,
    Memory,
    Pair,
    Reach,
    Related,
    SharedEntity,
    SharedRelation,
    Tie,
    Where,
)
from recollect.retrieve.alike import likeness, middle

ENTITIES: Final = 5000
"""Entities looked at over all projects, the most mentioned first."""
TIES: Final = 10
"""Entities that are shown for each related project."""
PAIRS: Final = 3
"""Pairs of memories that are shown for each related project."""
RECENT: Final = 5
"""The latest memories of a project, which say what it is about now."""
LONGEST: Final = 200
"""Characters of each of them that are asked with."""
EDGED: Final = 30
"""Entities of a graph whose relations are read."""
PASSING: Final = frozenset({EntityType.DATE, EntityType.VERSION})
"""What is named everywhere and ties nothing."""

Names = Mapping[str, Mapping[str, Entity]]
"""By project: its entities by their folded name."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Compares projects that an actor may read, and gathers what they know together."""

    search: CrossSearch
    engine: Engine

    async def related(self, acting: Acting, project_id: str, *, user_id: str | None, limit: int) -> list[Related]:
        """Return the projects most like one that is named, of those that go beyond themselves, and what ties them."""
        here = await self._here(acting, "related_projects", project_id, user_id)
        others = await self._others(acting, project_id, user_id)
        await self._note(acting, "related_projects", (project_id, *others.projects))
        middles = await self._middles([here, others])
        known = await self._entities([here, others])
        alike = [self._alike(project_id, one, others.names, middles, known) for one in others.projects]
        best = sorted((one for one in alike if one.score > 0), key=lambda one: (-one.score, one.project_id))[:limit]
        where = Where(others.reach)
        return [replace(one, pairs=await self._pairs(project_id, one.project_id, here, where, middles)) for one in best]

    async def recommended(
        self, acting: Acting, project_id: str, *, query: str | None, user_id: str | None, limit: int
    ) -> Across:
        """Return what other projects know about a question, or about what a project was last about."""
        here = await self._here(acting, "recommend", project_id, user_id)
        text = query if query and query.strip() else await self._recent(here.reach)
        asked = Question(text, everywhere=True, besides=project_id, limit=limit, user_id=user_id)
        return await self.search.search(acting, asked, kept=query is not None)

    async def graph(
        self, acting: Acting, *, projects: Sequence[str], user_id: str | None, limit: int, shared: bool
    ) -> AcrossGraph:
        """Return the entities of several projects and their relations, those that more projects know first.

        With `shared`, only entities that two projects or more know.
        """
        await self.search.allow(acting, "graph_across", projects)
        asked = Question("", tuple(projects), everywhere=not projects, user_id=user_id)
        where = await self.search.readable(acting, asked)
        await self._note(acting, "graph_across", where.projects)
        nodes = _nodes(await self._entities([where]), least=2 if shared else 1)[:limit]
        edges = await self._edges(where.reach, nodes[:EDGED])
        return AcrossGraph(where.projects, tuple(nodes), tuple(edges))

    async def _here(self, acting: Acting, action: str, project_id: str, user_id: str | None) -> Readable:
        await self.search.allow(acting, action, (project_id,))
        return await self.search.readable(acting, Question("", (project_id,), user_id=user_id))

    async def _others(self, acting: Acting, project_id: str, user_id: str | None) -> Readable:
        return await self.search.readable(
            acting, Question("", everywhere=True, besides=project_id, user_id=user_id), most=None
        )

    async def _note(self, acting: Acting, action: str, projects: Sequence[str]) -> None:
        await acting.access.note(acting.actor, Deed(action, projects=tuple(projects)), durable=False)

    async def _middles(self, places: Sequence[Readable]) -> dict[str, bytes]:
        """Return the middle of each project's memories; none where they have no vectors or do not fit in memory."""
        found: dict[str, bytes] = {}
        for place in places:
            sums = await self.search.spread.sums(self.engine.embed.model, Where(place.reach)) or {}
            of = place.tenants
            for project in place.projects:
                made = middle({key: one for key, one in sums.items() if of.get(key) == project})
                if made is not None:
                    found[project] = made
        return found

    async def _entities(self, places: Sequence[Readable]) -> Names:
        found: dict[str, dict[str, Entity]] = defaultdict(dict)
        for place in places:
            for one in await self.engine.stores.graph.list(place.reach, limit=ENTITIES):
                if one.mentions and one.type not in PASSING and one.project_id in place.projects:
                    name = one.name.casefold()
                    held = found[one.project_id].get(name)
                    mentions = one.mentions + (held.mentions if held else 0)
                    found[one.project_id][name] = replace(one, mentions=mentions)
        return found

    def _alike(
        self, here: str, there: str, names: Mapping[str, str], middles: Mapping[str, bytes], known: Names
    ) -> Related:
        parts: dict[str, float] = {}
        if here in middles and there in middles:
            parts["meaning"] = likeness(middles[here], middles[there])
        ties, shares = _ties(here, there, known)
        if known.get(here) and known.get(there):
            parts["entities"] = shares
        score = sum(parts.values()) / len(parts) if parts else 0.0
        return Related(there, names.get(there, there), score, parts, tuple(ties[:TIES]))

    async def _pairs(
        self, here: str, there: str, place: Readable, others: Where, middles: Mapping[str, bytes]
    ) -> tuple[Pair, ...]:
        """Return the memories of another project that lie nearest to this one, each with the one here nearest to it."""
        if here not in middles or there not in middles:
            return ()
        inside = replace(others, reach=Reach(others.reach.user_id, there, within=others.reach.within))
        near = await self._nearest(middles[here], inside, PAIRS)
        try:
            vectors = await self.engine.embed.embed([item.text for item, _ in near]) if near else []
        except ProviderError:
            return ()
        pairs = []
        for (item, _), made in zip(near, vectors, strict=True):
            found = await self._nearest(made.vector, Where(place.reach), 1)
            pairs += [Pair(own, item, cosine) for own, cosine in found]
        return tuple(sorted(pairs, key=lambda pair: -pair.likeness))

    async def _nearest(self, vector: bytes, where: Where, count: int) -> list[tuple[Memory, float]]:
        model = self.engine.embed.model
        scored = await self.engine.finder.ways.vectors.search(model, vector, where, count)
        items = await self.engine.stores.records.fetch(scored.keys.tolist())
        return list(zip(items, (float(one) for one in scored.scores), strict=False))

    async def _recent(self, reach: Reach) -> str:
        """Return the first words of what a project's latest memories say."""
        page = await self.engine.list(reach, limit=RECENT)
        return "\n".join(item.title or item.text[:LONGEST] for item in page.memories)

    async def _edges(self, reach: Reach, nodes: Sequence[SharedEntity]) -> list[SharedRelation]:
        """Return the relations of entities, each with the projects that say so."""
        wanted = [(node.name, project) for node in nodes for project in node.mentions]
        graph = self.engine.stores.graph
        found = await asyncio.gather(
            *(graph.neighbours(Reach(reach.user_id, project, within=reach.within), name) for name, project in wanted)
        )
        weights: dict[tuple[str, str, str], dict[str, int]] = defaultdict(dict)
        for (_, project), relations in zip(wanted, found, strict=True):
            for one in relations:
                weights[one.subject, one.predicate, one.object][project] = one.weight
        edges = [SharedRelation(*names, sum(by.values()), tuple(sorted(by))) for names, by in weights.items()]
        return sorted(edges, key=lambda edge: (-len(edge.projects), -edge.weight, edge.subject, edge.object))


def _ties(here: str, there: str, known: Names) -> tuple[list[Tie], float]:
    """Return the entities two projects share, what ties them most first, and how alike their entities are (0..1).

    The likeness is the cosine of what each names, weighed by how often and by how few projects name it.
    """
    spread = Counter(name for names in known.values() for name in names)
    mine, theirs = known.get(here, {}), known.get(there, {})

    def weight(name: str, names: Mapping[str, Entity]) -> float:
        return math.log1p(names[name].mentions) * math.log1p(len(known) / spread[name])

    both = sorted(mine.keys() & theirs.keys(), key=lambda name: (-weight(name, mine) * weight(name, theirs), name))
    inner = sum(weight(name, mine) * weight(name, theirs) for name in both)
    lengths = [math.sqrt(sum(weight(name, names) ** 2 for name in names)) for names in (mine, theirs)]
    ties = [Tie(mine[one].name, mine[one].type.value, mine[one].mentions, theirs[one].mentions) for one in both]
    return ties, inner / (lengths[0] * lengths[1]) if all(lengths) else 0.0


def _nodes(known: Names, *, least: int) -> list[SharedEntity]:
    by_name: dict[str, dict[str, Entity]] = defaultdict(dict)
    for project, names in known.items():
        for name, one in names.items():
            by_name[name][project] = one
    nodes = []
    for by_project in by_name.values():
        if len(by_project) >= least:
            first = max(by_project.values(), key=lambda one: one.mentions)
            mentions = {project: one.mentions for project, one in sorted(by_project.items())}
            nodes.append(SharedEntity(first.name, first.type.value, mentions))
    return sorted(nodes, key=lambda node: (-len(node.mentions), -sum(node.mentions.values()), node.name))
