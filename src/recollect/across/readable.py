"""Which projects a question may go through: those that are named or all, of them those that the actor may read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recollect.access.acting import Acting
from recollect.errors import Denied
from recollect.exchange import Tenancy
from recollect.models import DEFAULT, Directory, Reach, Status, Within
from recollect.ports import Tenancies


@dataclass(frozen=True, slots=True)
class Readable:
    """Projects that may be read, in order, what may be read of them, and the tenants that are theirs.

    `left` had no room, `denied` were named and may not be read.
    """

    projects: tuple[str, ...]
    reach: Reach
    tenancies: tuple[Tenancy, ...]
    names: Mapping[str, str]
    left: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()

    @property
    def tenants(self) -> Mapping[int, str]:
        """The project of each tenant."""
        return {one.key: one.project_id for one in self.tenancies}


async def named(
    acting: Acting,
    tenancies: Tenancies,
    names: Sequence[str],
    *,
    user: str | None,
    agent: str | None,
    model: str,
    most: int | None,
) -> Readable:
    """Return the first `most` of the projects that are named, those that the actor may read; raise Denied if none."""
    names = tuple(dict.fromkeys([await acting.access.named(name) for name in names]))
    wanted, left = names[:most], () if most is None else tuple(names[most:])
    allowed: list[str] = []
    parts: list[Within] = []
    refused: dict[str, Denied] = {}
    for name in wanted:
        try:
            reach = await acting.reach(Reach(user, name))
        except Denied as denied:
            refused[name] = denied
        else:
            allowed.append(name)
            parts.append(reach.within or Within(frozenset({name})))
    if not allowed and refused:
        raise next(iter(refused.values()))
    reach = Reach(user, None, agent_id=agent, within=_together(parts))
    known = await acting.access.known()
    found = await tenancies.tenancies(reach, model)
    return Readable(tuple(allowed), reach, tuple(found), _names(allowed, known), left, tuple(refused))


async def everywhere(
    acting: Acting,
    tenancies: Tenancies,
    *,
    user: str | None,
    agent: str | None,
    model: str,
    most: int | None,
    besides: str | None = None,
) -> Readable:
    """Return the projects written to last of all active ones that the actor may read without naming them.

    One (`besides`) may be left out.
    """
    whose = DEFAULT if user is None and acting.is_system else user
    reach = await acting.reach(Reach(whose, None))
    known = await acting.access.known()
    found = [one for one in await tenancies.tenancies(reach, model) if _active(one.project_id, known)]
    names = [one for one in dict.fromkeys(one.project_id for one in found) if one != besides]
    wanted = frozenset(names[:most])
    inside = Within(wanted) if reach.within is None else _only(reach.within, wanted)
    narrowed = Reach(whose, None, agent_id=agent, within=inside)
    chosen = tuple(one for one in found if one.project_id in wanted)
    left = () if most is None else tuple(names[most:])
    return Readable(tuple(names[:most]), narrowed, chosen, _names(wanted, known), left)


def _together(parts: Sequence[Within]) -> Within:
    """Return what several may be read as one; each is about a project of its own."""
    whole = frozenset[str]().union(*(part.projects or () for part in parts))
    own = frozenset[str]().union(*(part.own for part in parts))
    return Within(whole, user_id=next((part.user_id for part in parts if part.own), None), own=own - whole)


def _only(within: Within, names: frozenset[str]) -> Within:
    """Return what may be read, narrowed to some projects."""
    whole = names - within.besides if within.projects is None else names & within.projects
    return Within(whole, user_id=within.user_id, own=(within.own & names) - whole)


def _active(project_id: str, known: Directory) -> bool:
    held = known.projects.get(project_id)
    return held is None or held.status is Status.ACTIVE


def _names(projects: Sequence[str] | frozenset[str], known: Directory) -> dict[str, str]:
    held = ((one, known.projects.get(one)) for one in projects)
    return {one: one if project is None else project.name for one, project in held}
