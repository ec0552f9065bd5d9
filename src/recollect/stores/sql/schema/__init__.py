"""Every table, described once for SQLite and PostgreSQL."""

from recollect.stores.sql.schema.core import (
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
from recollect.stores.sql.schema.token import token
from recollect.stores.sql.schema.usage import usage

__all__ = [
    "Key",
    "change",
    "chunk",
    "conversation",
    "derivation",
    "entity",
    "job",
    "link",
    "memory",
    "mention",
    "metadata",
    "model",
    "relation",
    "tenant",
    "token",
    "usage",
    "vector",
]
