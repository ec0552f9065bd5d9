"""`recollect verify`."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from recollect.cli.exits import FAILED
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.client import Client
from recollect.client.connection import Connection
from recollect.errors import ConfigError
from recollect.ops.check import Status
from recollect.ops.health import parts, worst
from recollect.ops.verify import Limits, Verbs, Verified, verify
from recollect.server import record, token
from recollect.settings import Settings, load
from recollect.sync import Memory
from recollect.version import __version__

SIGNS = {Status.OK: "green", Status.WARN: "yellow", Status.FAIL: "red"}
TIMEOUT = 60.0

Asked = tuple[Verbs, Callable[[], Mapping[str, Any]], Verbs | None]


@verb("verify")
@click.option("--url", help="A server anywhere, such as https://mem.example.com [the running one of this directory].")
@click.option(
    "--token-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its token, in a file."
)
@click.option("--embedded", is_flag=True, help="Open the store in this process, even where a server runs.")
@click.option("--as-user", "as_user", help="Write as this user [default].")
@click.option("--quick", is_flag=True, help="Leave out many callers at once, and the measurement of times.")
@click.option("--slow", type=click.FloatRange(1), default=1000.0, show_default=True, help="Milliseconds that warn.")
@click.option("--too-slow", type=click.FloatRange(1), default=5000.0, show_default=True, help="Milliseconds that fail.")
@click.option("--patience", type=click.FloatRange(0), default=20.0, show_default=True,
              help="Seconds to wait until a note is found by meaning.")  # fmt: skip
def command(
    common: Common,
    url: str | None,
    token_file: Path | None,
    embedded: bool,
    as_user: str | None,
    quick: bool,
    slow: float,
    too_slow: float,
    patience: float,
) -> None:
    """Use an installed recollect as an assistant would, and say whether it works; exit code 1 when something fails.

    Everything is written to projects of its own, and removed in the end.
    """
    if embedded and (url or token_file):
        raise click.UsageError("--embedded is this process; --url and --token-file are a server's")
    settings = load(common.home).settings
    running = None if embedded or url else record.running(settings.home)
    where = url or (running.url if running else f"the store in {settings.home}")
    if not common.as_json:
        click.echo(f"verifying {where}")
    key = _key(settings, token_file, url)
    opening = _server(where, key) if url or running else _here(settings)
    with opening as (verbs, health, stranger):
        found, limits = [], Limits(slow, too_slow, patience)
        for one in verify(verbs, health, user=as_user, stranger=stranger, limits=limits, quick=quick):
            found.append(one)
            if not common.as_json:
                _tell(one)
    bad = any(one.check.status is Status.FAIL for one in found)
    if common.as_json:
        emit(_shape(where, found, ok=not bad))
    if bad:
        raise click.exceptions.Exit(FAILED)


def _key(settings: Settings, given: Path | None, url: str | None) -> str | None:
    if given is None:
        return None if url else token.read(settings.home)
    found = given.read_text(encoding="utf-8", errors="replace").strip()
    if not found.isascii() or not found.isprintable() or " " in found or not found:
        raise ConfigError(f"{given} holds no token", hint="It is one line, as `recollect token create` printed it.")
    return found


@contextmanager
def _server(url: str, key: str | None) -> Iterator[Asked]:
    verbs, stranger = Client(url, key, timeout=TIMEOUT), Client(url, f"rec_{secrets.token_hex(8)}", timeout=TIMEOUT)
    line = Connection(url, key, TIMEOUT)
    try:
        yield verbs, lambda: dict(line.ask("GET", "/health")), stranger
    finally:
        for each in (verbs, stranger, line):
            each.close()


@contextmanager
def _here(settings: Settings) -> Iterator[Asked]:
    with Memory(settings=settings) as memory:

        def health() -> Mapping[str, Any]:
            found = memory.wait(parts(memory.behind, helped=True))
            return {"status": worst(found.values()), "version": __version__, "components": found}

        yield memory, health, None


def _tell(one: Verified) -> None:
    check = one.check
    sign = click.style(f"{check.status.value:<4}", fg=SIGNS[check.status], bold=check.status is Status.FAIL)
    click.echo(f"{sign}  {check.name:<12} {one.ms:>7,.0f} ms  {check.detail}")
    if check.remedy:
        click.echo(f"      -> {check.remedy}")


def _shape(where: str, found: list[Verified], *, ok: bool) -> dict[str, object]:
    return {
        "ok": ok,
        "verified": where,
        "steps": [
            {"name": one.check.name, "status": one.check.status.value, "detail": one.check.detail,
             "remedy": one.check.remedy, "ms": round(one.ms, 1)}
            for one in found
        ],
    }  # fmt: skip
