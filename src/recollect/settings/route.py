"""Who is asked to do each task: the settings' names of models, read as providers and models, in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from recollect.errors import ConfigError
from recollect.exchange import ModelTask
from recollect.settings.models import ModelsSettings, ProviderSettings, TaskSettings
from recollect.settings.part import secret
from recollect.settings.settings import Settings

Kind = Literal["openai", "compatible", "openrouter", "azure", "anthropic", "gemini"]
LOCAL: Final = "local"
"""The provider of models that run in this process."""
CHAT: Final = "chat"
"""The provider that `chat.base_url` names."""


@dataclass(frozen=True, slots=True)
class Known:
    """A provider known by name: the form it speaks, its address, and the variables its key usually stands in."""

    kind: Kind
    base_url: str = ""
    keys: tuple[str, ...] = ()
    usual: bool = False
    keyless: bool = False


KNOWN: Final[Mapping[str, Known]] = {
    "openrouter": Known("openrouter", "https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY",), usual=True),
    "siliconflow": Known("compatible", "https://api.siliconflow.cn/v1", ("SILICONFLOW_API_KEY",), usual=True),
    "gemini": Known("gemini", "https://generativelanguage.googleapis.com", ("GEMINI_API_KEY",), usual=True),
    "dashscope": Known(
        "compatible",
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        ("DASHSCOPE_API_KEY", "MEM0_DASHSCOPE_API_KEY"),
        usual=True,
    ),
    "azure": Known("azure", "", ("AZURE_OPENAI_API_KEY",), usual=True),
    "anthropic": Known("anthropic", "https://api.anthropic.com", ("ANTHROPIC_API_KEY",)),
    "openai": Known("openai", "https://api.openai.com/v1", ("OPENAI_API_KEY",)),
    "ollama": Known("compatible", "http://localhost:11434/v1", keyless=True),
}
"""`usual` ones are asked when `models.enabled` is true and their key is known, by whatever name.

Keys of the others lie in many a developer's environment for other programs: with those a provider is asked only where a
task, or an entry of `models.providers`, names it.
"""


def _usual(*names: str, **more: object) -> TaskSettings:
    return TaskSettings.model_validate({"model": names[:1], "fallbacks": names[1:], **more})


FREE: Final = "openrouter/deepseek/deepseek-chat-v3-0324:free"
FLASH: Final = "gemini/gemini-2.5-flash"
UNSAID: Final = ProviderSettings.model_validate({})
USUAL: Final[Mapping[ModelTask, TaskSettings]] = {
    "completion": _usual(
        FREE, "local/qwen2.5-1.5b-instruct", FLASH, "azure", "dashscope/qwen-plus", temperature=0.7, max_tokens=1000
    ),
    "fusion": _usual(FLASH, FREE),
    "classification": _usual("local/qwen2.5-0.5b-instruct", "siliconflow/qwen3-8b"),
    "summarization": _usual("local/qwen2.5-1.5b-instruct", "siliconflow/deepseek-v3"),
    "extraction": _usual("anthropic/claude-sonnet-5-5", FREE, FLASH, "dashscope/qwen-plus", max_tokens=2000),
}
"""Who does a task that names no model, where `models.enabled` is true and the provider's key is known."""

SHORT: Final[Mapping[tuple[str, str], str]] = {
    ("siliconflow", "qwen3-8b"): "Qwen/Qwen3-8B",
    ("siliconflow", "deepseek-v3"): "deepseek-ai/DeepSeek-V3",
    ("anthropic", "claude-4-5-sonnet-latest"): "claude-sonnet-5-5",
    ("anthropic", "claude-4-5-haiku-latest"): "claude-haiku-5-5",
}
"""Short names of models that providers know by longer ones."""

FAMILIES: Final = (
    (re.compile(r"gemini-"), "gemini"),
    (re.compile(r"claude-"), "anthropic"),
    (re.compile(r"(gpt-|chatgpt-|o\d)"), "openai"),
    (re.compile(r"qwen-(plus|max|turbo|flash|long)"), "dashscope"),
    (re.compile(r"(qwen2\.5-\d|phi-3-mini|tinyllama-)"), LOCAL),
    (re.compile(r"(Qwen|deepseek-ai|BAAI|THUDM|Pro|internlm|zai-org)/"), "siliconflow"),
    (re.compile(r"[^/\s]+/\S"), "openrouter"),
)
"""Whose a model is when its name does not say: the first that fits."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A model of a provider."""

    provider: str
    model: str

    def __str__(self) -> str:
        return self.model if self.provider == CHAT else f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where and how a provider is asked."""

    provider: str
    kind: Kind
    base_url: str
    api_key: str = ""
    api_version: str = ""
    concurrency: int = 4
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Route:
    """Who does a task: steps in order, the models of one step being equals; and how they are asked."""

    steps: tuple[tuple[Ref, ...], ...]
    temperature: float = 0.0
    max_tokens: int | None = None
    thinking: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Every task that some model does, and every provider that is asked."""

    routes: Mapping[ModelTask, Route]
    places: Mapping[str, Place]


def plan(settings: Settings, *, local: Callable[[str], bool] = lambda _: False) -> Plan:
    """Return who does each task; nothing is asked, and no provider stands in it that no task needs.

    `local` tells whether a model of this process could answer; the usual ones are left out where it could not.
    Raises ConfigError for a model whose provider is not known, has no key, or has no address.
    """
    models = settings.models
    if models.enabled is False:
        return Plan({}, {})
    routes: dict[ModelTask, Route] = {}
    for task, chosen in _named(settings).items():
        where = f"models.tasks.{task}"
        routes[task] = _route(chosen, settings, where)
    if models.enabled:
        for task, usual in USUAL.items():
            found = _usable(usual, models, local)
            wanted = task != "fusion" or settings.fusion.enabled
            if task not in routes and found is not None and wanted:
                routes[task] = _route(found, settings, f"models.tasks.{task}")
    if settings.chat.base_url or settings.chat.model:
        routes.setdefault("completion", Route(((_chat(settings),),), temperature=0.2))
    asked = {ref.provider for route in routes.values() for step in route.steps for ref in step} - {LOCAL}
    return Plan(routes, {name: _place(name, settings) for name in sorted(asked)})


def ref(name: str, settings: Settings, where: str) -> Ref:
    """Read the name of a model: `provider/model`, `model@provider`, a provider alone, or a name whose family is known.

    Raises ConfigError naming the setting (`where`) it stands in.
    """
    providers = settings.models.providers
    ours = {*KNOWN, *providers, LOCAL}
    text = name.strip()
    if text == LOCAL:
        return Ref(LOCAL, settings.local.default_model)
    before, at, after = text.rpartition("@")
    if at and after in ours:
        return _ref(after, before)
    head, _, rest = text.partition("/")
    if rest and head in ours:
        return _ref(head, rest)
    if text in ours:
        model = (providers.get(text) or UNSAID).model
        if not model:
            raise ConfigError(
                f"{where} names the provider {text} but no model of it",
                hint=f"Write {text}/model, or set models.providers.{text}.model.",
            )
        return _ref(text, model)
    for family, provider in FAMILIES:
        if family.match(text):
            return _ref(provider, text)
    raise ConfigError(
        f"{where} names {name!r}, and whose model that is is not known",
        hint=f"Write provider/model; providers are {', '.join(sorted(ours))}.",
    )


def _ref(provider: str, model: str) -> Ref:
    return Ref(provider, SHORT.get((provider, model.lower()), model))


def _named(settings: Settings) -> dict[ModelTask, TaskSettings]:
    """Return the tasks whose models the settings name, `fusion.model` among them."""
    named = {task: chosen for task, chosen in settings.models.tasks.items() if chosen.model}
    fusion = settings.fusion
    if not fusion.enabled:
        named.pop("fusion", None)
    elif fusion.model and "fusion" not in named:
        more = settings.models.tasks.get("fusion", TaskSettings.model_validate({}))
        named["fusion"] = more.model_copy(update={"model": (fusion.model,)})
    return named


def _route(chosen: TaskSettings, settings: Settings, where: str) -> Route:
    first = tuple(ref(name, settings, f"{where}.model") for name in chosen.model)
    rest = tuple((ref(name, settings, f"{where}.fallbacks"),) for name in chosen.fallbacks)
    return Route((first, *rest), chosen.temperature or 0.0, chosen.max_tokens, chosen.thinking)


def _usable(usual: TaskSettings, models: ModelsSettings, local: Callable[[str], bool]) -> TaskSettings | None:
    """Return a usual task with the models whose providers may be asked, `None` where there are none."""
    names = [name for name in (*usual.model, *usual.fallbacks) if _is_usable(name, models, local)]
    if not names:
        return None
    return usual.model_copy(update={"model": (names[0],), "fallbacks": tuple(names[1:])})


def _is_usable(name: str, models: ModelsSettings, local: Callable[[str], bool]) -> bool:
    provider, _, model = name.partition("/")
    if provider == LOCAL:
        return local(model)
    given = models.providers.get(provider) or UNSAID
    if provider == "azure" and not (given.model and given.base_url):
        return False
    return given.api_key is not None or (KNOWN[provider].usual and provider in models.keys)


def _chat(settings: Settings) -> Ref:
    chosen = settings.chat
    if not chosen.base_url or not chosen.model:
        missing = "model" if chosen.base_url else "base_url"
        raise ConfigError(f"chat.{missing} is missing", hint="A chat model needs chat.base_url and chat.model.")
    return Ref(CHAT, chosen.model)


def _place(name: str, settings: Settings) -> Place:
    models = settings.models
    if name == CHAT and name not in models.providers:
        chat = settings.chat
        _check("chat", chat.base_url or "", secret(chat.api_key))
        return Place(
            CHAT, "compatible", chat.base_url or "", secret(chat.api_key), "", models.concurrency, chat.timeout
        )
    given = models.providers.get(name) or UNSAID
    known = KNOWN.get(name, Known("compatible", keyless=True))
    kind = given.kind or known.kind
    key = secret(given.api_key or models.keys.get(name))
    base_url = given.base_url or known.base_url
    setting = f"models.providers.{name}"
    if not base_url:
        raise ConfigError(f"{setting}.base_url is missing", hint=_address_hint(name))
    _check(setting, base_url, key)
    if not key and not known.keyless:
        usual = "".join(f", {variable}" for variable in known.keys)
        variable = f"RECOLLECT_MODELS__PROVIDERS__{name.upper()}__API_KEY"
        raise ConfigError(f"{setting}.api_key is missing", hint=f"A task asks it. Set {variable}{usual}.")
    return Place(
        name,
        kind,
        base_url,
        key,
        given.api_version or ("2024-10-21" if kind == "azure" else ""),
        given.concurrency or models.concurrency,
        given.timeout or models.timeout,
    )


def _check(setting: str, base_url: str, key: str) -> None:
    """Raise ConfigError for what cannot be sent."""
    if not re.match(r"https?://[^\s/]+", base_url):
        raise ConfigError(f"{setting}.base_url {base_url!r} is no address", hint="It begins with http:// or https://.")
    if not (key.isascii() and (not key or key.isprintable())) or key != key.strip():
        raise ConfigError(f"{setting}.api_key cannot be sent", hint="Copy it anew: it has odd characters in it.")


def _address_hint(name: str) -> str:
    if name == "azure":
        return "Name the resource, such as https://mine.openai.azure.com (AZURE_OPENAI_ENDPOINT)."
    return "Name its OpenAI-compatible address, such as http://localhost:8000/v1."


def described(steps: Sequence[Sequence[Ref]]) -> str:
    """Return the models of a route as people read them: equals with `=`, fallbacks after an arrow."""
    return " -> ".join(" = ".join(str(one) for one in step) for step in steps)
