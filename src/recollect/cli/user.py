"""`recollect user`."""

from __future__ import annotations

import click

from recollect.cli.opened import opened, run
from recollect.cli.options import GLOBAL, Common
from recollect.cli.out import emit, minute
from recollect.cli.table import console, table
from recollect.models import User
from recollect.ops.people_shape import user_of


@click.group("user")
def command() -> None:
    """Add and remove the users of a server."""


@command.command("list")
@GLOBAL
@click.pass_context
def listed(ctx: click.Context) -> None:
    """List users."""
    common = ctx.ensure_object(Common)
    found = run(_users(common))
    if common.as_json:
        emit({"users": [user_of(item) for item in found]})
    elif found:
        rows = [(item.id, minute(item.created_at), item.name if item.name != item.id else "") for item in found]
        console().print(table(("id", "since", "name"), rows))
    else:
        click.echo("there is no user yet")


@command.command("add")
@click.argument("user_id", metavar="USER")
@click.option("--name", help="What people call him.")
@GLOBAL
@click.pass_context
def add(ctx: click.Context, user_id: str, name: str | None) -> None:
    """Add a user; `recollect token create --user USER` makes a token for him."""
    common = ctx.ensure_object(Common)
    made = run(_added(common, user_id, name))
    if common.as_json:
        emit(user_of(made))
    else:
        click.echo(f"added {made.id}")


@command.command("remove")
@click.argument("user_id", metavar="USER")
@GLOBAL
@click.pass_context
def remove(ctx: click.Context, user_id: str) -> None:
    """Remove a user with memberships, grants and tokens; what he wrote stays."""
    common = ctx.ensure_object(Common)
    run(_removed(common, user_id))
    if common.as_json:
        emit({"id": user_id})
    else:
        click.echo(f"removed {user_id}")


async def _users(common: Common) -> list[User]:
    async with opened(common) as memory:
        return await memory.people.members.users()


async def _added(common: Common, user_id: str, name: str | None) -> User:
    async with opened(common) as memory:
        return await memory.people.members.add_user(user_id, name=name)


async def _removed(common: Common, user_id: str) -> None:
    async with opened(common) as memory:
        await memory.people.members.remove_user(user_id)
