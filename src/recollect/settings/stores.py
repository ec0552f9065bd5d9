"""Where memories are kept."""

from __future__ import annotations

from pydantic import Field, SecretStr

from recollect.settings.part import Part


class StoreSettings(Part):
    """Where memories are kept, and how much of them is held in memory."""

    file: str = "recollect.db"
    memory_mb: int = Field(1024, ge=16, description="most that tenants held in memory may take, in megabytes")
    url: SecretStr | None = Field(None, description="a PostgreSQL database that takes the place of the file")
    schema_name: str = Field(
        "recollect", pattern=r"^[a-z_][a-z0-9_]{0,62}$", description="the schema of that database that holds our tables"
    )
    replica_url: SecretStr | None = Field(None, description="a replica of it, which searches read")
    timeout: float = Field(60.0, gt=0, le=3600, description="seconds a statement may take on the server")
    writers: int = Field(4, ge=1, le=64, description="transactions a process has under way on the server at once")
    pgvector: bool = Field(True, description="whether vectors are searched by pgvector where it is there")
