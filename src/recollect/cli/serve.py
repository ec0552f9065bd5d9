"""`recollect serve`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.server import background
from recollect.server.run import serve
from recollect.settings import load


@verb("serve")
@click.option("--host", help="The address to listen on [127.0.0.1].")
@click.option("--port", type=click.IntRange(0, 65535), help="The port to listen on [37777]; 0 takes a free one.")
@click.option("--no-auth", is_flag=True, help="Ask for no token; only where nobody else can reach the server.")
@click.option("--background", "detached", is_flag=True, help="Give the terminal back once the server is ready.")
@click.option("--quiet", is_flag=True, help="Write the log to its file only, not to the terminal.")
def command(common: Common, host: str | None, port: int | None, no_auth: bool, detached: bool, quiet: bool) -> None:
    """Run the server: store, worker and HTTP in one process, until it is stopped."""
    given: dict[str, Any] = {"host": host, "port": port, "auth": False if no_auth else None}
    chosen = {name: value for name, value in given.items() if value is not None}
    settings = load(common.home, {"server": chosen} if chosen else None).settings
    if not detached:
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            serve(settings, lambda text: click.echo(text, err=True), log_to=nowhere if quiet else None)
        return
    arguments = [f"--{name}={value}" for name, value in chosen.items() if name != "auth"]
    started = background.start(settings.home, [*arguments, *(["--no-auth"] if no_auth else [])])
    if common.as_json:
        emit({"url": started.url, "pid": started.pid})
    else:
        click.echo(f"recollect {started.version} at {started.url} (process {started.pid}); `recollect stop` stops it")
