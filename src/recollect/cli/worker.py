"""`recollect worker`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from recollect.cli.options import Common, verb
from recollect.server.work import work
from recollect.settings import load


@verb("worker")
@click.option("--concurrency", type=click.IntRange(1, 64), help="How many times the usual number of batches at once.")
@click.option("--port", type=click.IntRange(0, 65535), help="Tell how it is (/health, /metrics) on this port.")
@click.option("--host", help="The address for that [127.0.0.1].")
@click.option("--quiet", is_flag=True, help="Write the log to its file only, not to the terminal.")
def command(common: Common, concurrency: int | None, port: int | None, host: str | None, quiet: bool) -> None:
    """Work off the jobs of a store, beside servers or without any, until it is stopped."""
    given: dict[str, Any] = {"concurrency": concurrency, "port": port, "host": host}
    chosen = {name: value for name, value in given.items() if value is not None}
    settings = load(common.home, {"worker": chosen} if chosen else None).settings
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        work(settings, lambda text: click.echo(text, err=True), log_to=nowhere if quiet else None)
