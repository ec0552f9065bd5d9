"""What backups are set by."""

from __future__ import annotations

from pydantic import Field, SecretStr

from recollect.settings.part import Part


class BackupSettings(Part):
    """Where backups go, how often, and which are kept."""

    to: str | None = Field(None, min_length=1, description="a folder, or s3://bucket/folder")
    passphrase: SecretStr | None = Field(None, description="what backups are sealed by; without it they are readable")
    cold: bool = Field(default=True, description="put the texts that retention has moved to object storage in too")
    every: float = Field(0, ge=0, description="hours between two backups that the server makes; 0: none")
    last: int = Field(3, ge=1, description="latest backups that are kept")
    daily: int = Field(7, ge=0, description="days of which the last backup is kept")
    weekly: int = Field(4, ge=0, description="weeks of which the last backup is kept")
    monthly: int = Field(12, ge=0, description="months of which the last backup is kept")
    s3_endpoint: str | None = Field(None, description="the address of an object storage that is not Amazon's")
    s3_region: str | None = None
    s3_key_id: str | None = Field(None, description="else that of the environment or of the machine's role")
    s3_secret: SecretStr | None = None
