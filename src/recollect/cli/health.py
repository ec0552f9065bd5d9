"""`recollect health`."""

from __future__ import annotations

import http.client
import json
from typing import Any

import click

from recollect.cli.exits import FAILED, OK, UNREACHED, Failed
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.server import record
from recollect.settings import load


@verb("health")
def command(common: Common) -> int:
    """Ask the server of this data directory how it is; exit code 1 when it is not well, 5 when it does not answer."""
    found = record.running(load(common.home).settings.home)
    if found is None:
        Failed("No server is running", hint="`recollect serve` starts one.").tell()
        return UNREACHED
    try:
        status, _, body = record.ask(found, "/health", timeout=10.0)
        told: Any = json.loads(body)
    except (OSError, http.client.HTTPException, ValueError):
        Failed(f"The server at {found.url} does not answer", hint="`recollect stop` stops it.").tell()
        return UNREACHED
    if common.as_json:
        emit(told)
    else:
        click.echo(f"{found.url} is {told['status']}")
        for name, part in told.get("components", {}).items():
            click.echo(f"  {name}: {part['status']}")
    return OK if status == http.HTTPStatus.OK else FAILED
