"""Picks the models that the settings name; nothing is loaded before it is needed."""

from __future__ import annotations

from importlib import import_module

from recollect.errors import ConfigError
from recollect.ports import Chat, Embed
from recollect.providers.absent import NoEmbedder
from recollect.providers.minilm import MiniLM
from recollect.settings import ChatSettings, EmbedderSettings, Settings


def embedder(settings: Settings) -> Embed:
    """Return the embedder that the settings name; nothing is loaded before its first text."""
    chosen = settings.embedder
    if chosen.provider == "none":
        return NoEmbedder()
    if chosen.provider == "minilm":
        return MiniLM(settings.home, folder=chosen.weights, precision=chosen.precision, threads=chosen.threads)
    return _optional(settings, chosen)


def _optional(settings: Settings, chosen: EmbedderSettings) -> Embed:
    """Return an embedder whose libraries are extras, imported only here and only now."""
    if chosen.provider == "fastembed":
        made: Embed = import_module("recollect.providers.fastembed_embed").FastEmbed(
            settings.home, chosen.model, threads=chosen.threads
        )
        return made
    if not chosen.base_url:
        raise ConfigError(
            "embedder.base_url is missing", hint="Name the endpoint, such as https://api.openai.com/v1, or localhost."
        )
    key = "" if chosen.api_key is None else chosen.api_key.get_secret_value()
    asked: Embed = import_module("recollect.providers.openai_embed").OpenAIEmbed(
        chosen.base_url,
        key,
        chosen.model,
        dimension=chosen.dimension,
        ask_dimension=chosen.dimension is not None,
        batch=chosen.batch,
        timeout=chosen.timeout,
    )
    return asked


def chat(chosen: ChatSettings) -> Chat | None:
    """Return the chat model that the settings name, `None` where they name none; raise ConfigError for half of one."""
    if not chosen.base_url and not chosen.model:
        return None
    if not chosen.base_url or not chosen.model:
        missing = "model" if chosen.base_url else "base_url"
        raise ConfigError(f"chat.{missing} is missing", hint="A chat model needs chat.base_url and chat.model.")
    key = "" if chosen.api_key is None else chosen.api_key.get_secret_value()
    made: Chat = import_module("recollect.providers.openai_chat").OpenAIChat(
        chosen.base_url, key, chosen.model, timeout=chosen.timeout
    )
    return made
