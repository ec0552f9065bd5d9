"""From a filter that names users, agents, apps and runs to the reaches it is asked in, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from recollect.api.mem0.filters import ENTITIES
from recollect.api.mem0.sieve import All, Either, Folded, No, Tree
from recollect.errors import InvalidInput
from recollect.models import Compare, Coordinate, Op, Reach
from recollect.ports import Owners

MOST_USERS: Final = 500
"""Users one question may be about: each is a search of its own."""

_COORDINATES: Final = frozenset(ENTITIES.values())

Names = Mapping[Coordinate, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Aim:
    """Where to look (nowhere, when nobody is behind the names), and what else must hold there."""

    reaches: tuple[Reach, ...]
    tree: Tree | None


async def aim(owners: Owners, tree: Tree | None) -> Aim:
    """Return where a filter looks; raise InvalidInput where it names nobody, or far too many.

    A filter has to name a user, agent, app or run on each of its alternatives; `*` is everybody. One that names
    neither users nor an app is asked of the users whose memories the named agents and runs have part in.
    """
    if tree is None or not _names_somebody(tree):
        raise InvalidInput(
            "At least one of user_id, agent_id, app_id or run_id is required in filters",
            field="filters",
            hint='Write {"user_id": "alice"}; {"user_id": "*"} asks for everybody.',
        )
    fixed, rest = _split(tree)
    user, project = fixed.get("user_id"), fixed.get("project_id")
    talk, agent = fixed.get("conversation_id"), fixed.get("agent_id")
    if user is not None or project is not None:
        return Aim((Reach(user, project, talk, agent),), rest)
    users = await _users(owners, _behind(tree))
    if len(users) > MOST_USERS:
        raise InvalidInput(
            f"The filter is about more than {MOST_USERS} users", field="filters", hint="Name the users, or an app_id."
        )
    return Aim(tuple(Reach(one, None, talk, agent) for one in users), rest)


def _names_somebody(tree: Tree) -> bool:
    match tree:
        case All(parts):
            return any(map(_names_somebody, parts))
        case Either(parts):
            return all(map(_names_somebody, parts))
        case No(part):
            # Not alice: everybody else, on purpose. Any other NOT names nobody.
            return isinstance(part, Compare) and part.field in _COORDINATES
        case Compare() | Folded():
            return tree.field in _COORDINATES
        case _:
            return False


def _split(tree: Tree) -> tuple[dict[str, str], Tree | None]:
    """Return the names a reach can carry, and the conditions that are left."""
    fixed: dict[str, str] = {}
    rest: list[Tree] = []
    for part in tree.parts if isinstance(tree, All) else (tree,):
        named = isinstance(part, Compare) and part.op is Op.EQ and part.field in _COORDINATES
        if named and isinstance(part, Compare) and isinstance(part.value, str) and part.field not in fixed:
            fixed[part.field] = part.value
        else:
            rest.append(part)
    return fixed, None if not rest else rest[0] if len(rest) == 1 else All(tuple(rest))


def _behind(tree: Tree) -> Names | None:
    """Return names of which a memory that meets the filter has at least one; `None`: it may be anybody's."""
    match tree:
        case Compare(field, Op.EQ, str(value)) if field in _COORDINATES:
            return {_coordinate(field): frozenset((value,))}
        case Compare(field, Op.IN, tuple(values)) if field in _COORDINATES:
            return {_coordinate(field): frozenset(str(value) for value in values)}
        case All(parts):
            found = [names for names in map(_behind, parts) if names is not None]
            return min(found, key=_width, default=None)
        case Either(parts):
            each = [_behind(part) for part in parts]
            return None if None in each else _union([names for names in each if names is not None])
        case _:
            return None


def _coordinate(field: str) -> Coordinate:
    return next(one for one in ENTITIES.values() if one == field)


def _width(names: Names) -> tuple[bool, int]:
    """Users named outright are better than those found behind other names."""
    return set(names) != {"user_id"}, sum(map(len, names.values()))


def _union(several: list[Names]) -> Names:
    found: dict[Coordinate, frozenset[str]] = {}
    for names in several:
        for coordinate, values in names.items():
            found[coordinate] = found.get(coordinate, frozenset()) | values
    return found


async def _users(owners: Owners, names: Names | None) -> list[str]:
    if names is None:
        return await owners.users(limit=MOST_USERS + 1)
    users: set[str] = set()
    for coordinate, values in names.items():
        if coordinate == "user_id":
            users |= values
        else:
            users.update(await owners.users(coordinate=coordinate, names=sorted(values), limit=MOST_USERS + 1))
    return sorted(users)
