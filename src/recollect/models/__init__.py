"""The nouns of recollect: frozen dataclasses over the standard library."""

from recollect.models.change import Add, Change, Delete, Event, Retire, Revise
from recollect.models.chunk import Chunk
from recollect.models.conversation import Conversation, Stats, Usage
from recollect.models.embedding import Embedding
from recollect.models.entity import Entity, EntityType, Mention, Relation
from recollect.models.filter import And, Compare, Filter, Not, Op, Or, Scalar
from recollect.models.hit import Context, Hit
from recollect.models.job import Job, JobState, Task
from recollect.models.memory import Kind, Memory, Role, Source, Tier
from recollect.models.owner import Coordinate, Owner
from recollect.models.query import Query, Span, Where
from recollect.models.scope import DEFAULT, Reach, Scope, name_code
from recollect.models.token import Token, digest_of
from recollect.models.turn import Captured, Turn

__all__ = [
    "DEFAULT",
    "Add",
    "And",
    "Captured",
    "Change",
    "Chunk",
    "Compare",
    "Context",
    "Conversation",
    "Coordinate",
    "Delete",
    "Embedding",
    "Entity",
    "EntityType",
    "Event",
    "Filter",
    "Hit",
    "Job",
    "JobState",
    "Kind",
    "Memory",
    "Mention",
    "Not",
    "Op",
    "Or",
    "Owner",
    "Query",
    "Reach",
    "Relation",
    "Retire",
    "Revise",
    "Role",
    "Scalar",
    "Scope",
    "Source",
    "Span",
    "Stats",
    "Task",
    "Tier",
    "Token",
    "Turn",
    "Usage",
    "Where",
    "digest_of",
    "name_code",
]
