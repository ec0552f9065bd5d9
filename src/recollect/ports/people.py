"""Who may do what, and what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from recollect.models import (
        AuditEntry,
        AuditFilter,
        AuditHead,
        AuditProof,
        Deed,
        Directory,
        Grant,
        Isolation,
        Member,
        PastSearch,
        Project,
        Token,
        User,
    )


class Tokens(Protocol):
    """What clients of the server show to be let in, kept as digests. Durable when a call returns."""

    async def add(self, held: Token) -> bool:
        """Keep a token; one whose digest is there already stays as it is, and the answer is `False`."""

    async def list(self) -> list[Token]:
        """Return all tokens, oldest first."""

    async def revoke(self, ids: Sequence[str]) -> int:
        """Remove the tokens with these ids; return how many were there."""

    async def used(self, token_id: str, at: datetime) -> None:
        """Note when a token last opened; of an unknown one nothing is noted. Losing it in a crash is allowed."""

    async def sign_out(self, once: str, ends: int, now: int) -> None:
        """Keep that a browser's session is over, by its number and the second at which it would have ended by itself.

        Those that would have ended before `now` are forgotten.
        """

    async def signed_out(self) -> frozenset[str]:
        """Return the numbers of the sessions that were ended."""


class People(Protocol):
    """Users, members and grants. Durable when a call returns; every change makes another `edition`."""

    async def edition(self) -> int:
        """Return a number that is another one after any change of users, projects, members, grants or tokens."""

    async def directory(self, usual: Isolation) -> Directory:
        """Return all of it as it stands, in one consistent view; `usual` is the isolation of projects nobody made."""

    async def add_user(self, user: User) -> bool:
        """Add a user; one with this id stays as it is, and the answer is `False`."""

    async def remove_user(self, user_id: str) -> bool:
        """Remove a user with memberships, grants and tokens; memories stay. Raises Conflict for a last owner."""

    async def set_member(self, member: Member) -> None:
        """Give a user a right in a project in place of the one before; NONE takes him out.

        Raises NotFound where there is no such project or user, Conflict where the project would lose its last owner.
        """

    async def add_grant(self, grant: Grant) -> None:
        """Add a grant; raises NotFound where there is no such project or user."""

    async def remove_grant(self, project_id: str, grant_id: str) -> bool:
        """End a grant at once; `False` when there is none."""

    async def expire(self, now: datetime) -> int:
        """Remove grants that have ended; return how many."""


class Projects(Protocol):
    """Projects as namespaces of memories. Durable when a call returns, and all of it in one transaction."""

    async def add(self, project: Project, owner: str | None = None) -> bool:
        """Make a project, with an owner if one is named; one with this id stays as it is: `False`.

        Memories that are there under its id become its own.
        """

    async def claim(self, project: Project, owner: str) -> bool:
        """Do the same only where nobody has made the project and nothing was ever written into it."""

    async def change(self, project: Project) -> None:
        """Take over name, description, business, isolation, status and settings; raises NotFound."""

    async def rename(self, old: str, new: str) -> int:
        """Give a project another id and return how many memories moved; what they are and were stays readable.

        Each memory's move is a change of its own. Members, grants and tokens move too, and the id it had becomes an
        alias, until it is forgotten or another project is made under it. Raises NotFound, and Conflict where the new id
        is taken by a project, by memories, or as the alias of another project.
        """

    async def merge(self, source: str, target: str) -> int:
        """Move all memories of one project into another, which keeps its members, and remove the first.

        Conversations and entities of one name become one; its id becomes an alias. Returns how many memories moved;
        raises NotFound.
        """

    async def forget_alias(self, project_id: str, alias: str) -> bool:
        """Have an id that a project had before mean nothing any more; `False` where it was none."""

    async def erase(self, project_id: str) -> int:
        """Remove a project and all that is its: memories, vectors, words, graph, jobs, history, members, grants.

        Returns how many memories went. Of each stays what tells others that it is gone: its id, user and project.
        Tokens lose their rights there; one without any right left is revoked. Raises NotFound where there is neither a
        project nor a memory of that id.
        """


class SearchHistory(Protocol):
    """What users searched for across projects, each one's own. Losing the latest in a power cut is allowed."""

    async def add(self, past: PastSearch, *, keep: int) -> None:
        """Keep a search (its id is given by the store), and of its user the latest `keep` only."""

    async def list(self, user_id: str, *, limit: int, beyond: int | None = None) -> list[PastSearch]:
        """Return a user's searches, the latest first, those before the id `beyond`."""

    async def delete(self, user_id: str, ids: Sequence[int] | None = None) -> int:
        """Delete a user's searches (all, or these); return how many there were."""


class Trail(Protocol):
    """What a question over several projects leaves behind."""

    async def leave(self, deed: Deed, past: PastSearch | None, *, keep: int) -> None:
        """Append a deed to the audit log and a search (if there is one) to its user's history, both or neither.

        As `Audit.note` with `durable` false, and `SearchHistory.add`.
        """


class Audit(Protocol):
    """The log of what is to be answered for: append-only, each entry's digest covering its content and the one before.

    Appends of all processes stand in one order, numbered from 1 without gaps.
    """

    async def note(self, deed: Deed, *, durable: bool = True) -> AuditEntry:
        """Append what was done or tried, and return it as it is kept: with long names cut, never refused for them.

        With `durable` false it outlives this process but not a power cut: for what happens often and changes nothing.
        """

    async def noted(self, head: AuditHead) -> None:
        """Take notice of an entry that was appended, and made durable, in the transaction of what it tells of."""

    async def entries(
        self, asked: AuditFilter, *, limit: int, beyond: int | None = None, newest: bool = True
    ) -> list[AuditEntry]:
        """Return up to `limit` entries that meet a filter, beyond a place in that order."""

    async def head(self) -> AuditHead | None:
        """Return the end of the log, `None` where it is empty."""

    async def verify(self, known: Sequence[AuditHead] = ()) -> AuditProof:
        """Read the whole log and tell where its chain is broken, and whether it still holds each of the `known` ends.

        Besides those given, the store checks the ends that it keeps itself apart from the log.
        """
