"""Entities, relations and links of memories, written in the transaction of their memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import sqlalchemy as sa

from recollect.models import EntityType, Mention
from recollect.stores.sql.dialect import insert_new
from recollect.stores.sql.schema import entity, link, memory, mention, relation
from recollect.stores.sql.straight import ask, insert_keyed, run

Whereabouts = Mapping[str, tuple[int, int]]
"""Key and tenant of memories, by id."""

_PART = 400

# Built once: every capture runs them, and building a statement costs as much as running it.
_PLACES = sa.select(memory.c.id, memory.c.key, memory.c.tenant).where(
    memory.c.id.in_(sa.bindparam("ids", expanding=True))
)
_ENTITIES = sa.select(entity.c.folded, entity.c.key).where(
    entity.c.tenant == sa.bindparam("owner"), entity.c.folded.in_(sa.bindparam("names", expanding=True))
)
_MENTION, _RELATION, _LINK = (insert_new(table) for table in (mention, relation, link))


def fold(name: str) -> str:
    """Return the form under which an entity's name is known."""
    return " ".join(name.casefold().split())


def memory_places(
    connection: sa.Connection, ids: Iterable[str], known: Whereabouts = MappingProxyType({})
) -> Whereabouts:
    """Return (key, tenant) of each memory that exists; `known` ones are not asked for."""
    wanted: list[str] = []
    found: dict[str, tuple[int, int]] = {}
    for name in ids:
        if name in known:
            found[name] = known[name]
        else:
            wanted.append(name)
    for start in range(0, len(wanted), _PART):
        rows = ask(connection, _PLACES, {"ids": wanted[start : start + _PART]})
        found.update((name, (key, owner)) for name, key, owner in rows)
    return found


def ensure_entities(connection: sa.Connection, named: Mapping[tuple[int, str], Mention]) -> dict[tuple[int, str], int]:
    """Return the key of each (tenant, folded name), made where it is new."""
    found: dict[tuple[int, str], int] = {}
    by_tenant: dict[int, list[str]] = {}
    for owner, folded in named:
        by_tenant.setdefault(owner, []).append(folded)
    for owner, names in by_tenant.items():
        for start in range(0, len(names), _PART):
            rows = ask(connection, _ENTITIES, {"owner": owner, "names": names[start : start + _PART]})
            found.update(((owner, folded), key) for folded, key in rows)
    missing = [name for name in named if name not in found]
    if missing:
        new = [
            {"tenant": owner, "name": named[owner, folded].name, "folded": folded, "type": named[owner, folded].type}
            for owner, folded in missing
        ]
        found.update(zip(missing, insert_keyed(connection, entity, new), strict=True))
    return found


def write_mentions(
    connection: sa.Connection, mentions: Mapping[str, Sequence[Mention]], known: Whereabouts = MappingProxyType({})
) -> None:
    """Note which memory names what; memories that do not exist are passed over. Of some the place may be `known`."""
    places = memory_places(connection, mentions, known)
    named = {
        (places[owner][1], fold(item.name)): item
        for owner, items in mentions.items()
        if owner in places
        for item in items
    }
    keys = ensure_entities(connection, named)
    pairs = {
        (places[owner][0], keys[places[owner][1], fold(item.name)])
        for owner, items in mentions.items()
        if owner in places
        for item in items
    }
    run(connection, _MENTION, [{"memory": one, "entity": other} for one, other in sorted(pairs)])


def write_relations(
    connection: sa.Connection,
    relations: Mapping[str, Sequence[tuple[str, str, str]]],
    known: Whereabouts = MappingProxyType({}),
) -> None:
    """Note which memory says that two entities are related. Of some memories the place may be `known`."""
    places = memory_places(connection, relations, known)
    triples = [
        (places[owner], subject, predicate, other)
        for owner, items in relations.items()
        if owner in places
        for subject, predicate, other in items
    ]
    named = {
        (place[1], fold(name)): Mention(name, EntityType.NAME)
        for place, subject, _, other in triples
        for name in (subject, other)
    }
    keys = ensure_entities(connection, named)
    rows = [
        {
            "subject": keys[place[1], fold(subject)],
            "predicate": predicate,
            "object": keys[place[1], fold(other)],
            "memory": place[0],
        }
        for place, subject, predicate, other in triples
    ]
    run(connection, _RELATION, rows)


def write_links(connection: sa.Connection, links: Sequence[tuple[str, str, str]]) -> None:
    """Tie memories to each other; a link to a memory that does not exist is passed over."""
    places = memory_places(connection, {name for one, other, _ in links for name in (one, other)})
    rows = [
        {"memory": places[one][0], "other": places[other][0], "name": name}
        for one, other, name in links
        if one in places and other in places
    ]
    run(connection, _LINK, rows)
