"""Every table, described once for SQLite and PostgreSQL."""

from recollect.stores.sql.schema.audit import audit
from recollect.stores.sql.schema.cache import cache, cache_epoch
from recollect.stores.sql.schema.core import (
    NOTED,
    Key,
    change,
    chunk,
    conversation,
    derivation,
    entity,
    job,
    link,
    memory,
    mention,
    metadata,
    model,
    relation,
    tenant,
    vector,
)
from recollect.stores.sql.schema.forgotten import forgotten
from recollect.stores.sql.schema.people import (
    member,
    people_edition,
    person,
    project,
    project_alias,
    project_grant,
)
from recollect.stores.sql.schema.retention import box, retention_run, shelved, waste, waste_source
from recollect.stores.sql.schema.search_history import search_history
from recollect.stores.sql.schema.shared import reply, session_end
from recollect.stores.sql.schema.sync import center, node, replica
from recollect.stores.sql.schema.telling import telling, told
from recollect.stores.sql.schema.token import token
from recollect.stores.sql.schema.usage import usage

__all__ = [
    "NOTED",
    "Key",
    "audit",
    "box",
    "cache",
    "cache_epoch",
    "center",
    "change",
    "chunk",
    "conversation",
    "derivation",
    "entity",
    "forgotten",
    "job",
    "link",
    "member",
    "memory",
    "mention",
    "metadata",
    "model",
    "node",
    "people_edition",
    "person",
    "project",
    "project_alias",
    "project_grant",
    "relation",
    "replica",
    "reply",
    "retention_run",
    "search_history",
    "session_end",
    "shelved",
    "telling",
    "tenant",
    "token",
    "told",
    "usage",
    "vector",
    "waste",
    "waste_source",
]
