"""Models to test against: OpenAI's, Anthropic's and Gemini's forms, embeddings and reranking, by script."""

from recollect.testing.model_server.behaviour import (
    Answer,
    Behaviour,
    Cut,
    Deed,
    Failure,
    Hang,
    Raw,
    Request,
    Scores,
    Slow,
    Vectors,
    fenced,
    garbage,
    plain,
    too_many,
    wordy,
)
from recollect.testing.model_server.server import ANY, ModelServer, model_server, refusing

__all__ = [
    "ANY",
    "Answer",
    "Behaviour",
    "Cut",
    "Deed",
    "Failure",
    "Hang",
    "ModelServer",
    "Raw",
    "Request",
    "Scores",
    "Slow",
    "Vectors",
    "fenced",
    "garbage",
    "model_server",
    "plain",
    "refusing",
    "too_many",
    "wordy",
]
