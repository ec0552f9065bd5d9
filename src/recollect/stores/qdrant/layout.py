"""How collections of Qdrant are laid out. It stands apart from what needs Qdrant's client, which is an extra."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """Over how many shards and copies (`None`: as the server does), and whether searches read small numbers first."""

    shards: int | None = None
    replicas: int | None = None
    quantised: bool = True
