"""What reranking is set by."""

from __future__ import annotations

from pydantic import Field, SecretStr

from recollect.settings.part import Part


class RerankSettings(Part):
    """Which model reads the first hits once more; without a model nothing is reranked."""

    model: str | None = Field(None, min_length=1, description="the reranker's name, such as Qwen/Qwen3-Reranker-8B")
    base_url: str | None = Field(None, description="its server, asked at base_url/rerank")
    api_key: SecretStr | None = None
    instruction: str | None = Field(None, max_length=2000, description="what the model is told to look for")
    first: int = Field(20, ge=2, le=200, description="how many of the first hits it reads")
    keep: int = Field(5, ge=1, le=200, description="hits a context is composed from where a reranker is set")
    weight: float = Field(1.0, ge=0, le=100, description="what its opinion counts beside ours; our match counts 1")
    timeout: float = Field(3.0, gt=0, description="seconds a search waits for it before it goes on without")
