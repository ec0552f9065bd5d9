"""`recollect mcp`."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import click

from recollect.cli.options import OWNER, Common, verb
from recollect.mcp.desk import Whose
from recollect.mcp.stdio import serve
from recollect.models import DEFAULT
from recollect.project_name import project_of
from recollect.server import record
from recollect.settings import load


@verb("mcp", OWNER)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Where the client works: it names the project, unless --project does [the current folder].",
)
def command(common: Common, folder: Path | None) -> None:
    """Serve the tools of an assistant over stdin and stdout (MCP), until stdin ends."""
    logging.basicConfig(level=logging.INFO if common.verbose else logging.CRITICAL, format="%(name)s: %(message)s")
    settings = load(common.home).settings
    usual = Whose(common.user or DEFAULT, common.project or project_of(str(folder or Path.cwd())))
    asyncio.run(serve(settings, usual, helped=record.running(settings.home) is not None))
