"""`recollect serve`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.server import background
from recollect.server.pool import serve_many
from recollect.server.record import Record
from recollect.server.run import serve
from recollect.server.share import Share
from recollect.settings import load


@verb("serve")
@click.option("--host", help="The address to listen on [127.0.0.1].")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on [37777]; 0 takes a free one.")
@click.option("--no-auth", is_flag=True, help="Ask for no token; only where nobody else can reach the server.")
@click.option("--background", "detached", is_flag=True, help="Give the terminal back once the server is ready.")
@click.option("--workers", type=click.IntRange(1, 64), help="How many processes share the port [1].")
@click.option("--share", hidden=True, help="What a process of several is given by the one that starts it.")
@click.option("--quiet", is_flag=True, help="Write the log to its file only, not to the terminal.")
def command(
    common: Common,
    host: str | None,
    port: int | None,
    no_auth: bool,
    detached: bool,
    workers: int | None,
    share: str | None,
    quiet: bool,
) -> None:
    """Run the server: store, worker and HTTP in one process or several, until it is stopped."""
    given: dict[str, Any] = {"host": host, "port": port, "auth": False if no_auth else None, "workers": workers}
    chosen = {name: value for name, value in given.items() if value is not None}
    settings = load(common.home, {"server": chosen} if chosen else None).settings
    arguments = [f"--{name}={value}" for name, value in chosen.items() if name != "auth"]
    arguments += ["--no-auth"] if no_auth else []
    if detached:
        _tell(common, background.start(settings.home, arguments))
        return
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        log_to = nowhere if quiet else None
        if share is not None:
            serve(settings, _say, log_to=log_to, share=_shared(share))
        elif settings.server.workers == 1:
            serve(settings, _say, log_to=log_to)
        else:
            own = [*arguments, "--home", str(settings.home), *(["--quiet"] if quiet else [])]
            serve_many(settings, _say, own, log_to=log_to)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _shared(text: str) -> Share:
    try:
        return Share.read(text)
    except (ValueError, TypeError) as error:
        raise click.BadParameter("it is not for people to give", param_hint="--share") from error


def _tell(common: Common, started: Record) -> None:
    if common.as_json:
        emit({"url": started.url, "pid": started.pid})
    else:
        click.echo(f"recollect {started.version} at {started.url} (process {started.pid}); `recollect stop` stops it")
