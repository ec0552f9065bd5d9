"""Picks the reranker that the settings name."""

from __future__ import annotations

from importlib import import_module

from recollect.errors import ConfigError
from recollect.meters import Meters
from recollect.providers.rerank_watch import WatchedRerank
from recollect.providers.spending import Spending
from recollect.retrieve.rerank import Reranking
from recollect.settings import RerankSettings, secret


def reranking(chosen: RerankSettings, meters: Meters, spending: Spending | None = None) -> Reranking | None:
    """Return how the first hits are reranked, `None` where no model is named; raise ConfigError for half of one."""
    if not chosen.base_url and not chosen.model:
        return None
    if not chosen.base_url or not chosen.model:
        missing = "model" if chosen.base_url else "base_url"
        raise ConfigError(f"rerank.{missing} is missing", hint="A reranker needs rerank.base_url and rerank.model.")
    made = import_module("recollect.providers.rerank").HttpRerank(
        chosen.base_url,
        secret(chosen.api_key),
        chosen.model,
        instruction=chosen.instruction or "",
        timeout=chosen.timeout,
        spending=spending,
    )
    return Reranking(WatchedRerank(made, meters, timeout=chosen.timeout), chosen.first, chosen.weight)
