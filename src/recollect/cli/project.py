"""`recollect project`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import click

from recollect.cli import shared
from recollect.cli.opened import opened, run
from recollect.cli.options import GLOBAL, Common
from recollect.cli.out import emit, minute
from recollect.cli.table import console, table
from recollect.models import Isolation, Right, Seen
from recollect.ops.people_shape import grant_of, member_of, project_of
from recollect.people.office import Office

T = TypeVar("T")

ID = click.argument("project_id", metavar="PROJECT")
RIGHTS = [right.name for right in Right]


@click.group("project")
def command() -> None:
    """Make, set, share and delete projects."""


for added in (shared.related, shared.recommend, shared.graph):
    command.add_command(added)


@command.command("list")
@click.option("--status", type=click.Choice(["active", "archived"]))
@GLOBAL
@click.pass_context
def listed(ctx: click.Context, status: str | None) -> None:
    """List projects, those too that only have memories."""
    common = ctx.ensure_object(Common)
    found = _asked(common, lambda office: office.projects.list(status=status))
    if common.as_json:
        emit({"projects": [project_of(seen) for seen in found]})
        return
    rows = [_row(seen) for seen in found]
    if rows:
        console().print(table(("id", "isolation", "status", "business", "name"), rows))
    else:
        click.echo("there is no project yet")


@command.command("create")
@ID
@click.option("--name", help="What people call it.")
@click.option("--description", default="")
@click.option("--business", default="general", show_default=True, help="general, crypto, advert, life, or any.")
@click.option("--isolation", type=click.Choice([mode.value for mode in Isolation]))
@click.option("--owner", help="A user who owns it.")
@GLOBAL
@click.pass_context
def create(ctx: click.Context, /, project_id: str, **given: Any) -> None:
    """Make a project; memories that are there under its id become its own."""
    common = ctx.ensure_object(Common)
    _told(common, _asked(common, lambda office: office.projects.create(project_id, **given)), "made")


@command.command("set")
@ID
@click.option("--name")
@click.option("--description")
@click.option("--business")
@click.option("--isolation", type=click.Choice([mode.value for mode in Isolation]))
@click.option("--status", type=click.Choice(["active", "archived"]))
@GLOBAL
@click.pass_context
def change(ctx: click.Context, /, project_id: str, **given: Any) -> None:
    """Change a project."""
    common = ctx.ensure_object(Common)
    _told(common, _asked(common, lambda office: office.projects.change(project_id, **given)), "changed")


@command.command("archive")
@ID
@GLOBAL
@click.pass_context
def archive(ctx: click.Context, project_id: str) -> None:
    """Make a project read-only; `set PROJECT --status active` undoes it."""
    common = ctx.ensure_object(Common)
    _told(common, _asked(common, lambda office: office.projects.archive(project_id)), "archived")


@command.command("rename")
@ID
@click.argument("new_id")
@GLOBAL
@click.pass_context
def rename(ctx: click.Context, project_id: str, new_id: str) -> None:
    """Give a project another id; memories, history and members move with it."""
    common = ctx.ensure_object(Common)
    moved = _asked(common, lambda office: office.projects.rename(project_id, new_id))
    _counted(common, {"project_id": new_id, "memories": moved}, f"{project_id} is {new_id}: {moved:,} memories moved")


@command.command("aliases")
@ID
@click.option("--forget", metavar="OLD_ID", help="Have this one mean nothing any more.")
@GLOBAL
@click.pass_context
def aliases(ctx: click.Context, project_id: str, forget: str | None) -> None:
    """List the ids that a project had before, by which it is still reached."""
    common = ctx.ensure_object(Common)
    if forget is not None:
        _asked(common, lambda office: office.projects.forget_alias(project_id, forget))
        _counted(common, {"id": forget}, f"{forget} means nothing any more")
        return
    found = _asked(common, lambda office: office.projects.aliases(project_id))
    _counted(common, {"project_id": project_id, "aliases": found}, "\n".join(found) or "it was always called so")


@command.command("merge")
@ID
@click.argument("into")
@GLOBAL
@click.pass_context
def merge(ctx: click.Context, project_id: str, into: str) -> None:
    """Move all memories of a project into another and remove it."""
    common = ctx.ensure_object(Common)
    moved = _asked(common, lambda office: office.projects.merge(project_id, into))
    _counted(common, {"project_id": into, "memories": moved}, f"{moved:,} memories moved to {into}")


@command.command("delete")
@ID
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@GLOBAL
@click.pass_context
def delete(ctx: click.Context, project_id: str, yes: bool) -> None:
    """Delete a project and all that is its, for good."""
    common = ctx.ensure_object(Common)
    if not yes:
        click.confirm(f"Delete {project_id} with all its memories, for good?", abort=True, err=True)
    gone = _asked(common, lambda office: office.projects.delete(project_id))
    _counted(common, {"project_id": project_id, "deleted": gone}, f"deleted {project_id}, {gone:,} memories")


@command.command("members")
@ID
@GLOBAL
@click.pass_context
def members(ctx: click.Context, project_id: str) -> None:
    """List the members and grants of a project."""
    common = ctx.ensure_object(Common)
    held = _asked(common, lambda office: office.members.members(project_id))
    given = _asked(common, lambda office: office.members.grants(project_id))
    if common.as_json:
        emit({"members": [member_of(item) for item in held], "grants": [grant_of(item) for item in given]})
        return
    rows = [(item.user_id, item.right.name, minute(item.since), "", "") for item in held]
    rows += [(item.user_id, item.right.name, minute(item.since), minute(item.until), item.id) for item in given]
    console().print(table(("user", "right", "since", "until", "grant"), rows))


@command.command("share")
@ID
@click.argument("user")
@click.argument("right", type=click.Choice(RIGHTS, case_sensitive=False))
@click.option("--hours", type=click.FloatRange(0.01, 8784), help="End by itself after so many hours.")
@GLOBAL
@click.pass_context
def share(ctx: click.Context, project_id: str, user: str, right: str, hours: float | None) -> None:
    """Give a user a right in a project, for good or for some hours; NONE takes him out."""
    common = ctx.ensure_object(Common)
    if hours is None:
        held = _asked(common, lambda office: office.members.set_member(project_id, user, right))
        _counted(common, member_of(held), f"{user} has {held.right.name} in {project_id}")
        return
    until = datetime.now(UTC) + timedelta(hours=hours)
    given = _asked(common, lambda office: office.members.grant(project_id, user, right, until))
    _counted(common, grant_of(given), f"{user} has {given.right.name} in {project_id} until {minute(given.until)}")


@command.command("revoke")
@ID
@click.argument("grant_id", metavar="GRANT")
@GLOBAL
@click.pass_context
def revoke(ctx: click.Context, project_id: str, grant_id: str) -> None:
    """End a grant at once."""
    common = ctx.ensure_object(Common)
    _asked(common, lambda office: office.members.revoke_grant(project_id, grant_id))
    _counted(common, {"id": grant_id}, "ended")


def _asked(common: Common, work: Callable[[Office], Awaitable[T]]) -> T:
    async def asked() -> T:
        async with opened(common) as memory:
            return await work(memory.people)

    return run(asked())


def _row(seen: Seen) -> tuple[str, ...]:
    item = seen.project
    status = item.status.value if seen.made else "-"
    return (item.id, item.isolation.value, status, item.business, item.name if item.name != item.id else "")


def _told(common: Common, seen: Seen, done: str) -> None:
    _counted(common, project_of(seen), f"{done} {seen.project.id}")


def _counted(common: Common, data: dict[str, Any], text: str) -> None:
    if common.as_json:
        emit(data)
    else:
        click.echo(text)
