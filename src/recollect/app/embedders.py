"""Picks the embedder that the settings name; nothing is loaded before its first text."""

from __future__ import annotations

from importlib import import_module

from recollect.errors import ConfigError
from recollect.meters import Meters
from recollect.ports import Embed
from recollect.providers.absent import NoEmbedder
from recollect.providers.cached_embed import CachedEmbed
from recollect.providers.minilm import MiniLM
from recollect.settings import EmbedderSettings, EmbedEndpoint, Settings, secret


def embedder(settings: Settings) -> Embed:
    """Return the embedder that the settings name; raise ConfigError for half of one."""
    chosen = settings.embedder
    if chosen.provider == "none":
        return NoEmbedder()
    if chosen.provider == "minilm":
        return MiniLM(settings.home, folder=chosen.weights, precision=chosen.precision, threads=chosen.threads)
    # What follows needs libraries that are extras, imported only here and only now.
    if chosen.provider == "fastembed":
        made: Embed = import_module("recollect.providers.fastembed_embed").FastEmbed(
            settings.home, chosen.model, threads=chosen.threads
        )
        return made
    return _remote(chosen)


def servers(settings: Settings) -> list[tuple[str, Embed]]:
    """Return every server of the embedder one by one, with what tells it from the first; none where there is none."""
    chosen = settings.embedder
    if chosen.provider == "none":
        return []
    if chosen.provider in {"minilm", "fastembed"}:
        return [("", embedder(settings))]
    made = [_server(chosen, one) for one in _endpoints(chosen)]
    return [(f" (fallback {number})" if number else "", one) for number, one in enumerate(made)]


def cached(embed: Embed, settings: EmbedderSettings, meters: Meters) -> CachedEmbed:
    """Return an embedder that remembers what it was asked of late, as far as the settings give it room."""
    return CachedEmbed(embed, meters, room=settings.cache_mb, ttl=settings.cache_ttl)


def _endpoints(chosen: EmbedderSettings) -> list[EmbedEndpoint]:
    if not chosen.base_url:
        raise ConfigError(
            "embedder.base_url is missing", hint="Name the endpoint, such as https://api.openai.com/v1, or localhost."
        )
    azure = chosen.provider == "azure"
    first = EmbedEndpoint(
        form="azure" if azure else "ollama" if chosen.provider == "ollama" else "openai",
        base_url=chosen.base_url,
        api_key=chosen.api_key,
        model=None,
        api_version=chosen.api_version if azure else "",
    )
    return [first, *chosen.fallbacks]


def _remote(chosen: EmbedderSettings) -> Embed:
    made: Embed = import_module("recollect.providers.embed_chain").EmbedChain(
        [_server(chosen, one) for one in _endpoints(chosen)], patience=chosen.patience
    )
    return made


def _server(chosen: EmbedderSettings, one: EmbedEndpoint) -> Embed:
    made: Embed = import_module("recollect.providers.openai_embed").OpenAIEmbed(
        one.base_url,
        secret(one.api_key),
        one.model or chosen.model,
        form=one.form,
        api_version=one.api_version or (chosen.api_version if one.form == "azure" else ""),
        space=chosen.model,
        dimension=chosen.dimension,
        ask_dimension=chosen.dimension is not None,
        instruction=chosen.instruction,
        batch=chosen.batch,
        timeout=chosen.timeout,
        retries=1 if chosen.fallbacks else 4,
    )
    return made
