"""Where projects and people are looked after: `memory.people`."""

from __future__ import annotations

from recollect.access.acting import Acting
from recollect.people.members import MemberVerbs
from recollect.people.projects import ProjectVerbs
from recollect.people.tokens import TokenVerbs
from recollect.ports import Owners, People, Projects, Tokens


class Office:
    """The verbs for `projects`, `members` (with users and grants) and `tokens`, as one actor may use them."""

    def __init__(self, acting: Acting, projects: Projects, people: People, tokens: Tokens, owners: Owners) -> None:
        self.projects = ProjectVerbs(acting, projects, owners)
        self.members = MemberVerbs(acting, people)
        self.tokens = TokenVerbs(acting, tokens)
