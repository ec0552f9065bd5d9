"""Which memories a request may look into, for what the library has no verb for."""

from __future__ import annotations

from recollect.capture.identifier import identifier
from recollect.models import Reach


def reach_of(user_id: str | None, project_id: str | None, conversation_id: str | None = None) -> Reach:
    """Return the reach of these ids, checked; without user and project it is all of the user `default`."""
    given = {"user_id": user_id, "project_id": project_id, "conversation_id": conversation_id}
    return Reach.of(**{name: None if value is None else identifier(value, name) for name, value in given.items()})
