"""The options that many commands share, and the one object they end in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class Common:
    """What the shared options say."""

    home: Path | None = None
    as_json: bool = False
    verbose: bool = False
    user: str | None = None
    project: str | None = None
    conversation: str | None = None
    agent: str | None = None

    def scope(self) -> dict[str, Any]:
        """Return whose memories are meant, as the library's arguments."""
        return {
            "user_id": self.user,
            "project_id": self.project,
            "conversation_id": self.conversation,
            "agent_id": self.agent,
        }


def _option(*names: str, into: str, **more: Any) -> Callable[[F], F]:
    """Return an option that ends in the common object."""

    def keep(ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:
        if value:
            setattr(ctx.ensure_object(Common), into, value)

    return click.option(*names, into, callback=keep, expose_value=False, **more)


_HOME = _option("--home", into="home", type=click.Path(path_type=Path), help="The data directory [~/.recollect].")
_JSON = _option("--json", into="as_json", is_flag=True, help="Answer in JSON.")
_VERBOSE = _option("-v", "--verbose", into="verbose", is_flag=True, help="Say more; show tracebacks.")
_USER = _option("--user", "-u", into="user", help="Whose memories [default].")
_PROJECT = _option("--project", "-p", into="project", help="Of which project.")
_CONVERSATION = _option("--conversation", "-c", into="conversation", help="Of which conversation.")
_AGENT = _option("--agent", into="agent", help="By which assistant.")


def _all(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


GLOBAL: Callable[[Any], Any] = _all(_HOME, _JSON, _VERBOSE)
"""Options of every command, which may also stand before it."""

OWNER: Callable[[Any], Any] = _all(_USER, _PROJECT)
TALK: Callable[[Any], Any] = _all(_USER, _PROJECT, _CONVERSATION)
SCOPE: Callable[[Any], Any] = _all(_USER, _PROJECT, _CONVERSATION, _AGENT)
FILTERS: Callable[[Any], Any] = click.option(
    "--filter", "filters", callback=lambda _ctx, _parameter, value: as_object(value, "--filter"),
    help='Conditions, such as \'{"category": "preferences"}\'.',
)  # fmt: skip
KINDS: Callable[[Any], Any] = click.option(
    "--kind", "kinds", multiple=True, help="Only of this kind: turn, note, fact, observation, summary. Repeatable."
)


def as_object(value: str | None, name: str) -> dict[str, Any] | None:
    """Return a JSON object given on the command line."""
    if value is None:
        return None
    try:
        found = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"not JSON: {error}", param_hint=name) from error
    if not isinstance(found, dict):
        raise click.BadParameter('not an object such as {"category": "preferences"}', param_hint=name)
    return found


def verb(name: str, *options: Callable[[Any], Any]) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a function a command with these shared options; it is given the common object first."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @click.pass_context
        @wraps(function)
        def run(ctx: click.Context, *args: Any, **kwargs: Any) -> Any:
            return function(ctx.ensure_object(Common), *args, **kwargs)

        return click.command(name)(_all(*options, GLOBAL)(run))

    return decorate
