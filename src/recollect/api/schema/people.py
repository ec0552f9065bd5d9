"""Requests and answers of projects, members, grants, users and tokens."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from recollect.api.schema.field import Body, Identifier, Moment

RightName = Annotated[str, Field(max_length=16, description="NONE, READ, WRITE, ADMIN, OWNER.", examples=["READ"])]
Name = Annotated[str, Field(max_length=200, examples=["The web shop"])]
Description = Annotated[str, Field(max_length=4000)]
Business = Annotated[str, Field(max_length=200, description="general, crypto, advert, life, or any.")]
IsolationName = Annotated[str, Field(max_length=16, description="strict, relaxed, shared.", examples=["relaxed"])]
StatusName = Annotated[str, Field(max_length=16, description="active, archived.", examples=["active"])]
Settings = Annotated[dict[str, Any], Field(description="A JSON object of your own, kept as it is.")]


class NewProject(Body):
    """A project to be made."""

    id: Identifier
    name: Name | None = None
    description: Description = ""
    business_type: Business = "general"
    isolation_mode: IsolationName | None = None
    settings: Settings | None = None
    owner: Identifier | None = None


class ProjectChanges(Body):
    """What of a project is to be set."""

    name: Name | None = None
    description: Description | None = None
    business_type: Business | None = None
    isolation_mode: IsolationName | None = None
    settings: Settings | None = None
    status: StatusName | None = None


class Rename(Body):
    """The new id of a project."""

    new_id: Identifier


class Merge(Body):
    """The project that takes the memories."""

    into: Identifier


class MemberRight(Body):
    """A user's right in a project; NONE takes him out."""

    user_id: Identifier
    right: RightName


class NewGrant(Body):
    """A right for a while."""

    user_id: Identifier
    right: RightName
    until: Moment


class NewUser(Body):
    """A user to be added."""

    id: Identifier
    name: Name | None = None


class NewToken(Body):
    """A token to be made: a user's (`user_id`) or a service's (`rights`)."""

    name: Identifier
    user_id: Identifier | None = None
    rights: Annotated[dict[Identifier, RightName] | None, Field(examples=[{"web": "READ"}])] = None
    expires_at: Moment | None = None


class ProjectAnswer(BaseModel):
    """A project; `right` is the caller's in it."""

    id: str
    name: str
    description: str
    business_type: str
    isolation_mode: str
    status: str
    settings: dict[str, Any]
    created_at: str
    right: str
    made: bool


class ProjectList(BaseModel):
    """Projects, by id."""

    projects: list[ProjectAnswer]


class Moved(BaseModel):
    """How many memories moved, and where they are now."""

    project_id: str
    memories: int


class Aliases(BaseModel):
    """The ids that a project had before, by which it is still reached."""

    project_id: str
    aliases: list[str]


class Erased(BaseModel):
    """How many memories went with a project."""

    project_id: str
    deleted: int


class MemberAnswer(BaseModel):
    """A member."""

    project_id: str
    user_id: str
    right: str
    since: str


class MemberList(BaseModel):
    """Members, by user."""

    members: list[MemberAnswer]


class GrantAnswer(BaseModel):
    """A grant."""

    id: str
    project_id: str
    user_id: str
    right: str
    since: str
    until: str
    granted_by: str


class GrantList(BaseModel):
    """Grants that have not ended."""

    grants: list[GrantAnswer]


class UserAnswer(BaseModel):
    """A user."""

    id: str
    name: str
    created_at: str


class UserList(BaseModel):
    """Users, by id."""

    users: list[UserAnswer]


class TokenAnswer(BaseModel):
    """A token; its secret is nowhere."""

    id: str
    name: str
    user_id: str | None
    rights: dict[str, str] | None
    system: bool
    created_at: str
    expires_at: str | None
    used_at: str | None


class TokenMade(TokenAnswer):
    """A token, and what is to be sent as it: shown this once."""

    token: str


class TokenList(BaseModel):
    """Tokens, oldest first."""

    tokens: list[TokenAnswer]


class Gone(BaseModel):
    """What was taken away."""

    id: str
