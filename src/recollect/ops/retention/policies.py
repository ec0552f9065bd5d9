"""The policies that the settings hold, as the stores take them."""

from __future__ import annotations

from collections.abc import Sequence

from recollect.errors import NotFound
from recollect.models import Kind, Policy
from recollect.settings import RetentionSettings


def policies_of(chosen: RetentionSettings, name: str | None = None) -> Sequence[Policy]:
    """Return the policies in their order, or the one of a name; raise NotFound."""
    found = [
        Policy(
            one.name,
            one.action,
            one.project,
            one.user,
            tuple(map(Kind, one.kinds)),
            one.older_than,
            one.keep_latest,
            one.importance_below,
            one.shortest,
        )
        for one in chosen.policies
        if name is None or one.name == name
    ]
    if name is not None and not found:
        known = ", ".join(repr(one.name) for one in chosen.policies) or "none"
        raise NotFound(f"There is no policy {name!r}", hint=f"The setting retention.policies names {known}.")
    return found
