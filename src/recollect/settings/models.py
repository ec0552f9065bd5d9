"""Which language models do what, where they are asked, and what they may cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr

from recollect.exchange import ModelTask
from recollect.settings.part import Names, Part


def _parsed(value: object) -> object:
    """Read JSON: the environment knows no other way to say a table at once."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError("it is no table: write it as JSON, or set its parts one by one") from error


def _limit(value: object) -> object:
    return None if value == "off" else value


class ProviderSettings(Part):
    """Where models are asked: for a provider that recollect knows by name, the key is enough."""

    kind: Literal["openai", "compatible", "openrouter", "azure", "anthropic", "gemini"] | None = Field(
        None, description="the form it speaks; unset: that of the provider of this name, or `compatible`"
    )
    base_url: str | None = Field(None, pattern=r"^https?://[^\s/]+", description="its address; unset: the usual one")
    api_key: SecretStr | None = None
    api_version: str | None = Field(None, min_length=1, description="for `azure`")
    model: str | None = Field(None, min_length=1, description="asked where a task names the provider alone")
    concurrency: int | None = Field(None, ge=1, le=1000, description="most requests at once")
    timeout: float | None = Field(None, gt=0, le=3600, description="seconds an answer may take")


class TaskSettings(Part):
    """Who does a task: `model` (several are equals that take turns), then each of the `fallbacks` in order."""

    model: Names = ()
    fallbacks: Names = ()
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1, le=1_000_000)
    thinking: bool = Field(False, description="whether models that can may reason before they answer")


class BudgetSettings(Part):
    """What all models together may take in one day (UTC); the offline rules go on when it is spent."""

    tokens: Annotated[int | None, BeforeValidator(_limit)] = Field(10_000_000, ge=0, description="`off`: no limit")
    dollars: Annotated[float | None, BeforeValidator(_limit)] = Field(5.0, ge=0, description="`off`: no limit")


class AnswerCacheSettings(Part):
    """How long answers are kept for equal questions."""

    enabled: bool = True
    ttl_seconds: int = Field(3600, ge=1, le=31_536_000)
    max_size_mb: int = Field(500, ge=1, le=1_000_000, description="most that is kept, in megabytes")
    memory_mb: int = Field(64, ge=1, le=100_000, description="most of it that is held in memory as well")


class ModelsSettings(Part):
    """The language models. None is asked unless a task names one, or `enabled` takes the usual ones."""

    enabled: bool | None = Field(
        None, description="true: tasks that name no model take the usual ones; false: no model is asked at all"
    )
    providers: Annotated[dict[str, ProviderSettings], BeforeValidator(_parsed)] = Field({})
    keys: Annotated[dict[str, SecretStr], BeforeValidator(_parsed)] = Field({})
    tasks: Annotated[dict[ModelTask, TaskSettings], BeforeValidator(_parsed)] = Field({})
    prices: Annotated[dict[str, tuple[float, float]], BeforeValidator(_parsed)] = Field({})
    budget: BudgetSettings = BudgetSettings()  # type: ignore[call-arg]
    cache: AnswerCacheSettings = AnswerCacheSettings()  # type: ignore[call-arg]
    timeout: float = Field(60.0, gt=0, le=3600, description="seconds an answer may take")
    concurrency: int = Field(4, ge=1, le=1000, description="most requests at once to one provider")
    retries: int = Field(2, ge=0, le=100, description="repeats of a request that may succeed when asked again")
    cool_down: float = Field(30.0, ge=0, le=3600, description="seconds a failing model is left alone at first")


class FusionSettings(Part):
    """How found memories are put together by a language model: the keys of `memory_fuser_config.yaml`."""

    enabled: bool = True
    model: str | None = Field(None, min_length=1)
    temperature: float = Field(0.2, ge=0, le=2)
    prompt_template: Path | None = None
    token_limit: int = Field(800, ge=20, le=100_000)
    language: Literal["zh", "en"] | None = None
