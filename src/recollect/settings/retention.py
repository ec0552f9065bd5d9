"""What retention is set by: the policies, when they run, and where cold texts lie."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, ModelWrapValidatorHandler, SecretStr, ValidationError, model_validator

from recollect.models import Kind, Measure
from recollect.settings.part import Names, Part, Tables


class PolicySettings(Part):
    """One policy: which memories, and what is done with them."""

    name: str = Field(min_length=1, max_length=80)
    action: Measure
    project: str = Field("*", min_length=1, max_length=256)
    user: str = Field("*", min_length=1, max_length=256)
    kinds: Names = ()
    older_than: float | None = Field(None, ge=0, le=36_500)
    keep_latest: int | None = Field(None, ge=0)
    importance_below: float | None = Field(None, ge=0, le=1)
    shortest: int = Field(400, ge=100)

    @model_validator(mode="wrap")
    @classmethod
    def _named(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Name the policy in what is wrong with it."""
        try:
            return handler(value)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name = value.get("name", "") if isinstance(value, dict) else ""
            field = ".".join(map(str, first["loc"])) or "it"
            raise ValueError(f"policy {name!r}: {field}: {first['msg']}") from error

    @model_validator(mode="after")
    def _usable(self) -> Self:
        """Refuse what would mean something else than it says."""
        if wrong := self._wrong():
            raise ValueError(f"policy {self.name!r}: {wrong}")
        return self

    def _wrong(self) -> str:
        known = sorted(kind.value for kind in Kind)
        for kind in self.kinds:
            if kind not in known:
                return f"there is no kind {kind!r}; use {', '.join(known)}"
        narrowed = (self.older_than, self.keep_latest, self.importance_below)
        if self.action is not Measure.MERGE and all(value is None for value in narrowed):
            return "set older_than, keep_latest or importance_below"
        if self.action is Measure.SUMMARISE and set(self.kinds) - {Kind.TURN}:
            return "only turns are summarised; leave kinds out"
        if self.action is Measure.MERGE and set(self.kinds) - {Kind.FACT, Kind.NOTE}:
            return "only facts and notes are merged"
        return ""


class RetentionSettings(Part):
    """What is put away after a while, and for how long it can be brought back."""

    policies: Tables[PolicySettings] = Field((), description="see retention.md")
    every: float = Field(0, ge=0, description="hours between two runs that the server makes; 0: none")
    undo_days: float = Field(30, ge=0, description="days for which what was deleted can be brought back")
    to: str | None = Field(None, min_length=1, description="where cold texts lie: a folder, or s3://bucket/folder")
    passphrase: SecretStr | None = Field(None, description="what cold texts are sealed by")
    wait: float = Field(3, gt=0, description="seconds that a search waits for cold texts")
    s3_endpoint: str | None = Field(None, description="the address of an object storage that is not Amazon's")
    s3_region: str | None = None
    s3_key_id: str | None = Field(None, description="else that of the environment or of the machine's role")
    s3_secret: SecretStr | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Refuse policies that cannot be told apart, and cold ones without a place."""
        seen: set[str] = set()
        for policy in self.policies:
            if policy.name in seen:
                raise ValueError(f"policy {policy.name!r} is there twice; give each a name of its own")
            seen.add(policy.name)
            if policy.action is Measure.COLD and self.to is None:
                raise ValueError(f"policy {policy.name!r} is cold, and retention.to names no place")
        return self
