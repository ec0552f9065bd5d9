"""The nouns of recollect: frozen dataclasses over the standard library."""

from recollect.models.access import Action, Directory, Verdict
from recollect.models.across import (
    Across,
    AcrossGraph,
    Merge,
    Pair,
    PastSearch,
    Related,
    Searched,
    SharedEntity,
    SharedRelation,
    Tie,
)
from recollect.models.actor import EVERYWHERE, Actor, Person, Service, System, User
from recollect.models.audit import AuditEntry, AuditFault, AuditFilter, AuditHead, AuditProof, Decision, Deed
from recollect.models.change import Add, Change, Delete, Event, Retire, Revise
from recollect.models.chunk import Chunk
from recollect.models.conversation import Conversation, Stats, Usage
from recollect.models.embedding import Embedding
from recollect.models.entity import Community, Entity, EntityPath, EntityType, Mention, Relation
from recollect.models.filter import And, Compare, Filter, Not, Op, Or, Scalar
from recollect.models.forgotten import Forgotten
from recollect.models.hit import Context, Hit
from recollect.models.job import Job, JobState, Task
from recollect.models.memory import FLAGS, Kind, Memory, Role, Source, Tier
from recollect.models.owner import Coordinate, Owner
from recollect.models.project import Grant, Isolation, Member, Project, Seen, Status
from recollect.models.query import Query, Span, Where
from recollect.models.replica import Arrived, Departing, Going, Link, Node, Replica, Stamp
from recollect.models.retention import Measure, Outlook, Policy, Run, RunState
from recollect.models.right import Right
from recollect.models.scope import DEFAULT, Reach, Scope, Within, name_code
from recollect.models.telling import Occasion, Telling, Use
from recollect.models.token import Token, digest_of
from recollect.models.turn import Captured, Turn
from recollect.models.wall import walled, walls

__all__ = [
    "DEFAULT",
    "EVERYWHERE",
    "FLAGS",
    "Across",
    "AcrossGraph",
    "Action",
    "Actor",
    "Add",
    "And",
    "Arrived",
    "AuditEntry",
    "AuditFault",
    "AuditFilter",
    "AuditHead",
    "AuditProof",
    "Captured",
    "Change",
    "Chunk",
    "Community",
    "Compare",
    "Context",
    "Conversation",
    "Coordinate",
    "Decision",
    "Deed",
    "Delete",
    "Departing",
    "Directory",
    "Embedding",
    "Entity",
    "EntityPath",
    "EntityType",
    "Event",
    "Filter",
    "Forgotten",
    "Going",
    "Grant",
    "Hit",
    "Isolation",
    "Job",
    "JobState",
    "Kind",
    "Link",
    "Measure",
    "Member",
    "Memory",
    "Mention",
    "Merge",
    "Node",
    "Not",
    "Occasion",
    "Op",
    "Or",
    "Outlook",
    "Owner",
    "Pair",
    "PastSearch",
    "Person",
    "Policy",
    "Project",
    "Query",
    "Reach",
    "Related",
    "Relation",
    "Replica",
    "Retire",
    "Revise",
    "Right",
    "Role",
    "Run",
    "RunState",
    "Scalar",
    "Scope",
    "Searched",
    "Seen",
    "Service",
    "SharedEntity",
    "SharedRelation",
    "Source",
    "Span",
    "Stamp",
    "Stats",
    "Status",
    "System",
    "Task",
    "Telling",
    "Tie",
    "Tier",
    "Token",
    "Turn",
    "Usage",
    "Use",
    "User",
    "Verdict",
    "Where",
    "Within",
    "digest_of",
    "name_code",
    "walled",
    "walls",
]
