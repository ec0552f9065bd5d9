"""Mem0 with `infer=False` and its local Qdrant, the bench's endpoint as its embedder."""

from __future__ import annotations

import hashlib
import importlib
import uuid
from datetime import UTC, datetime
from typing import Any

mem0 = importlib.import_module("mem0")

USER = "default"


class Mem0:
    """Its defaults, but for what has to name this machine instead of a service."""

    def __init__(self, home: str, port: int) -> None:
        at = f"http://127.0.0.1:{port}/v1"
        self._memory: Any = mem0.Memory.from_config(
            {
                "vector_store": {
                    "provider": "qdrant",
                    "config": {"path": f"{home}/qdrant", "embedding_model_dims": 384},
                },
                "embedder": {
                    "provider": "openai",
                    "config": {
                        "model": "all-MiniLM-L6-v2",
                        "openai_base_url": at,
                        "api_key": "none",
                        "embedding_dims": 384,
                    },
                },
                "llm": {"provider": "openai", "config": {"openai_base_url": at, "api_key": "none"}},
                "history_db_path": f"{home}/history.db",
            }
        )

    def add(self, text: str) -> None:
        """Keep one text as it is."""
        self._memory.add(text, user_id=USER, infer=False)

    def add_talk(self, texts: list[str]) -> None:
        """Keep a conversation's turns as they are."""
        self._memory.add([{"role": "user", "content": text} for text in texts], user_id=USER, infer=False)

    def put(self, texts: list[str], vectors: list[list[float]]) -> None:
        """Keep texts with their vectors, past the embedder, with the payload that `add` writes."""
        now = datetime.now(UTC).isoformat()
        payloads = [
            {
                "data": text,
                "hash": hashlib.md5(text.encode()).hexdigest(),
                "created_at": now,
                "updated_at": now,
                "user_id": USER,
                "role": "user",
            }
            for text in texts
        ]
        self._memory.vector_store.insert(vectors, payloads, [str(uuid.uuid4()) for _ in texts])

    def search(self, question: str) -> int:
        """Ask for ten hits."""
        return len(self._memory.search(question, top_k=10, filters={"user_id": USER})["results"])

    def count(self) -> int:
        """Count what is kept."""
        store = self._memory.vector_store
        return int(store.client.count(store.collection_name).count)


def open_peer(asked: dict[str, Any]) -> Mem0:
    """Open the store of a job."""
    return Mem0(asked["home"], asked["port"])
