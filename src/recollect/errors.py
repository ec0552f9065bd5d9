"""Every error recollect raises on purpose, as one tree.

```
RecollectError
├── InvalidInput          what the caller gave cannot be used            (exit 2, HTTP 400)
│   └── TooLarge          … because it is larger than a limit            (exit 2, HTTP 413)
├── NotFound              no such memory, conversation, job or model     (exit 3, HTTP 404)
├── Conflict              it exists in another version or another form   (exit 1, HTTP 409)
├── Denied                the actor may not do this                      (exit 4, HTTP 403)
├── StoreError            the place where memories live failed
│   ├── StoreBusy         another process held it for too long           (retryable)
│   ├── IndexAway         an index beside the records does not answer    (retryable)
│   ├── StoreMoved        another store has taken its place              (retryable, by whoever opens that)
│   ├── StoreFull         no room left on the device
│   ├── StoreReadOnly     the place cannot be written
│   ├── StoreDamaged      the file is not what it should be
│   └── BackupDamaged     a backup is not what it should be, or not whole
├── ProviderError         a model or a remote service failed
│   ├── EmbedderMissing   the embedder's weights are not on this machine
│   ├── ProviderRefused   it will not answer this request
│   └── ProviderFailed    it may answer when asked again                 (retryable)
└── ConfigError           a setting cannot be used
```

Each error carries a message (what happened) and a hint (what to do next). `retryable` tells whether the
same call may succeed later.
"""

from __future__ import annotations

from typing import ClassVar


class RecollectError(Exception):
    """The root of all errors; `message` says what happened, `hint` what to do next."""

    code: ClassVar[str] = "failed"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class InvalidInput(RecollectError):
    """The caller's input cannot be used; `field` names the part that is wrong."""

    code = "invalid_input"

    def __init__(self, message: str, *, field: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.field = field


class TooLarge(InvalidInput):
    """The input exceeds a limit."""

    code = "too_large"


class NotFound(RecollectError):
    """Nothing with that id is here."""

    code = "not_found"


class Conflict(RecollectError):
    """The thing exists in another version or another form."""

    code = "conflict"


class Denied(RecollectError):
    """The actor may not do this."""

    code = "denied"


class StoreError(RecollectError):
    """The place where memories live failed."""

    code = "store_failed"


class StoreBusy(StoreError):
    """Another process held the store for longer than the busy timeout."""

    code = "store_busy"
    retryable = True


class IndexAway(StoreError):
    """What stands beside the records (an index of vectors, a Neo4j) does not answer; nothing is lost meanwhile."""

    code = "index_away"
    retryable = True


class StoreMoved(StoreError):
    """The store was left for another one, which must be opened instead; nothing was written."""

    code = "store_moved"
    retryable = True


class StoreFull(StoreError):
    """The device has no room left; nothing of the write was kept."""

    code = "store_full"


class StoreReadOnly(StoreError):
    """The data directory or the database file cannot be written."""

    code = "store_read_only"


class StoreDamaged(StoreError):
    """The database file is not what it should be; it was left untouched."""

    code = "store_damaged"


class BackupDamaged(StoreError):
    """A backup is not what it should be, or not whole; nothing was restored from it."""

    code = "backup_damaged"


class ProviderError(RecollectError):
    """A model or a remote service failed."""

    code = "provider_failed"


class EmbedderMissing(ProviderError):
    """The embedder's weights are not on this machine; search goes on by words."""

    code = "embedder_missing"


class ProviderRefused(ProviderError):
    """The provider will not answer this request, however often it is asked; where it is `lasting`, nor any other."""

    code = "provider_refused"

    def __init__(self, message: str, *, hint: str = "", lasting: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.lasting = lasting


class ProviderFailed(ProviderError):
    """The provider failed and may answer when asked again, after `wait` seconds where it says so."""

    code = "provider_failed"
    retryable = True

    def __init__(self, message: str, *, hint: str = "", wait: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.wait = wait


class ConfigError(RecollectError):
    """A setting cannot be used; the message names it and where it came from."""

    code = "config"
