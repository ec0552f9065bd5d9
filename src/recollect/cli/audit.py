"""`recollect audit`."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import IO, Any, Final

import click

from recollect.cli.exits import FAILED, OK
from recollect.cli.opened import opened, run
from recollect.cli.options import GLOBAL, Common
from recollect.cli.out import cut, emit, minute
from recollect.cli.table import console, table
from recollect.errors import InvalidInput
from recollect.library import AsyncMemory
from recollect.models import AuditEntry, AuditHead, AuditProof
from recollect.ops.audit_shape import csv_lines, entry_of, json_lines, proof_of
from recollect.ops.export import drafted

PAGE: Final = 1000
"""Entries read at a time; also the most one question to the log may ask for."""

Asked = dict[str, Any]


def filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which entries are meant."""
    for option in reversed(
        (
            click.option("--actor", "-a", help="Of this user only."),
            click.option("--action", help="Of this sort only, such as search_across, grant, delete, export."),
            click.option("--project", "-p", "project_id", help="About this project only."),
            click.option("--decision", type=click.Choice(["allowed", "denied", "failed"]), help="Decided so only."),
            click.option("--since", metavar="TIME", help="From this time on, such as 2026-05-01."),
            click.option("--until", metavar="TIME", help="Before this time."),
        )
    ):
        function = option(function)
    return function


@click.group("audit")
@GLOBAL
def command() -> None:
    """Show, export or verify the log of what was done across projects, granted, deleted, exported or refused."""


@command.command("list")
@filters
@click.option("--limit", "-n", default=50, show_default=True, type=click.IntRange(1, PAGE), help="How many at most.")
@GLOBAL
@click.pass_context
def listed(ctx: click.Context, /, limit: int, **asked: Any) -> None:
    """List entries, the newest first."""
    common = ctx.ensure_object(Common)
    found = run(_listed(common, asked, limit))
    if common.as_json:
        emit({"entries": [entry_of(entry) for entry in found]})
        return
    out = console()
    if found:
        out.print(table(("entry", "when", "who", "did", "decision", "projects", "to", "from"), map(_row, found)))
    else:
        out.print("nothing is in the log about that")


@command.command("export")
@filters
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--force", is_flag=True, help="Replace the file if there is one.")
@click.argument("path", default="-", type=click.Path(path_type=Path))
@GLOBAL
@click.pass_context
def exported(ctx: click.Context, /, path: Path, form: str, force: bool, **asked: Any) -> None:
    """Write entries to PATH ('-' or nothing: stdout), the oldest first."""
    common = ctx.ensure_object(Common)
    count = run(_exported(common, path, asked, as_csv=form == "csv", force=force))
    to_stdout = str(path) == "-"
    if common.as_json and not to_stdout:
        emit({"path": str(path), "entries": count})
    else:
        click.echo(f"{count:,} entries", err=to_stdout)


@command.command("verify")
@click.option(
    "--head", metavar="ENTRY:DIGEST", help="An end of the log that you have kept elsewhere, as this command shows it."
)
@GLOBAL
@click.pass_context
def verify(ctx: click.Context, head: str | None) -> int:
    """Prove that no entry was changed, taken out, put in or cut off; exit 1 where one was.

    Keep what it shows as the end of the log outside of this machine, and give it as --head the next time: then not even
    somebody who may write every file here can make the log anew unnoticed.
    """
    common = ctx.ensure_object(Common)
    proof = run(_verified(common, [] if head is None else [head_of(head)]))
    if common.as_json:
        emit(proof_of(proof))
    else:
        _tell(proof)
    return OK if proof.whole else FAILED


def head_of(given: str) -> AuditHead:
    """Return the end of a log that was kept, as `17:5d41…`."""
    seq, _, digest = given.strip().partition(":")
    if not (seq.isdecimal() and len(seq) < 19 and digest):
        raise InvalidInput(f"{given[:80]!r} is no end of a log", field="head", hint="Give it as ENTRY:DIGEST.")
    return AuditHead(int(seq), digest)


def _tell(proof: AuditProof) -> None:
    for fault in proof.faults:
        click.echo(f"{click.style(fault.sort, fg='red', bold=True)}  {fault.said}")
    verdict = "whole" if proof.whole else "BROKEN"
    click.echo(f"The chain of {proof.entries:,} entries is {verdict}.")
    if proof.head is not None:
        click.echo(f"It ends at {proof.head.seq}:{proof.head.digest}")


async def _listed(common: Common, asked: Asked, limit: int) -> Sequence[AuditEntry]:
    async with opened(common) as memory:
        return await memory.audit(**asked, limit=limit)


async def _verified(common: Common, known: Sequence[AuditHead]) -> AuditProof:
    async with opened(common) as memory:
        return await memory.verify_audit(known=known)


async def _exported(common: Common, path: Path, asked: Asked, *, as_csv: bool, force: bool) -> int:
    async with opened(common) as memory:
        if str(path) == "-":
            count = await _written(memory, sys.stdout.buffer, asked, as_csv=as_csv)
            sys.stdout.buffer.flush()
            return count
        with drafted(path, replace=force) as out:
            return await _written(memory, out, asked, as_csv=as_csv)


async def _written(memory: AsyncMemory, out: IO[bytes], asked: Asked, *, as_csv: bool) -> int:
    count = 0
    async for entries in _pages(memory, asked):
        lines = csv_lines(entries, head=not count) if as_csv else json_lines(entries)
        out.write("".join(f"{line}\n" for line in lines).encode())
        count += len(entries)
    return count


async def _pages(memory: AsyncMemory, asked: Asked) -> AsyncIterator[Sequence[AuditEntry]]:
    beyond: int | None = None
    while True:
        found = await memory.audit(**asked, limit=PAGE, beyond=beyond, newest=False)
        if found or beyond is None:
            yield found
        if len(found) < PAGE:
            return
        beyond = found[-1].seq


def _row(entry: AuditEntry) -> tuple[str, ...]:
    deed = entry.deed
    often = f" ×{deed.times}" if deed.times > 1 else ""
    projects = ", ".join(deed.projects)
    return (
        str(entry.seq),
        minute(entry.at),
        cut(deed.actor, 24),
        f"{cut(deed.action, 24)}{often}",
        deed.decision.value,
        cut(projects, 30),
        cut(deed.target, 36),
        cut(deed.origin, 24),
    )
