"""Looks which models do what, and asks each of them one tiny question where that is wanted."""

from __future__ import annotations

from collections.abc import Iterator

from recollect.app.probing import Probing
from recollect.errors import ConfigError, EmbedderMissing, ProviderFailed
from recollect.ops.check import Check, Status
from recollect.providers.chat.budget import Standing
from recollect.providers.chat.language import Probe


async def language(probing: Probing, *, probe: bool) -> list[Check]:
    """Return the checks of the models: none of them is asked unless `probe` says so.

    Then each language model, each server of the embedder and the reranker is asked one tiny question.
    """
    checks = await _named(probing)
    if not probe:
        return checks
    checks += [_check(f"model {found.model}", found) for found in await probing.language()]
    for name, ask in (("embedder", probing.embedders), ("reranker", probing.rerankers)):
        try:
            checks += [_check(found.model, found) for found in await ask()]
        except ConfigError as error:
            checks.append(Check(name, Status.FAIL, error.message, error.hint))
    return checks


async def _named(probing: Probing) -> list[Check]:
    models = probing.models
    if models.names:
        return [Check("models", Status.OK, ", ".join(models.names)), _budget(await models.standing())]
    rules = "none is named: the offline rules do everything"
    remedy = "Set the key of a provider, such as OPENROUTER_API_KEY, or name models in models.tasks."
    wanted = probing.settings.models.enabled
    return [Check("models", Status.WARN, rules, remedy) if wanted else Check("models", Status.OK, rules)]


def _check(name: str, found: Probe) -> Check:
    if found.error is None:
        return Check(name, Status.OK, f"answered in {found.seconds:.1f} s")
    status = Status.WARN if isinstance(found.error, ProviderFailed | EmbedderMissing) else Status.FAIL
    remedy = found.error.hint or "Look at its provider's state page, and try again."
    return Check(name, status, found.error.message, remedy)


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
