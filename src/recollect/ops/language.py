"""Looks which language models do what, and asks each of them one tiny question where that is wanted."""

from __future__ import annotations

from collections.abc import Iterator

from recollect.app import App
from recollect.errors import ProviderRefused
from recollect.ops.check import Check, Status
from recollect.providers.chat.budget import Standing


async def language(app: App, *, probe: bool) -> list[Check]:
    """Return the checks of the language models: none of them is asked unless `probe` says so."""
    models = app.models
    if not models.names:
        rules = "none is named: the offline rules do everything"
        wanted = app.settings.models.enabled
        remedy = "Set the key of a provider, such as OPENROUTER_API_KEY, or name models in models.tasks."
        return [Check("models", Status.WARN, rules, remedy) if wanted else Check("models", Status.OK, rules)]
    checks = [Check("models", Status.OK, ", ".join(models.names)), _budget(await models.standing())]
    if probe:
        for found in await models.probe():
            name = f"model {found.model}"
            if found.error is None:
                checks.append(Check(name, Status.OK, f"answered in {found.seconds:.1f} s"))
            else:
                status = Status.FAIL if isinstance(found.error, ProviderRefused) else Status.WARN
                remedy = found.error.hint or "Look at its provider's state page, and try again."
                checks.append(Check(name, status, found.error.message, remedy))
    return checks


def _budget(standing: Standing) -> Check:
    told = ", ".join(_parts(standing))
    if standing.spent:
        return Check("budget", Status.WARN, f"{told}; calls were refused", "Raise models.budget, or wait for tomorrow.")
    return Check("budget", Status.OK, told)


def _parts(standing: Standing) -> Iterator[str]:
    tokens = "" if standing.most_tokens is None else f" of {standing.most_tokens:,}"
    dollars = "" if standing.most_dollars is None else f" of ${standing.most_dollars:,.2f}"
    yield f"{standing.tokens:,}{tokens} tokens today"
    yield f"${standing.dollars:,.4f}{dollars}"
