"""The one table from errors to what a model is told: what happened and what to do, never where in the code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mcp.server.mcpserver.exceptions import ToolError
from pydantic import ValidationError

from recollect import errors

PRIVATE: Final[Mapping[type[Exception], str]] = {
    errors.StoreBusy: "The memory store is busy. Try again in a few seconds.",
    errors.StoreFull: "The disk is full: nothing was kept. Tell the user to free some space.",
    errors.StoreReadOnly: "The memory store cannot be written. `recollect doctor` says why.",
    errors.StoreDamaged: "The memory store is damaged; it was left untouched. `recollect doctor` says more.",
    errors.StoreError: "The memory store failed. `recollect doctor` says why.",
    errors.ProviderError: "A model failed. `recollect doctor` says more.",
    errors.ConfigError: "A setting cannot be used. `recollect doctor` says which.",
}
"""What is told of failures whose own words name paths and addresses; the nearest class counts."""

SHOWN: Final = 3
"""Mistakes in arguments that are told at once."""


def told(error: errors.RecollectError) -> str:
    """Return what a model is told of an error."""
    return next((PRIVATE[kind] for kind in type(error).__mro__ if kind in PRIVATE), str(error))


def refused(error: ToolError) -> ToolError:
    """Return the failure of a tool as the model should read it; one that nobody foresaw stays as it is."""
    cause = error.__cause__
    if isinstance(cause, errors.RecollectError):
        return ToolError(told(cause))
    if isinstance(cause, ValidationError):
        return ToolError(_mistakes(cause))
    return error


def _mistakes(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False, include_context=False)
    lines = [f"{'.'.join(str(part)[:60] for part in one['loc'])}: {one['msg']}" for one in found[:SHOWN]]
    more = f" (and {len(found) - SHOWN} more)" if len(found) > SHOWN else ""
    return f"The arguments cannot be used. {'; '.join(lines)}{more}"
