"""Projects, members, grants, users and tokens as JSON data, the same over REST and on the command line."""

from __future__ import annotations

from typing import Any

from recollect.models import Grant, Member, Seen, System, Token, User
from recollect.ops.shape import time_of


def project_of(seen: Seen) -> dict[str, Any]:
    """Return a project; `right` is what whoever asks may do there, `made` whether anybody has made it on purpose."""
    item = seen.project
    return {
        "id": item.id,
        "name": item.name,
        "description": item.description,
        "business_type": item.business,
        "isolation_mode": item.isolation.value,
        "status": item.status.value,
        "settings": dict(item.settings),
        "created_at": time_of(item.created_at),
        "right": seen.right.name,
        "made": seen.made,
    }


def member_of(item: Member) -> dict[str, Any]:
    """Return a member."""
    since = time_of(item.since)
    return {"project_id": item.project_id, "user_id": item.user_id, "right": item.right.name, "since": since}


def grant_of(item: Grant) -> dict[str, Any]:
    """Return a grant."""
    return {
        "id": item.id,
        "project_id": item.project_id,
        "user_id": item.user_id,
        "right": item.right.name,
        "since": time_of(item.since),
        "until": time_of(item.until),
        "granted_by": item.granted_by,
    }


def user_of(item: User) -> dict[str, Any]:
    """Return a user."""
    return {"id": item.id, "name": item.name, "created_at": time_of(item.created_at)}


def token_of(item: Token) -> dict[str, Any]:
    """Return a token without anything that opens; `system` marks the server's own."""
    return {
        "id": item.id,
        "name": item.name,
        "user_id": item.user_id,
        "rights": None if item.rights is None else {name: right.name for name, right in item.rights},
        "system": isinstance(item.actor, System),
        "created_at": time_of(item.created_at),
        "expires_at": time_of(item.expires_at),
        "used_at": time_of(item.used_at),
    }
