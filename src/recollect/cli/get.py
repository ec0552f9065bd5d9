"""`recollect get`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from recollect.cli.opened import opened, run, whole_id
from recollect.cli.options import Common, verb
from recollect.cli.out import emit, minute
from recollect.models import Memory
from recollect.ops.shape import memory_of


@verb("get")
@click.argument("memory_id", metavar="ID")
def command(common: Common, memory_id: str) -> None:
    """Show one memory in full. ID may be the last 6 or more characters of an id."""
    item = run(_get(common, memory_id))
    if common.as_json:
        emit(memory_of(item))
        return
    for name, value in _fields(item):
        click.echo(f"{click.style(f'{name:>13}', dim=True)}  {value}")
    click.echo(f"\n{item.text}")


async def _get(common: Common, memory_id: str) -> Memory:
    async with opened(common) as memory:
        return await memory.get(await whole_id(memory, memory_id))


def _fields(item: Memory) -> Iterator[tuple[str, str]]:
    """Yield the fields that say something, by name."""
    scope, source = item.scope, item.source
    yield "id", f"{item.id}, version {item.version}"
    yield "kind", f"{item.kind}, {item.tier}, importance {item.importance:.2f}, urgency {item.urgency:.2f}"
    yield "scope", f"user {scope.user_id}, project {scope.project_id}"
    more = {
        "title": item.title,
        "conversation": scope.conversation_id and f"{scope.conversation_id}, {item.position}",
        "agent": scope.agent_id,
        "said by": item.speaker or item.role,
        "occurred": minute(item.occurred_at),
        "created": minute(item.created_at),
        "valid from": minute(item.valid_from),
        "valid to": minute(item.valid_to),
        "superseded by": item.superseded_by,
        "expires": minute(item.expires_at),
        "said": f"{item.repeats} times" if item.repeats > 1 else None,
        "source": " ".join(part for part in (source.client, source.file, source.message_id) if part),
        "from": ", ".join(item.sources[:5]) + (f" and {len(item.sources) - 5} more" if len(item.sources) > 5 else ""),
        "keywords": ", ".join(item.keywords),
        "entities": ", ".join(item.entities),
        "metadata": ", ".join(f"{name}={value}" for name, value in item.metadata.items()),
    }
    yield from ((name, str(value)) for name, value in more.items() if value)
