"""`recollect stop`."""

from __future__ import annotations

import os
import signal

import click

from recollect.cli.exits import FAILED, Failed
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.server import record
from recollect.settings import load

WITHIN = 12.0
"""Seconds; a server ends within ten."""


@verb("stop")
def command(common: Common) -> int:
    """Stop the server of this data directory, and wait until it has ended."""
    found = record.running(load(common.home).settings.home)
    if found is None:
        _tell(common, "no server is running", stopped=False)
        return 0
    os.kill(found.pid, signal.SIGTERM)
    if not record.gone(found, WITHIN):
        Failed(f"The server (process {found.pid}) did not stop", hint="Its log says why.").tell()
        return FAILED
    _tell(common, f"stopped process {found.pid}", stopped=True)
    return 0


def _tell(common: Common, text: str, *, stopped: bool) -> None:
    if common.as_json:
        emit({"stopped": stopped})
    else:
        click.echo(text)
