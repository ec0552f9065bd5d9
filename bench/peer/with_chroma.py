"""Chroma, embedded and persistent, with vectors from the bench's endpoint."""

from __future__ import annotations

import importlib
import uuid
from typing import Any

job = importlib.import_module("job")
chromadb = importlib.import_module("chromadb")


class Chroma:
    """One collection with cosine distance; a text belongs to a user, as everywhere in this bench."""

    def __init__(self, home: str, port: int) -> None:
        settings = chromadb.Settings(anonymized_telemetry=False)
        client = chromadb.PersistentClient(path=home, settings=settings)
        self._embed = job.Embeddings(port)
        self._kept: Any = client.get_or_create_collection(
            "bench", metadata={"hnsw:space": "cosine"}, embedding_function=None
        )

    def add(self, text: str) -> None:
        """Embed and keep one text."""
        self.add_talk([text])

    def add_talk(self, texts: list[str]) -> None:
        """Embed and keep texts in one call each."""
        self.put(texts, self._embed(texts))

    def put(self, texts: list[str], vectors: list[list[float]]) -> None:
        """Keep texts with their vectors."""
        self._kept.add(
            ids=[str(uuid.uuid4()) for _ in texts],
            embeddings=vectors,
            documents=texts,
            metadatas=[{"user_id": "default"} for _ in texts],
        )

    def search(self, question: str) -> int:
        """Embed a question and ask for ten hits."""
        found = self._kept.query(query_embeddings=self._embed([question]), n_results=10, where={"user_id": "default"})
        return len(found["ids"][0])

    def count(self) -> int:
        """Count what is kept."""
        return int(self._kept.count())


def open_peer(asked: dict[str, Any]) -> Chroma:
    """Open the store of a job."""
    return Chroma(asked["home"], asked["port"])
