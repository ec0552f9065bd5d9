"""What language models in this process are set by."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from recollect.settings.part import Part


class LocalSettings(Part):
    """Models that llama.cpp runs in this process; one is loaded when a task names it and its file is here."""

    enabled: bool = True
    models_dir: Path | None = Field(None, description="folder of GGUF files; unset: models/gguf in the data directory")
    default_model: str = Field("qwen2.5-0.5b-instruct", min_length=1, description="what `local` alone stands for")
    max_memory_gb: float = Field(2.0, gt=0, le=4096, description="most that all loaded models may take")
    context: int = Field(4096, ge=128, le=1_000_000, description="most tokens of a prompt and its answer")
    threads: int = Field(2, ge=1, le=256, description="threads one model may use")
    idle: float = Field(300.0, ge=0, description="seconds after which an unused model leaves memory; 0: never")
    wait: float = Field(60.0, gt=0, description="seconds a call waits for its turn")
    timeout: float = Field(120.0, gt=0, description="seconds an answer may take")
    warm_up: bool = Field(False, description="whether models that tasks name are loaded at the start")
