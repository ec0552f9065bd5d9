"""`recollect token`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from recollect.cli.opened import opened, run
from recollect.cli.options import GLOBAL, Common
from recollect.cli.out import emit, minute
from recollect.cli.table import console, table
from recollect.clock import SystemClock
from recollect.models import Token
from recollect.ops.people_shape import token_of
from recollect.server import token
from recollect.settings import load


@click.group("token", invoke_without_command=True)
@GLOBAL
@click.pass_context
def command(ctx: click.Context) -> None:
    """Say where the token of this data directory's server is; make, list and revoke others."""
    if ctx.invoked_subcommand is None:
        common = ctx.ensure_object(Common)
        home = load(common.home).settings.home
        _tell(common, token.path_of(home), made=token.read(home) is not None)


@command.command("rotate")
@GLOBAL
@click.pass_context
def rotate(ctx: click.Context) -> None:
    """Make a new token; within two seconds the present one opens nothing any more."""
    common = ctx.ensure_object(Common)
    _tell(common, run(_rotated(common)), made=True)


@command.command("list")
@GLOBAL
@click.pass_context
def listed(ctx: click.Context) -> None:
    """List tokens: whose, what they may, until when, and when they were last used. The secrets are nowhere."""
    common = ctx.ensure_object(Common)
    found = run(_listed(common))
    if common.as_json:
        emit({"tokens": [token_of(item) for item in found]})
        return
    rows = [(item.id, item.name, minute(item.expires_at), minute(item.used_at), _may(item)) for item in found]
    console().print(table(("id", "name", "until", "last used", "may"), rows))


@command.command("create")
@click.argument("name")
@click.option("--user", help="A user's own: it may what he may.")
@click.option("--right", "rights", multiple=True, metavar="PROJECT=RIGHT", help="A service's; `*` is every project.")
@click.option("--days", type=click.FloatRange(0.001, 3660), help="Open nothing any more after so many days.")
@GLOBAL
@click.pass_context
def create(ctx: click.Context, name: str, user: str | None, rights: Sequence[str], days: float | None) -> None:
    """Make a token for a user or a service and show it, this once."""
    common = ctx.ensure_object(Common)
    given = dict(part.rpartition("=")[::2] for part in rights)
    if "" in given:
        raise click.BadParameter("write it as PROJECT=RIGHT, such as web=READ", param_hint="--right")
    ends = None if days is None else datetime.now(UTC) + timedelta(days=days)
    made, secret = run(_created(common, name, user, given or None, ends))
    if common.as_json:
        emit({**token_of(made), "token": secret})
    else:
        click.echo(secret)


@command.command("revoke")
@click.argument("token_id", metavar="ID")
@GLOBAL
@click.pass_context
def revoke(ctx: click.Context, token_id: str) -> None:
    """Have a token open nothing any more, within two seconds."""
    common = ctx.ensure_object(Common)
    gone = run(_revoked(common, token_id))
    if common.as_json:
        emit({"id": gone.id})
    else:
        click.echo(f"revoked {gone.name}")


def _may(item: Token) -> str:
    if item.user_id is not None:
        return f"what {item.user_id} may"
    return "everything" if item.rights is None else ", ".join(f"{name}={right.name}" for name, right in item.rights)


async def _listed(common: Common) -> list[Token]:
    async with opened(common) as memory:
        return await memory.people.tokens.list()


async def _created(
    common: Common, name: str, user: str | None, rights: Mapping[str, str] | None, ends: datetime | None
) -> tuple[Token, str]:
    async with opened(common) as memory:
        return await memory.people.tokens.create(name, user_id=user, rights=rights, expires_at=ends)


async def _revoked(common: Common, token_id: str) -> Token:
    async with opened(common) as memory:
        return await memory.people.tokens.revoke(token_id)


async def _rotated(common: Common) -> Path:
    async with opened(common) as memory:
        settings = memory.app.settings
        shared = settings.store.url is not None
        return await token.rotate(settings.home, memory.app.tokens, SystemClock(), shared=shared)


def _tell(common: Common, path: Path, *, made: bool) -> None:
    if common.as_json:
        emit({"path": str(path), "made": made})
    else:
        click.echo(str(path) if made else f"{path} (made when `recollect serve` first starts)")
