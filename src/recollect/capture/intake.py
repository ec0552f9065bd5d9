"""Turns what clients hand in into memories ready to be written: validated, normalised, redacted, keyed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from recollect.capture.identifier import identifier, kind_of
from recollect.capture.ids import new_id
from recollect.capture.instant import instant
from recollect.capture.metadata import cleaned, metadata_of
from recollect.capture.normalise import normalise
from recollect.capture.poison import SHORT, flagged
from recollect.capture.redact import Redacted, redact, redact_field
from recollect.errors import InvalidInput, TooLarge
from recollect.models import Kind, Memory, Role, Scope, Source, Turn
from recollect.text.kept import kept

MAX_TEXT: Final = 2_000_000
MAX_TURNS: Final = 10_000
MAX_TITLE: Final = 512
ROLES: Final[Mapping[str, Role]] = {
    **{role.value: role for role in Role},
    "human": Role.USER,
    "ai": Role.ASSISTANT,
    "model": Role.ASSISTANT,
    "bot": Role.ASSISTANT,
    "developer": Role.SYSTEM,
    "function": Role.TOOL,
}
TEXT_BLOCKS: Final = ("text", "input_text", "output_text")
WRITTEN: Final = (Kind.NOTE, Kind.FACT)


@dataclass(frozen=True, slots=True)
class Draft:
    """A memory ready to be written, its idempotency key, and what redaction took out of it, by kind."""

    memory: Memory
    key: str
    redacted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Nothing:
    """A turn of which nothing is left to write (empty, or private as a whole), and what was taken out of it."""

    redacted: Mapping[str, int] = field(default_factory=dict)


def turns_of(values: object) -> list[Turn]:
    """Return the validated turns of one call, 10,000 at most; raise InvalidInput or TooLarge naming the field."""
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Sequence):
        raise InvalidInput(f"turns is {kind_of(values)}, not a list", field="turns", hint="Give a list of turns.")
    if len(values) > MAX_TURNS:
        raise TooLarge(f"{len(values)} turns in one call", field="turns", hint="Send 10,000 at most, in several calls.")
    return [turn_of(value, index) for index, value in enumerate(values)]


def turn_of(value: Mapping[str, Any] | Turn, index: int) -> Turn:
    """Return one validated turn; `index` is its place in the call, for messages such as `turns[3].occurred_at`.

    Raises InvalidInput, or TooLarge when the content exceeds 2,000,000 characters. Unknown fields are passed over.
    """
    place = f"turns[{index}]"
    if isinstance(value, Turn):
        value = {name: getattr(value, name) for name in Turn.__slots__}
    elif not isinstance(value, Mapping):
        raise InvalidInput(f"{place} is {kind_of(value)}", field=place, hint='Give {"role": "user", "content": "…"}.')
    speaker, moment, message = value.get("speaker"), value.get("occurred_at"), value.get("message_id")
    end = value.get("expires_at")
    return Turn(
        role=role_of(value.get("role"), f"{place}.role"),
        content=content_of(value.get("content"), f"{place}.content"),
        speaker=None if speaker is None or speaker == "" else identifier(speaker, f"{place}.speaker"),
        occurred_at=None if moment is None else instant(moment, f"{place}.occurred_at"),
        message_id=None if message is None else identifier(message, f"{place}.message_id"),
        metadata=metadata_of(value.get("metadata"), f"{place}.metadata"),
        expires_at=None if end is None else instant(end, f"{place}.expires_at"),
    )


def role_of(value: object, field: str) -> Role:
    """Return the role, whose names are taken in any case and in other clients' words (human, ai, model, function)."""
    role = ROLES.get(value.strip().lower()) if isinstance(value, str) else None
    if role is None:
        shown = repr(value[:40]) if isinstance(value, str) else kind_of(value)
        raise InvalidInput(f"{field} is {shown}", field=field, hint="Use user, assistant, system or tool.")
    return role


def content_of(value: object, field: str) -> str:
    """Return the text of a string or of a list of text blocks, which are joined by line ends."""
    if isinstance(value, list | tuple):
        value = "\n".join([_block(block, f"{field}[{index}]") for index, block in enumerate(value)])
    if not isinstance(value, str):
        hint = (
            "Decode bytes first." if isinstance(value, bytes) else 'Give text, or blocks {"type": "text", "text": "…"}.'
        )
        raise InvalidInput(f"{field} is {kind_of(value)}, not text", field=field, hint=hint)
    if len(value) > MAX_TEXT:
        raise TooLarge(f"{field} has {len(value)} characters", field=field, hint="The limit is 2,000,000; split it.")
    return value


def _block(block: object, field: str) -> str:
    if isinstance(block, Mapping) and block.get("type") in TEXT_BLOCKS and isinstance(block.get("text"), str):
        return str(block["text"])
    raise InvalidInput(
        f"{field} is not a text block", field=field, hint='Leave out all but {"type": "text", "text": "…"}.'
    )


def draft(turns: Iterable[Turn], scope: Scope, now: datetime, source: Source = Source()) -> list[Draft | Nothing]:  # noqa: B008
    """Return for each validated turn, in order, what is to be written; `now` is the aware time of writing.

    Text, speaker and metadata are normalised and redacted. The key stands for user, project, conversation, role,
    speaker, message id (or else the time it was said, where given) and text; of turns without a message id that are
    otherwise equal, it also counts which one of this call it is. So a repeated call gives the same keys. The agent
    is no part of it. A turn with no time of its own occurred `now`; a tool's turn is an observation.
    """
    seen: dict[str, int] = {}
    return [_drafted(turn, scope, now, source, seen) for turn in turns]


def _drafted(turn: Turn, scope: Scope, now: datetime, source: Source, seen: dict[str, int]) -> Draft | Nothing:
    clean = redact(normalise(turn.content))
    text = clean.text
    if not text or text.isspace():
        return Nothing(clean.counts)
    counts = clean.counts
    speaker, metadata = turn.speaker, turn.metadata
    if metadata or speaker:
        counts = dict(counts)
        speaker, metadata = _clean_text(speaker, counts), _clean_metadata(metadata, counts)
    moment = turn.message_id or (turn.occurred_at.isoformat() if turn.occurred_at else "")
    key = _digest(
        (scope.user_id, scope.project_id, scope.conversation_id or "", turn.role, speaker or "", moment, text)
    )
    if turn.message_id is None:
        nth = seen[key] = seen.get(key, -1) + 1
        if nth:
            key = _digest((key, str(nth)))
    memory = Memory(
        id=new_id(now),
        kind=Kind.OBSERVATION if turn.role is Role.TOOL else Kind.TURN,
        text=text,
        scope=scope,
        created_at=now,
        occurred_at=turn.occurred_at or now,
        content_hash=content_hash(text),
        role=turn.role,
        speaker=speaker,
        metadata=flagged(metadata, turn.content, turn.speaker),
        source=Source(source.client, source.file, turn.message_id) if turn.message_id else source,
        expires_at=turn.expires_at,
    )
    return Draft(memory, key, counts)


def note(
    text: object,
    scope: Scope,
    now: datetime,
    *,
    kind: Kind = Kind.NOTE,
    title: object = None,
    metadata: object = None,
    occurred_at: object = None,
    importance: object = None,
    message_id: object = None,
    source: Source = Source(),  # noqa: B008
) -> Draft:
    """Return a note or fact written on purpose, ready to be written; raise InvalidInput or TooLarge naming the field.

    With a message id the key is the same each time; without one every note has a key of its own, so that what was
    changed or retired may be written anew: repeats are found by `content_hash` (`Records.same`).
    """
    if kind not in WRITTEN:
        raise InvalidInput(f"kind is {str(kind)[:40]!r}", field="kind", hint="Write a note or a fact.")
    content = content_of(text, "text")
    clean = redact(normalise(content))
    if not clean.text.strip():
        raise InvalidInput(
            "text is empty", field="text", hint="Nothing is left to remember once private parts are out."
        )
    counts = dict(clean.counts)
    name = None if title is None else _clean_text(_title(title), counts)
    message = None if message_id is None else identifier(message_id, "message_id")
    memory = Memory(
        id=new_id(now),
        kind=Kind(kind),
        text=clean.text,
        scope=scope,
        created_at=now,
        occurred_at=now if occurred_at is None else instant(occurred_at, "occurred_at"),
        content_hash=content_hash(clean.text),
        title=name or None,
        importance=0.5 if importance is None else share(importance, "importance"),
        metadata=flagged(_clean_metadata(metadata_of(metadata, "metadata"), counts), content, name),
        source=Source(source.client, source.file, message) if message else source,
    )
    parts = (scope.user_id, scope.project_id, scope.conversation_id or "", kind, message or memory.id, clean.text)
    return Draft(memory, _digest(parts), counts)


def share(value: object, field: str) -> float:
    """Return a number from 0 to 1; raise InvalidInput."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InvalidInput(f"{field} is not a number from 0 to 1", field=field, hint="0.5 is the middle.")
    return float(value)


def content_hash(text: str, file: str | None = None) -> str:
    """Return 128 bits of BLAKE2b in hex over the text, folded by case and white space.

    The text of a file is told apart by its path: no note is that file said again.
    """
    folded = " ".join(text.casefold().split())
    return blake2b((folded if file is None else f"{file}\x1f{folded}").encode(), digest_size=16).hexdigest()


def _digest(parts: tuple[str, ...]) -> str:
    return blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def _title(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"title is {kind_of(value)}, not text", field="title", hint="Give one line of text.")
    if len(value) > MAX_TITLE:
        raise TooLarge(f"title has {len(value)} characters", field="title", hint="The limit is 512.")
    return " ".join(value.split())


def _clean_text(text: str | None, counts: dict[str, int], name: str = "") -> str | None:
    if text is None:
        return None
    clean = redact_field(name, normalise(text)) if name else _redacted(text)
    for kind, count in clean.counts.items():
        counts[kind] = counts.get(kind, 0) + count
    return clean.text


@kept(size=1024, longest=SHORT)
def _redacted(text: str) -> Redacted:
    return redact(normalise(text))


def _clean_metadata(metadata: Mapping[str, Any], counts: dict[str, int]) -> dict[str, Any]:
    return cleaned(dict(metadata), lambda name, text: _clean_text(text, counts, name) or "") if metadata else {}
