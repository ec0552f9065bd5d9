"""The one table from errors to exit codes, and how a failure is told: one line, and a hint."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import click

from recollect import errors
from recollect.server.exit_code import MOVED

OK, FAILED, USAGE, NOT_FOUND, DENIED, UNREACHED, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

CODES: Final[Mapping[type[Exception], int]] = {
    errors.InvalidInput: USAGE,
    errors.ConfigError: USAGE,
    errors.NotFound: NOT_FOUND,
    errors.Denied: DENIED,
    errors.ProviderFailed: UNREACHED,
    errors.StoreMoved: MOVED,
    errors.RecollectError: FAILED,
    OSError: FAILED,
}
"""The nearest class counts."""


def code_of(error: Exception) -> int:
    """Return the exit code of an error."""
    return next((CODES[kind] for kind in type(error).__mro__ if kind in CODES), FAILED)


@dataclass(frozen=True, slots=True)
class Failed:
    """A failure as the command line tells it."""

    message: str
    hint: str = ""
    code: int = FAILED

    def tell(self) -> None:
        """Write `error: message` and the hint to stderr."""
        click.echo(f"{click.style('error:', fg='red', bold=True)} {self.message}", err=True)
        if self.hint:
            click.echo(f"  {self.hint}", err=True)


def failed(error: errors.RecollectError | OSError) -> Failed:
    """Return the failure that tells an error."""
    if isinstance(error, errors.RecollectError):
        return Failed(error.message, hint=error.hint, code=code_of(error))
    hint = "Free some space and try again." if error.errno == errno.ENOSPC else ""
    named = f"{error.filename}: " if error.filename else ""
    return Failed(f"{named}{error.strerror or error}", hint=hint, code=code_of(error))


def misused(error: click.UsageError) -> Failed:
    """Return the failure that tells a wrong call."""
    path = error.ctx.command_path if error.ctx else "recollect"
    return Failed(error.format_message().rstrip("."), hint=f"See `{path} --help`.", code=USAGE)
