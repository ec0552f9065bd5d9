"""Builds the language models of this process that the settings name; nothing is loaded before it is asked."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from recollect.errors import ConfigError
from recollect.providers.llama.chat import LlamaChat
from recollect.providers.llama.gguf import find
from recollect.providers.llama.keeper import GIGABYTE, Keeper, Limits
from recollect.settings import LocalSettings, Settings


def folder_of(settings: Settings) -> Path:
    """Return where GGUF files are."""
    return (settings.local.models_dir or settings.home / "models" / "gguf").expanduser()


def keeper(settings: Settings) -> Keeper:
    """Return what keeps the models of this process within their limits; one a process."""
    return Keeper(folder_of(settings), limits_of(settings.local))


def limits_of(chosen: LocalSettings) -> Limits:
    """Return the limits that the settings name."""
    return Limits(
        memory=int(chosen.max_memory_gb * GIGABYTE),
        context=chosen.context,
        threads=chosen.threads,
        idle=chosen.idle,
        wait=chosen.wait,
        timeout=chosen.timeout,
    )


def usable(settings: Settings, name: str) -> bool:
    """Return whether a model could answer: it is not switched off, its file is here, and so is llama.cpp."""
    here = settings.local.enabled and find(name, folder_of(settings)) is not None
    return here and find_spec("llama_cpp") is not None


def local_chat(keeper: Keeper, name: str, chosen: LocalSettings) -> LlamaChat:
    """Return a model of this process by name, "" standing for the default one; its file is looked for when it is asked.

    Raises ConfigError where such models are switched off or llama-cpp-python is not installed.
    """
    if not chosen.enabled:
        raise ConfigError("a task names a local model, and local.enabled is false", hint="Set it, or name another.")
    if find_spec("llama_cpp") is None:
        raise ConfigError("local models need llama-cpp-python", hint='pip install "recollect[llama]"')
    return LlamaChat(keeper, name or chosen.default_model)
