"""What a server answers about projects and people, as the nouns of the library."""

from __future__ import annotations

from datetime import datetime

from recollect.client.nouns import Shape
from recollect.models import Grant, Isolation, Member, Project, Right, Seen, Status, Token, User


def seen_of(shape: Shape) -> Seen:
    """Return a project with the right of whoever asked; raise KeyError, ValueError or TypeError for anything else."""
    project = Project(
        shape["id"],
        shape["name"],
        datetime.fromisoformat(shape["created_at"]),
        shape["description"],
        shape["business_type"],
        Isolation(shape["isolation_mode"]),
        Status(shape["status"]),
        shape["settings"],
    )
    return Seen(project, Right[shape["right"]], shape["made"])


def member_of(shape: Shape) -> Member:
    """Return a member."""
    since = datetime.fromisoformat(shape["since"])
    return Member(shape["project_id"], shape["user_id"], Right[shape["right"]], since)


def grant_of(shape: Shape) -> Grant:
    """Return a grant."""
    since, until = (datetime.fromisoformat(shape[name]) for name in ("since", "until"))
    right = Right[shape["right"]]
    return Grant(shape["id"], shape["project_id"], shape["user_id"], right, since, until, shape["granted_by"])


def user_of(shape: Shape) -> User:
    """Return a user."""
    return User(shape["id"], shape["name"], datetime.fromisoformat(shape["created_at"]))


def token_of(shape: Shape) -> Token:
    """Return a token; its digest stays with the server."""
    rights = shape["rights"]
    ends, used = (
        None if shape[name] is None else datetime.fromisoformat(shape[name]) for name in ("expires_at", "used_at")
    )
    return Token(
        shape["id"],
        shape["name"],
        "",
        datetime.fromisoformat(shape["created_at"]),
        shape["user_id"],
        None if rights is None else tuple((name, Right[right]) for name, right in sorted(rights.items())),
        ends,
        used,
    )
