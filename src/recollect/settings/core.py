"""What one engine on one machine is set by."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from recollect.settings.part import Part, Tables


class EmbedEndpoint(Part):
    """Another server of the embedder's model, asked when the first one fails."""

    form: Literal["openai", "azure", "ollama"] = "openai"
    base_url: str = Field(min_length=1)
    api_key: SecretStr | None = None
    model: str | None = Field(None, min_length=1, description="its name for the model, where it is another")
    api_version: str = ""


class EmbedderSettings(Part):
    """What turns texts into vectors."""

    provider: Literal["minilm", "openai", "azure", "ollama", "fastembed", "none"] = "minilm"
    model: str = Field("all-MiniLM-L6-v2", min_length=1)
    precision: Literal["int8", "float32"] = "int8"
    threads: int = Field(2, ge=1, le=64)
    weights: Path | None = Field(None, description="folder that holds the weights, when not the usual places")
    base_url: str | None = None
    api_key: SecretStr | None = None
    api_version: str = Field("2024-10-21", description="sent to Azure with every request")
    dimension: int | None = Field(None, ge=1, le=8192)
    instruction: str | None = Field(
        None, max_length=2000, description="put before questions, {question} being the question; unset: as documented"
    )
    batch: int = Field(64, ge=1, le=2048)
    timeout: float = Field(30.0, gt=0)
    patience: float = Field(5.0, gt=0, description="seconds a search waits for its question's vector")
    fallbacks: Tables[EmbedEndpoint] = Field((), description="other servers of the same model")
    cache_mb: float = Field(64.0, ge=0, le=65_536, description="most that vectors at hand may take; 0: none are kept")
    cache_ttl: float = Field(3600.0, gt=0, description="seconds a vector stays at hand")


class ChatSettings(Part):
    """What answers chat messages; without an endpoint the memories themselves do."""

    base_url: str | None = None
    model: str | None = Field(None, min_length=1)
    api_key: SecretStr | None = None
    timeout: float = Field(60.0, gt=0)


class CaptureSettings(Part):
    """What is kept of what comes in."""

    density_threshold: float = Field(
        0.3, ge=0, le=1, description="below it a text is kept but neither embedded nor injected"
    )


class RetrieveSettings(Part):
    """How memories are found."""

    candidates: int = Field(200, ge=20, le=5000, description="how many each way of searching hands to the fusion")
    top_k: int = Field(40, ge=1, le=1000, description="hits a context is composed from")
    similarity_threshold: float = Field(0.0, ge=0, le=1, description="hits that score less are left out")
    word_weight: float | None = Field(None, ge=0, le=1, description="share of words against meaning; unset: as fitted")


class ComposeSettings(Part):
    """How a context is written."""

    budget: int = Field(20_000, ge=20, description="most tokens of a context")
    fusion_limit: int = Field(800, ge=20, description="most tokens of fused memories when no budget is asked for")
    language: Literal["zh", "en"] | None = None


class WorkerSettings(Part):
    """How jobs are worked off."""

    lease: float = Field(60.0, gt=0, description="seconds after which a silent worker's job is claimed anew")
    attempts: int = Field(5, ge=1, description="failures after which a job is parked")
    poll: float = Field(1.0, gt=0, description="seconds between looks for jobs of other processes")
    concurrency: int = Field(1, ge=1, le=64, description="how many times the usual number of batches are under way")
    backlog: int = Field(100_000, ge=0, description="waiting jobs above which imports are put off; 0: they never are")
    grace: float = Field(20.0, ge=0, le=600, description="seconds a worker process lets its jobs end when it stops")
    stuck: float = Field(120.0, ge=0, description="seconds without a sign of life after which it ends; 0: never")
    report: float = Field(60.0, ge=0, description="seconds between lines of a worker process about its work; 0: none")
    host: str = Field("127.0.0.1", min_length=1, description="where a worker process tells how it is")
    port: int | None = Field(None, ge=0, le=65535, description="the port for that; unset: it tells nobody")
