"""All seams in one place: what the middle of recollect needs from stores and providers.

Keys: a store numbers its memories and chunks with integers of its own (`key`), which never leave one store; ids are for
everyone else. Every method that reads takes a `Where` or a `Reach`, and a store must not look beyond it.
"""

from recollect.ports.asking import (
    Cache,
    Chat,
    Embed,
    EmbedQuestion,
    Local,
    Models,
    Rephrase,
    Rerank,
    SharedCache,
    Turns,
    embed_question,
)
from recollect.ports.keeping import Dump, Owners, Replies, Tables, Tenancies, Upkeep
from recollect.ports.memories import Graph, Lore, Near, Queue, Records, Spread, Vectors, Words
from recollect.ports.people import Audit, People, Projects, SearchHistory, Tokens, Trail
from recollect.ports.syncing import Nodes, Sync
from recollect.ports.telling import Clock, Tracker
from recollect.ports.tellings import Tellings

__all__ = [
    "Audit",
    "Cache",
    "Chat",
    "Clock",
    "Dump",
    "Embed",
    "EmbedQuestion",
    "Graph",
    "Local",
    "Lore",
    "Models",
    "Near",
    "Nodes",
    "Owners",
    "People",
    "Projects",
    "Queue",
    "Records",
    "Rephrase",
    "Replies",
    "Rerank",
    "SearchHistory",
    "SharedCache",
    "Spread",
    "Sync",
    "Tables",
    "Tellings",
    "Tenancies",
    "Tokens",
    "Tracker",
    "Trail",
    "Turns",
    "Upkeep",
    "Vectors",
    "Words",
    "embed_question",
]
