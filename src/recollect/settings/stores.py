"""Where memories are kept."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, field_validator

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
    replica_lag: float = Field(
        5.0, ge=0.5, le=3600, description="seconds the replica may lack what was written before it is passed over"
    )
    timeout: float = Field(60.0, gt=0, le=3600, description="seconds a statement may take on the server")
    writers: int = Field(4, ge=1, le=64, description="transactions a process has under way on the server at once")
    row_security: bool | None = Field(
        None, description="whether the server's row-level security is switched on, or off; unset: it stays as it is"
    )
    keep_before_upgrade: float = Field(
        14.0, ge=0, le=3650, description="days for which a copy of the file before an upgrade is kept; 0: none is made"
    )
    pgvector: bool = Field(True, description="whether vectors are searched by pgvector where it is there")
    key: SecretStr | None = Field(None, min_length=1, description="what the file is encrypted with")
    key_file: Path | None = Field(None, description="a file that holds the key")
    keyring: str | None = Field(None, min_length=1, description="the name of the key in the system's keyring")
    plain_spool: bool = Field(
        False, description="whether hooks may keep events as plain files though the store is encrypted"
    )

    @field_validator("key_file")
    @classmethod
    def _whole(cls, value: Path | None) -> Path | None:
        path = None if value is None else value.expanduser()
        if path is not None and not path.is_absolute():
            raise ValueError("write the whole path of the key file, or begin it with ~")
        return path
