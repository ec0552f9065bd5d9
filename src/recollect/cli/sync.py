"""`recollect sync`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import click

from recollect.cli.opened import drained, opened, run
from recollect.cli.options import GLOBAL, Common
from recollect.cli.out import emit
from recollect.cli.table import console, table
from recollect.errors import Conflict
from recollect.models import Node
from recollect.ops.sync.enrol import enrol, revoke
from recollect.ops.sync.exchange import Exchange, Moved
from recollect.ops.sync.state import state

WAITS: Final = 0.5
"""Seconds between attempts while the server of this data directory exchanges."""


@click.group("sync", invoke_without_command=True)
@GLOBAL
@click.pass_context
def command(ctx: click.Context) -> None:
    """Exchange memories with a center, or let nodes in where this is one."""
    if ctx.invoked_subcommand is None:
        _status(ctx.ensure_object(Common))


@command.command("status")
@GLOBAL
@click.pass_context
def status(ctx: click.Context) -> None:
    """Say how far this node is with its center, or which nodes this center has."""
    _status(ctx.ensure_object(Common))


@command.command("now")
@click.option(
    "--wait",
    default=60.0,
    show_default=True,
    type=click.FloatRange(0, 86_400),
    help="Seconds to wait for another exchange.",
)
@GLOBAL
@click.pass_context
def now(ctx: click.Context, wait: float) -> None:
    """Exchange once, until neither side has more."""
    common = ctx.ensure_object(Common)
    moved = run(_exchanged(common, wait))
    if common.as_json:
        emit(asdict(moved))
    else:
        click.echo(
            f"sent {moved.sent:,}, fetched {moved.fetched:,}"
            + (f", deleted {moved.deleted:,}" if moved.deleted else "")
            + (f"; the center refused {moved.refused:,}" if moved.refused else "")
        )


@command.command("pause")
@GLOBAL
@click.pass_context
def pause(ctx: click.Context) -> None:
    """Stop exchanging in the background until `resume`."""
    _paused(ctx.ensure_object(Common), paused=True)


@command.command("resume")
@GLOBAL
@click.pass_context
def resume(ctx: click.Context) -> None:
    """Go on exchanging in the background."""
    _paused(ctx.ensure_object(Common), paused=False)


@command.command("enrol")
@click.argument("name")
@click.option(
    "--project",
    "projects",
    multiple=True,
    metavar="PATTERN",
    help="Projects it may see and send: crypto-*, !diary. Repeatable. [all]",
)
@GLOBAL
@click.pass_context
def enrolled(ctx: click.Context, name: str, projects: Sequence[str]) -> None:
    """Let a node in, at the center: prints its token, this once."""
    common = ctx.ensure_object(Common)
    node, secret = run(_enrol(common, name, projects))
    if common.as_json:
        emit({"name": node.name, "projects": list(node.projects), "token": secret})
    else:
        click.echo(secret)


@command.command("nodes")
@GLOBAL
@click.pass_context
def nodes(ctx: click.Context) -> None:
    """List the nodes of this center."""
    common = ctx.ensure_object(Common)
    found = run(_nodes(common))
    if common.as_json:
        emit({"nodes": [{"name": one.name, "projects": list(one.projects), "last_seen": _when(one)} for one in found]})
        return
    rows = [(one.name, ", ".join(one.projects), _when(one) or "never") for one in found]
    if rows:
        console().print(table(("node", "projects", "last seen"), rows))
    else:
        click.echo("no node is enrolled")


@command.command("revoke")
@click.argument("name")
@GLOBAL
@click.pass_context
def revoked(ctx: click.Context, name: str) -> None:
    """Shut a node out; what it sent stays."""
    common = ctx.ensure_object(Common)
    run(_revoke(common, name))
    if common.as_json:
        emit({"revoked": name})
    else:
        click.echo(f"{name} is shut out")


def _status(common: Common) -> None:
    found = run(_state(common))
    if common.as_json:
        emit(found)
        return
    for name, value in found.items():
        if name != "nodes" and value is not None:
            click.echo(f"{name.replace('_', ' '):12} {value}")
    for one in found.get("nodes", ()):
        click.echo(f"node         {one['name']}, last seen {one['last_seen'] or 'never'}")


def _paused(common: Common, *, paused: bool) -> None:
    run(_pause(common, paused=paused))
    if common.as_json:
        emit({"paused": paused})
    else:
        click.echo("paused" if paused else "resumed")


def _when(one: Node) -> str | None:
    return None if one.seen_at is None else one.seen_at.isoformat(timespec="seconds").replace("+00:00", "Z")


async def _state(common: Common) -> dict[str, Any]:
    async with opened(common) as memory:
        return await state(memory.app)


async def _exchanged(common: Common, wait: float) -> Moved:
    async with opened(common, worker=True) as memory:
        exchange = Exchange(memory.app)
        try:
            moved = await _patiently(exchange, wait)
        finally:
            exchange.close()
        if moved.fetched:
            await drained(memory)
        return moved


async def _patiently(exchange: Exchange, wait: float) -> Moved:
    """Exchange, once the process that does so now has finished."""
    end = asyncio.get_running_loop().time() + wait
    while True:
        try:
            return await exchange.once()
        except Conflict:
            if asyncio.get_running_loop().time() >= end:
                raise
            await asyncio.sleep(WAITS)


async def _pause(common: Common, *, paused: bool) -> None:
    async with opened(common) as memory:
        await memory.app.sync.link(paused=paused)


async def _enrol(common: Common, name: str, projects: Sequence[str]) -> tuple[Node, str]:
    async with opened(common) as memory:
        patterns = [part for given in projects for part in given.split(",")]
        return await enrol(memory.app, name, patterns or ("*",))


async def _nodes(common: Common) -> list[Node]:
    async with opened(common) as memory:
        return await memory.app.nodes.list()


async def _revoke(common: Common, name: str) -> None:
    async with opened(common) as memory:
        await revoke(memory.app, name)
