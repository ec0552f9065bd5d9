"""Recollect's own embedder behind an OpenAI-compatible `/embeddings` endpoint, so that peers embed with the same model.

Runs as a process of its own; its first line of output is its port.
"""

from __future__ import annotations

import base64
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

from bench.synthetic.texts import CACHE
from recollect.models import Embedding
from recollect.providers.minilm import MiniLM

EMBED = MiniLM(CACHE)


class Endpoint(BaseHTTPRequestHandler):
    """Answers POST …/embeddings; connections stay open, and answers leave in one piece."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        """Embed what `input` holds."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
        plain = asked.get("encoding_format") != "base64"
        body = json.dumps(answer(EMBED.embed_now(texts), plain=plain)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name the standard library gives
        """Say nothing."""


def answer(found: list[Embedding], *, plain: bool) -> dict[str, Any]:
    """Return embeddings in the form of the OpenAI interface, as numbers or in base64."""
    data = [
        {
            "object": "embedding",
            "index": place,
            "embedding": np.frombuffer(one.vector, "<f4").tolist() if plain else base64.b64encode(one.vector).decode(),
        }
        for place, one in enumerate(found)
    ]
    tokens = sum(one.tokens for one in found)
    return {
        "object": "list",
        "model": EMBED.model,
        "data": data,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def main() -> None:
    """Serve on a free port of this machine until ended."""
    EMBED.load()
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
