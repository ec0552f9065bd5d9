"""What happened in an assistant's session, in one form whichever client tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Way(StrEnum):
    """How a session came to start."""

    STARTUP = "startup"
    RESUME = "resume"
    CLEAR = "clear"
    COMPACT = "compact"
    FORK = "fork"


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when something happened.

    `folder` is where the session was begun, empty where that is not known. `prompt` is the id of the prompt that led to
    it, or an id of the event itself where the client has none. `agent` is the subagent that it happened in;
    `transcript` the file in which the client writes the session down.
    """

    client: str
    session: str
    folder: str
    prompt: str
    at: datetime
    agent: str | None = None
    transcript: str | None = None

    @property
    def conversation(self) -> str:
        """The conversation it belongs to: the session, or the subagent's part of it."""
        return f"{self.session}/{self.agent}" if self.agent else self.session


@dataclass(frozen=True, slots=True)
class Started:
    """A session began or went on; `idle` is for how many seconds nothing was said in it."""

    place: Place
    way: Way
    idle: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody gave a prompt."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Used:
    """A tool was called; `subagent` is the one it started, `result` what it answered or why it failed."""

    place: Place
    tool: str
    given: Mapping[str, Any]
    result: str
    failed: bool
    call: str
    subagent: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The assistant came to the end of an answer."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Compacted:
    """The client replaced the conversation by a summary."""

    place: Place
    summary: str


@dataclass(frozen=True, slots=True)
class Paused:
    """A process ended or is about to compact. Never the end of a session: any may be resumed."""

    place: Place


Event = Started | Asked | Used | Answered | Compacted | Paused
