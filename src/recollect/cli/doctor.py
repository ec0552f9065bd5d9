"""`recollect doctor`."""

from __future__ import annotations

import asyncio

import click
from rich.text import Text

from recollect.cli.exits import FAILED
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.cli.table import console, table
from recollect.ops.check import Check, Status
from recollect.ops.doctor import examine
from recollect.settings import Loaded, load

SIGNS = {Status.OK: ("ok", "green"), Status.WARN: ("warn", "yellow"), Status.FAIL: ("fail", "bold red")}


@verb("doctor")
@click.option("--models", is_flag=True, help="Ask each model, the embedder and the reranker one tiny question.")
def command(common: Common, models: bool) -> None:
    """Check the machine, the store and the settings, and say what to do; exit code 1 when something fails."""
    loaded = load(common.home)
    checks = asyncio.run(examine(loaded.settings, models=models))
    bad = any(check.status is Status.FAIL for check in checks)
    if common.as_json:
        emit(_shape(checks, loaded, ok=not bad))
    else:
        _tell(checks, loaded, all_settings=common.verbose)
    if bad:
        raise click.exceptions.Exit(FAILED)


def _shape(checks: list[Check], loaded: Loaded, *, ok: bool) -> dict[str, object]:
    return {
        "ok": ok,
        "checks": [
            {"name": check.name, "status": check.status.value, "detail": check.detail, "remedy": check.remedy}
            for check in checks
        ],
        "settings": [
            {"name": found.name, "value": found.value, "origin": found.origin} for found in loaded.effective()
        ],
    }


def _tell(checks: list[Check], loaded: Loaded, *, all_settings: bool) -> None:
    out = console()
    rows = []
    for check in checks:
        sign, style = SIGNS[check.status]
        rows.append((Text(sign, style=style), check.name, check.detail))
        if check.remedy:
            rows.append((Text(""), "", f"-> {check.remedy}"))
    out.print(table(("", "check", "found"), rows))
    out.print()
    settings = [
        found for found in loaded.effective() if all_settings or found.origin != "default" or found.name == "home"
    ]
    out.print(table(("setting", "value", "from"), [(found.name, found.value, found.origin) for found in settings]))
    if not all_settings:
        click.echo("-v shows the settings that are at their defaults too")
