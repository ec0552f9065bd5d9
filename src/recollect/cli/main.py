"""The command line: finds the command, runs it, and turns what went wrong into a line and an exit code.

Commands are imported only when they are run, so that `--help` and `--version` start at once.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from threading import current_thread, main_thread
from types import TracebackType
from typing import Any, Final

import click

from recollect.cli.exits import FAILED, INTERRUPTED, OK, Failed, failed, misused
from recollect.cli.options import GLOBAL, Common
from recollect.errors import RecollectError
from recollect.version import __version__

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "serve": ("serve", "Run the server."),
    "worker": ("worker", "Work off jobs, beside servers or without any."),
    "status": ("status", "Say whether the server runs, and where."),
    "stop": ("stop", "Stop the server."),
    "health": ("health", "Ask the server how it is."),
    "token": ("token", "Say where the server's token is; make, list and revoke tokens."),
    "project": ("project", "Make, set, share and delete projects."),
    "user": ("user", "Add and remove the users of a server."),
    "mcp": ("mcp", "Serve the tools of an assistant (MCP)."),
    "install": ("install", "Let an assistant remember: enter recollect in its settings."),
    "uninstall": ("uninstall", "Take recollect out of an assistant's settings again."),
    "demo": ("demo", "Import a sample conversation and ask it questions."),
    "add": ("add", "Keep a note."),
    "search": ("search", "Find memories that answer a question."),
    "searches": ("searches", "Show what was searched for across projects."),
    "context": ("context", "Compose what is remembered into a text for an assistant."),
    "list": ("listing", "List memories, the newest first."),
    "get": ("get", "Show one memory in full."),
    "history": ("history", "Show every change of a memory."),
    "delete": ("delete", "Delete memories for good."),
    "forget": ("forget", "Delete everything of a user, project or conversation."),
    "stats": ("stats", "Count memories by kind, day and category."),
    "usage": ("usage", "Show what assistants were told, and what models cost."),
    "cost": ("cost", "Reckon what memory costs a month."),
    "import": ("bring", "Import chats, transcripts, or an export."),
    "export": ("export", "Write everything as JSON lines."),
    "backup": ("backup", "Back up everything, sealed and incremental."),
    "restore": ("restore", "Make a data directory from a backup."),
    "encrypt": ("encrypt", "Encrypt the store, or give it another key."),
    "migrate": ("migrate", "Move the store to another database while it is being used."),
    "retention": ("retention", "Keep small: put away what is old, and take it back."),
    "sync": ("sync", "Exchange memories with a center, or let nodes in."),
    "reindex": ("reindex", "Build the index of all memories anew."),
    "audit": ("audit", "Show, export or verify the audit log."),
    "jobs": ("jobs", "Show or retry work that is left to do."),
    "models": ("models", "Fetch and verify the weights of the embedder."),
    "doctor": ("doctor", "Check that everything is as it should be."),
    "verify": ("verify", "Use it as an assistant would, and say whether it works."),
    "alerts": ("alerts", "Receive alerts and pass them on to chats."),
}
"""Each command's module and what it does; the command of a module is its `command`."""


class Verbs(click.Group):
    """The group of all commands; loads a command when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the words of click, here and below
        """Return the names in the order they are best learnt in."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command."""
        if cmd_name not in COMMANDS:
            return None
        with _interrupts_held():
            found: click.Command = import_module(f"recollect.cli.{COMMANDS[cmd_name][0]}").command
        if not gc.isenabled():  # by `main`; who calls a command otherwise keeps garbage collection as it is
            gc.freeze()  # what was imported stays: no collection need look at it again
            gc.enable()
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def main(self, args: Sequence[str] | None = None, *_: Any, obj: Common | None = None, **__: Any) -> Any:
        """Run and exit; failures are told in one line."""
        given = list(sys.argv[1:] if args is None else args)
        sys.exit(self._run(given, obj or Common()))

    def _run(self, args: list[str], common: Common) -> int:
        try:
            code = super().main(args, "recollect", standalone_mode=False, obj=common)
            sys.stdout.flush()
        except BrokenPipeError:
            _silence()
            return FAILED
        except (KeyboardInterrupt, click.Abort):
            click.echo("interrupted", err=True)
            return INTERRUPTED
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            return OK
        except click.UsageError as error:
            return _told(misused(error))
        except (RecollectError, OSError) as error:
            return _told(failed(error), error if common.verbose else None)
        return code if isinstance(code, int) else OK


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Let an interrupt wait until the end: what it meets in compiled code that an import runs is lost (pydantic's)."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler or current_thread() is not main_thread():
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if came:
        raise KeyboardInterrupt


def _told(failure: Failed, error: Exception | None = None) -> int:
    if error is not None:
        sys.__excepthook__(type(error), error, error.__traceback__)
    failure.tell()
    return failure.code


def _silence() -> None:
    """Nobody reads any more: let what is still buffered go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=True)
@click.version_option(__version__, prog_name="recollect")
@GLOBAL
def cli() -> None:
    """Long-term memory for AI assistants: capture, find and compose, offline and in milliseconds."""


def _terse(common: Common, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Tell an error nobody foresaw without its traceback."""
    if common.verbose:
        sys.__excepthook__(kind, error, trace)
        return
    Failed(f"{kind.__name__}: {error}", hint="This is a fault of recollect. `-v` shows where it happened.").tell()


def main() -> None:
    """Run the command line of this process."""
    gc.set_threshold(50_000, 20, 20)  # a command is over before garbage matters
    gc.disable()  # until the command is imported: nothing of that is garbage
    common = Common()
    sys.excepthook = partial(_terse, common)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        cli(obj=common)
    finally:
        gc.freeze()  # the process ends: what it leaves need not be looked through
