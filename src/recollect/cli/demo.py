"""`recollect demo`: a sample conversation, imported and asked."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

import click

from recollect.cli.bring import shape
from recollect.cli.fold import fold
from recollect.cli.opened import drained, opened, run, tell_if_words_only
from recollect.cli.options import Common, verb
from recollect.cli.out import emit, width
from recollect.cli.progress import Bar
from recollect.cli.search import show
from recollect.cli.snippet import highlighted, starred
from recollect.library import AsyncMemory
from recollect.models import Hit
from recollect.ops.counts import Counts
from recollect.ops.import_ import Place, bring_in
from recollect.ops.shape import context_of, hit_of

PROJECT: Final = "lantern"
SHOWN: Final = 3
COMPOSED: Final = (1, 2, 6)
"""Questions (from 0) whose composed context is shown as well: a changed decision, and two in Chinese."""
BUDGET: Final = 400


NAMES: Final = {"turn": "turns", "fact": "facts", "summary": "summaries", "note": "notes"}


@verb("demo")
@click.option("--keep", type=click.Path(path_type=Path), metavar="HOME", help="Keep the memories in this directory.")
def command(common: Common, keep: Path | None) -> None:
    """Import a sample conversation (two people build a photo album) and ask it eight questions.

    Everything happens in a temporary data directory, or in the one that --keep or --home names.
    """
    with ExitStack() as stack:
        home = keep or common.home
        if home is None:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recollect-demo-")))
        run(_demo(replace(common, home=home), kept=keep or common.home))


async def _demo(common: Common, *, kept: Path | None) -> None:
    start = time.perf_counter()
    async with opened(common, worker=True) as memory:
        counts, captured = await _imported(memory)
        await drained(memory, "embedding")
        ready = time.perf_counter()
        if not common.as_json:
            await _introduce(memory, counts, captured, ready - start)
        answers = [
            await _asked(memory, number, asked, quiet=common.as_json) for number, asked in enumerate(_questions())
        ]
    if common.as_json:
        emit({"import": shape(counts), "questions": answers, "seconds": round(time.perf_counter() - start, 2)})
        return
    _finish(answers, time.perf_counter() - start, kept)


async def _imported(memory: AsyncMemory) -> tuple[Counts, float]:
    """Import the conversation that ships with the package; return what came of it and the seconds it took."""
    start = time.perf_counter()
    with as_file(files("recollect") / "data" / "demo" / "conversations.jsonl") as path, Bar("importing") as bar:
        counts = await bring_in(memory.app, path, "messages", Place(project_id=PROJECT), bar)
    return counts, time.perf_counter() - start


def _questions() -> list[dict[str, Any]]:
    text = (files("recollect") / "data" / "demo" / "questions.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)
    return found


async def _introduce(memory: AsyncMemory, counts: Counts, captured: float, ready: float) -> None:
    stats = await memory.stats(project_id=PROJECT)
    _title("Lantern: two people and an assistant build a family album, seven weeks of chat")
    masked = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.redacted.items())) or "nothing"
    kinds = ", ".join(f"{count:,} {NAMES.get(kind, kind)}" for kind, count in stats.by_kind.items())
    first, last = min(stats.by_day), max(stats.by_day)
    _row("captured", f"{counts.turns:,} turns of {counts.conversations:,} conversations, {first} to {last}, "
         f"in {captured:.1f} s ({counts.turns / captured:,.0f} a second)")  # fmt: skip
    _row("masked", f"{masked}, before anything was written")
    _row("known now", f"{kinds}; {stats.entities:,} names and things; {stats.embedded:,} vectors")
    _row("searchable", f"by word at once, by meaning after {ready:.1f} s")
    tell_if_words_only(memory.app.settings)


async def _asked(memory: AsyncMemory, number: int, asked: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    """Ask one question, show the answer, and return it."""
    query, moment = asked["question"], asked["asked_at"]
    start = time.perf_counter()
    hits = await memory.search(query, project_id=PROJECT, asked_at=moment, limit=SHOWN)
    took = (time.perf_counter() - start) * 1000
    found = _place(hits, asked["answer_message_ids"])
    answer = {"question": query, "memories": [hit_of(hit) for hit in hits], "took_ms": round(took, 1), "rank": found}
    made = None
    if number in COMPOSED:
        made = await memory.context(query, project_id=PROJECT, asked_at=moment, budget=BUDGET)
        answer["context"] = context_of(made)
    if quiet:
        return answer
    click.echo()
    _title(f"{number + 1}. {query}", f"{took:.0f} ms")
    for rank, hit in enumerate(hits, 1):
        show(rank, hit, query, highlighted if sys.stdout.isatty() else starred)
    if made is not None:
        click.echo(click.style(f"\n     what an assistant is given ({made.tokens} tokens of {BUDGET})", fg="cyan"))
        for line in made.text.splitlines():
            for part in fold(line, width() - 7) or [""]:
                click.echo(f"     {click.style('|', fg='cyan')} {part}")
    return answer


def _place(hits: list[Hit], wanted: list[str]) -> int | None:
    """Return the rank of the first hit that answers."""
    return next((rank for rank, hit in enumerate(hits, 1) if hit.memory.source.message_id in wanted), None)


def _finish(answers: list[dict[str, Any]], seconds: float, kept: Path | None) -> None:
    click.echo()
    times = sorted(answer["took_ms"] for answer in answers)
    ranks = [answer["rank"] for answer in answers]
    _title(f"{sum(rank is not None for rank in ranks)} of {len(ranks)} answered among the first {SHOWN}, "
           f"{ranks.count(1)} at rank 1; median {times[len(times) // 2]:.0f} ms; {seconds:.1f} s in all")  # fmt: skip
    click.echo("Next:")
    if kept is None:
        _row("keep it", "recollect demo --keep /tmp/lantern")
    else:
        _row("ask it", f'recollect search --home {kept} "who looks after the backups?"')
    _row("your own", 'recollect add "I prefer tabs"  and  recollect search "indentation"')
    _row("your chats", "recollect import ~/.claude/projects    (or a ChatGPT, Claude.ai or Mem0 export)")
    _row("check", "recollect doctor")


def _title(text: str, right: str = "") -> None:
    lines = fold(text, width() - len(right) - 2)
    click.echo(click.style("\n".join(lines), fg="green", bold=True) + (f"  {right}" if right else ""))


def _row(name: str, text: str) -> None:
    lines = fold(text, width() - 13)
    click.echo(f"  {click.style(f'{name:<11}', dim=True)}" + f"\n{'':13}".join(lines))
