"""A server's projects, members and tokens: `client.people`."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from recollect.client.people_nouns import grant_of, member_of, seen_of, token_of, user_of
from recollect.errors import InvalidInput, NotFound
from recollect.models import Grant, Member, Seen, Token, User


class Read(Protocol):
    """Turns an answer into nouns; raises RecollectError for one of another form."""

    def __call__(self, made: Any, method: str, path: str, given: Mapping[str, Any] | None = None) -> Any:
        """Ask, and return what the answer stands for."""


class Projects:
    """The verbs of `memory.people.projects`."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def list(self, *, status: str | None = None) -> builtins.list[Seen]:
        """Return the projects that may be read, by id."""
        asked = "" if status is None else f"?{urlencode({'status': status})}"
        found: builtins.list[Seen] = self._read(
            lambda answer: builtins.list(map(seen_of, answer["projects"])), "GET", f"/api/projects{asked}"
        )
        return found

    def get(self, project_id: str) -> Seen:
        """Return one project; raise NotFound."""
        return self._one("GET", _path(project_id))

    def create(
        self,
        project_id: str,
        *,
        name: str | None = None,
        description: str = "",
        business: str = "general",
        isolation: str | None = None,
        settings: Mapping[str, Any] | None = None,
        owner: str | None = None,
    ) -> Seen:
        """Make a project; raise Conflict where the id is taken."""
        given: dict[str, Any] = {"id": project_id, "name": name, "description": description, "business_type": business}
        given |= {"isolation_mode": isolation, "settings": settings, "owner": owner}
        return self._one("POST", "/api/projects", _given(given))

    def change(
        self,
        project_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        business: str | None = None,
        isolation: str | None = None,
        settings: Mapping[str, Any] | None = None,
        status: str | None = None,
    ) -> Seen:
        """Set what is given, `settings` as a whole."""
        given: dict[str, Any] = {"name": name, "description": description, "business_type": business, "status": status}
        given |= {"isolation_mode": isolation, "settings": settings}
        return self._one("PATCH", _path(project_id), _given(given))

    def archive(self, project_id: str) -> Seen:
        """Make a project read-only."""
        return self._one("POST", _path(project_id, "archive"), {})

    def restore(self, project_id: str) -> Seen:
        """Make an archived project active again."""
        return self.change(project_id, status="active")

    def aliases(self, project_id: str) -> builtins.list[str]:
        """Return the ids that a project had before, by which it is still reached."""
        path = _path(project_id, "aliases")
        found: builtins.list[str] = self._read(lambda answer: builtins.list(answer["aliases"]), "GET", path)
        return found

    def forget_alias(self, project_id: str, alias: str) -> None:
        """Have an id that a project had before mean nothing any more; raise NotFound."""
        self._read(str, "DELETE", f"{_path(project_id, 'aliases')}/{_part(alias)}")

    def rename(self, project_id: str, new_id: str) -> int:
        """Give a project another id; return how many memories moved."""
        return self._count("memories", "POST", _path(project_id, "rename"), {"new_id": new_id})

    def merge(self, project_id: str, into: str) -> int:
        """Move a project's memories into another and remove the first; return how many moved."""
        return self._count("memories", "POST", _path(project_id, "merge"), {"into": into})

    def delete(self, project_id: str) -> int:
        """Delete a project and all that is its, for good; return how many memories went."""
        return self._count("deleted", "DELETE", _path(project_id))

    def _one(self, method: str, path: str, given: Mapping[str, Any] | None = None) -> Seen:
        found: Seen = self._read(seen_of, method, path, given)
        return found

    def _count(self, name: str, method: str, path: str, given: Mapping[str, Any] | None = None) -> int:
        found: int = self._read(lambda answer: int(answer[name]), method, path, given)
        return found


class Members:
    """The verbs of `memory.people.members`."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def users(self) -> list[User]:
        """Return all users, by id; for a user only himself."""
        found: list[User] = self._read(lambda answer: list(map(user_of, answer["users"])), "GET", "/api/users")
        return found

    def add_user(self, user_id: str, *, name: str | None = None) -> User:
        """Add a user and return him; one who is there already stays as he is."""
        found: User = self._read(user_of, "POST", "/api/users", _given({"id": user_id, "name": name}))
        return found

    def remove_user(self, user_id: str) -> None:
        """Remove a user with memberships, grants and tokens; what he wrote stays."""
        self._read(str, "DELETE", f"/api/users/{_part(user_id)}")

    def members(self, project_id: str) -> list[Member]:
        """Return the members of a project, by user; raise NotFound."""
        path = _path(project_id, "members")
        found: list[Member] = self._read(lambda answer: list(map(member_of, answer["members"])), "GET", path)
        return found

    def set_member(self, project_id: str, user_id: str, right: str) -> Member:
        """Give a user a right in a project in place of the one before; NONE takes him out."""
        given = {"user_id": user_id, "right": right}
        found: Member = self._read(member_of, "POST", _path(project_id, "members"), given)
        return found

    def grants(self, project_id: str) -> list[Grant]:
        """Return the grants of a project that have not ended."""
        path = _path(project_id, "grants")
        found: list[Grant] = self._read(lambda answer: list(map(grant_of, answer["grants"])), "GET", path)
        return found

    def grant(self, project_id: str, user_id: str, right: str, until: datetime | str) -> Grant:
        """Give a user a right until a time, at which it ends by itself."""
        given = {"user_id": user_id, "right": right, "until": until}
        found: Grant = self._read(grant_of, "POST", _path(project_id, "grants"), given)
        return found

    def revoke_grant(self, project_id: str, grant_id: str) -> None:
        """End a grant at once; raise NotFound."""
        self._read(str, "DELETE", f"{_path(project_id, 'grants')}/{_part(grant_id)}")


class Tokens:
    """The verbs of `memory.people.tokens`; the digests stay with the server."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def list(self) -> builtins.list[Token]:
        """Return the tokens that may be revoked, oldest first."""
        found: builtins.list[Token] = self._read(
            lambda answer: builtins.list(map(token_of, answer["tokens"])), "GET", "/api/tokens"
        )
        return found

    def create(
        self,
        name: str,
        *,
        user_id: str | None = None,
        rights: Mapping[str, str] | None = None,
        expires_at: datetime | str | None = None,
    ) -> tuple[Token, str]:
        """Make a token and return it with its secret, which is shown this once."""
        given = _given({"name": name, "user_id": user_id, "rights": rights, "expires_at": expires_at})
        found: tuple[Token, str] = self._read(
            lambda answer: (token_of(answer), str(answer["token"])), "POST", "/api/tokens", given
        )
        return found

    def revoke(self, token_id: str) -> Token:
        """Have a token open nothing any more, within two seconds, and return it; raise NotFound."""
        path = f"/api/tokens/{_part(token_id)}"
        held = next((token for token in self.list() if token.id == token_id), None)
        if held is None:
            raise NotFound(f"There is no token {token_id!r}", hint="`recollect token list` shows those there are.")
        self._read(str, "DELETE", path)
        return held


class People:
    """What `memory.people` is, asked of a server."""

    def __init__(self, read: Read) -> None:
        self.projects = Projects(read)
        self.members = Members(read)
        self.tokens = Tokens(read)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _path(project_id: str, verb: str = "") -> str:
    return f"/api/projects/{_part(project_id)}{'/' if verb else ''}{verb}"


def _part(name: Any) -> str:
    """Return an id as a part of a path; raise InvalidInput for what would be another path."""
    if not isinstance(name, str) or not name.strip() or name in {".", ".."}:
        raise InvalidInput("That is no id", field="id", hint="Give the id as a string.")
    return quote(name.encode("utf-8", "replace"), safe="")
