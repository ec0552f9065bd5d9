"""The repository and the policy that the settings name."""

from __future__ import annotations

from recollect.errors import ConfigError
from recollect.ops.backup.keep import Policy
from recollect.ops.backup.repository import Repository, open_repository
from recollect.settings import BackupSettings
from recollect.stores.objects.named import place_of


def repository_of(
    chosen: BackupSettings, to: str | None = None, passphrase: str | None = None, *, create: bool = False
) -> Repository:
    """Open the repository at `to`, or else where the settings say; may wait for a network and for the key.

    Raises ConfigError where none is named, and what `open_repository` raises.
    """
    place = to or chosen.to
    if place is None:
        raise ConfigError(
            "No place for backups is named", hint="Give --to FOLDER (or s3://bucket/folder), or set backup.to."
        )
    if passphrase is None and chosen.passphrase is not None:
        passphrase = chosen.passphrase.get_secret_value()
    return open_repository(place_of(place, _options(chosen)), passphrase, create=create)


def policy_of(chosen: BackupSettings) -> Policy:
    """Return which backups are kept."""
    return Policy(chosen.last, chosen.daily, chosen.weekly, chosen.monthly)


def _options(chosen: BackupSettings) -> dict[str, str]:
    """Return what object storage is opened with; what is not set comes from the environment."""
    options = {
        "endpoint": chosen.s3_endpoint,
        "region": chosen.s3_region,
        "access_key_id": chosen.s3_key_id,
        "secret_access_key": None if chosen.s3_secret is None else chosen.s3_secret.get_secret_value(),
    }
    given = {name: value for name, value in options.items() if value is not None}
    if given.get("endpoint", "").startswith("http://"):
        given["allow_http"] = "true"
    return given
