"""`recollect cost`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any, Final, get_args

import click

from recollect.app.prices import has_price, price_of
from recollect.cli.opened import opened, run, settings_of
from recollect.cli.options import Common, verb
from recollect.cli.out import emit
from recollect.cli.table import console, table
from recollect.exchange import ModelTask
from recollect.models import Kind, Reach, Where
from recollect.ops.cost.estimate import Estimate, Load, Models, Priced, effects, estimate
from recollect.ops.cost.rates import Rates, asked, seen, shipped
from recollect.ops.cost.tiers import TEXTS, Keeping, Stage, measured, source
from recollect.settings import LOCAL, Settings, plan

WAYS: Final = {"ended": "usual", "live": "live", "single": "one_by_one"}
TASKS: Final[tuple[str, ...]] = get_args(ModelTask)
SAID: Final = {"memory_fusion_prompt_programming": "fuse"}
"""Purposes that are named for a prompt, in a word."""
TIERS: Final = {"wasted": "deleted, and can be undone", "deleted": "deleted: that it was"} | {
    name: name for name in ("hot", "warm", "cold")
}
HEADS: Final = ("for", "model", "calls", "tokens in", "tokens out", "a month")


@verb("cost")
@click.option("--sessions", "-s", default=1000.0, show_default=True, type=click.FloatRange(0, 1e9), help="A month.")
@click.option("--turns", default=15.0, show_default=True, type=click.FloatRange(0, 1e6), help="Turns of a session.")
@click.option(
    "--contexts",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0, 1e6),
    help="Contexts of a session that a model puts together.",
)
@click.option("--users", default=1, show_default=True, type=click.IntRange(1, 10**9), help="Who share it.")
@click.option(
    "--model",
    "-m",
    "named",
    multiple=True,
    metavar="[TASK=]MODEL",
    help="Who does every task, or one. Repeatable [those the settings name].",
)
@click.option("--embedder", help="A provider's embedder [this machine: it costs nothing].")
@click.option(
    "--way",
    type=click.Choice(list(WAYS)),
    default="ended",
    show_default=True,
    help="Captured whole when they have ended, live, or a call for each turn.",
)
@click.option(
    "--repeats",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of contexts asked for again within the hour.",
)
@click.option(
    "--prompt-cache",
    "kept",
    default=0.0,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="Share of what requests begin with alike that the provider keeps.",
)
@click.option(
    "--months", default=12.0, show_default=True, type=click.FloatRange(0, 1200), help="How long turns are kept."
)
@click.option("--gigabyte", default=0.08, show_default=True, type=click.FloatRange(0, 1e6), help="Dollars a month.")
@click.option(
    "--texts",
    type=click.Choice(TEXTS),
    default="between",
    show_default=True,
    help="What is said: see operations/cost.md.",
)
@click.option("--warm-after", type=click.FloatRange(0, 1200), help="Months until turns are compressed [never].")
@click.option("--cold-after", type=click.FloatRange(0, 1200), help="Months until they go to object storage [never].")
@click.option("--delete-after", type=click.FloatRange(0, 1200), help="Months until they are deleted [never].")
@click.option("--quantised", is_flag=True, help="Vectors with 8 bits a number.")
@click.option(
    "--away",
    default=0.023,
    show_default=True,
    type=click.FloatRange(0, 1e6),
    help="Dollars a month for a gigabyte in object storage.",
)
@click.option("--shipped", "general", is_flag=True, help="Do not look at what this store has seen.")
def command(common: Common, named: tuple[str, ...], embedder: str | None, way: str, general: bool, **load: Any) -> None:
    """Reckon what memory costs a month: models, embedder, storage. Nothing is asked, nothing is written.

    Rates are those of this store where it has asked models often enough, else those measured for the release.
    """
    settings = settings_of(common)
    tiers = {name: load.pop(name) for name in [one.name for one in fields(Keeping)]}
    wanted = Load(**load, keeping=Keeping(**tiers).checked())
    models, unpriced = _models(settings, named, embedder)
    run_name = WAYS[way]
    rates = shipped(run_name) if general or way != "ended" else run(_rates(common, settings))
    found = estimate(rates, wanted, models)
    others = effects(rates, wanted, models, run_name)
    if common.as_json:
        emit(_shape(found, wanted, rates, others, unpriced))
        return
    _show(found, wanted, rates, others)
    for name in unpriced:
        click.echo(f"no price of {name} is known: it counts as nothing. Set models.prices", err=True)


def _models(settings: Settings, named: Sequence[str], embedder: str | None) -> tuple[Models, list[str]]:
    """Return who does what, and whose price nobody knows."""
    names: dict[str, str] = {}
    for one in named:
        task, equals, model = one.partition("=")
        if not equals:
            names |= dict.fromkeys(TASKS, one)
        elif task in TASKS:
            names[task] = model
        else:
            raise click.BadParameter(f"there is no task {task}; there are {', '.join(TASKS)}", param_hint="--model")
    if not named:
        names = {task: str(route.steps[0][0]) for task, route in plan(settings).routes.items()}
    prices: dict[str, Priced] = {}
    whole: dict[str, str] = {}
    unpriced: dict[str, None] = {}
    for task, name in {**names, "embedding": embedder or ""}.items():
        if name:
            whole[task], price = price_of(settings, name, "--embedder" if task == "embedding" else "--model")
            prices[whole[task]] = price
            if not has_price(price) and not whole[task].startswith(f"{LOCAL}/"):
                unpriced[whole[task]] = None
    return Models({task: whole[task] for task in names}, prices, whole.get("embedding", "")), list(unpriced)


async def _rates(common: Common, settings: Settings) -> Rates:
    """Return what the store has seen; none is made where there is none."""
    if settings.store.url is None and not settings.database.exists():
        return shipped()
    async with opened(common) as memory:
        records = memory.app.engine.stores.records
        spent = await records.usage()
        calls = asked(spent)
        turns = 0
        if calls:
            first = f"{int(min(one.at for one in calls).timestamp() * 1000):012x}"  # an id begins with its time
            ids = await records.ids(Where(Reach(), (Kind.TURN,)))
            turns = sum(name.replace("-", "")[:12] >= first for name in ids)
        return seen(spent, turns, await memory.app.upkeep.census(memory.app.engine.now()))


def _shape(
    found: Estimate, load: Load, rates: Rates, others: Sequence[tuple[str, Estimate]], unpriced: Sequence[str]
) -> dict[str, Any]:
    return {
        "load": asdict(load),
        "source": rates.source,
        "lines": [asdict(line) for line in found.lines],
        "storage": {"gigabytes": found.gigabytes, "away": found.away, "dollars": found.storage,
                    "bytes_a_turn": rates.bytes, "tiers": [asdict(stage) for stage in found.stages],
                    "source": source()},
        "total": found.total,
        "per_user": found.total / load.users,
        "per_1000_turns": _thousand(found, load),
        "otherwise": [{"what": name, "models": one.models, "storage": one.storage, "total": one.total}
                      for name, one in others],
        "unpriced": list(unpriced),
    }  # fmt: skip


def _thousand(found: Estimate, load: Load) -> float:
    """Return what models take for a thousand turns."""
    turns = load.sessions * load.turns
    return found.models / turns * 1000 if turns else 0.0


def _show(found: Estimate, load: Load, rates: Rates, others: Sequence[tuple[str, Estimate]]) -> None:
    out = console()
    rows = [
        (
            SAID.get(line.purpose, line.purpose),
            line.model or "this machine",
            *_whole(line.calls, line.tokens_in, line.tokens_out),
            f"${line.dollars:,.2f}",
        )
        for line in found.lines
    ]
    out.print(table(HEADS, rows, right=(2, 3, 4, 5)))
    size = f"{found.gigabytes:,.2f} GB after {load.months:g} months"
    if load.keeping.asked:
        _show_tiers(found.stages, load.keeping)
        size += f" and {found.away:,.2f} GB away" if found.away else ""
    out.print(f"storage  {size}, {rates.bytes:,.0f} bytes a turn: ${found.storage:,.2f} a month")
    out.print(
        f"total    ${found.total:,.2f} a month, ${found.total / load.users:,.2f} for each of {load.users:,} users; "
        f"models ${_thousand(found, load):,.3f} for 1,000 turns"
    )
    out.print(f"rates    {rates.source}")
    out.print()
    total = found.total or 1.0
    out.print(
        table(
            ("otherwise", "a month", "change"),
            [(name, f"${one.total:,.2f}", f"{one.total / total - 1:+.0%}") for name, one in others],
            right=(1, 2),
        )
    )


def _show_tiers(found: Sequence[Stage], keeping: Keeping) -> None:
    rows = [
        (TIERS[stage.tier], f"{stage.months:g} months", f"{stage.gigabytes:,.2f} GB",
         f"{stage.away:,.2f} GB" if stage.away else "", f"${stage.dollars:,.2f}")
        for stage in found
    ]  # fmt: skip
    console().print(table(("kept", "for", "in the database", "away", "a month"), rows, right=(1, 2, 3, 4)))
    texts = measured()[keeping.texts]
    click.echo(f"tiers    {source()}: {texts.what}, {texts.said:,} bytes a turn")


def _whole(*values: float) -> tuple[str, ...]:
    return tuple(f"{value:,.0f}" for value in values)
