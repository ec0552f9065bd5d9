"""What a model meant, out of what it said: reasoning left out, JSON found in fences and among prose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from itertools import islice
from typing import Any, Final

THOUGHT: Final = re.compile(r"^\s*<(think|thinking|thought|reasoning)>.*?</\1>\s*", re.DOTALL | re.IGNORECASE)
UNCLOSED: Final = re.compile(r"^\s*<(think|thinking|thought|reasoning)>", re.IGNORECASE)
LOOSE: Final = re.compile(r"^.*?</(think|thinking|thought|reasoning)>\s*", re.DOTALL | re.IGNORECASE)
FENCE: Final = re.compile(r"```[\w-]*[ \t]*\n(.*?)(?:\n```|\Z)", re.DOTALL)
STARTS: Final = 200
"""Places in a text where JSON is looked for: prose has few braces, and garbage need not be read to its end."""


class Nothing:
    """What `read_json` returns where there is no JSON that fits; `None` is JSON too."""


NOTHING: Final = Nothing()


def meant(text: str, reasoning: str = "") -> str:
    """Return the answer without the reasoning that some models put before it.

    Some servers take the whole answer for reasoning: where nothing else was said, that is the answer. One that begins
    to reason and never ends has not answered: "".
    """
    said = THOUGHT.sub("", text)
    if said == text and LOOSE.match(text) and not UNCLOSED.match(text):
        said = LOOSE.sub("", text)
    elif UNCLOSED.match(said):
        said = ""
    return said.strip() or (meant(reasoning) if reasoning else "")


def read_json(text: str, schema: Mapping[str, Any]) -> Any:
    """Return the first JSON value in a text that fits a schema, `NOTHING` where there is none.

    It may be the whole text, or stand in a Markdown fence or among prose.
    """
    for value in _values(text.strip().lstrip("\ufeff")):
        if fits(value, schema):
            return value
    return NOTHING


def fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Return whether a value fits a JSON schema (2020-12)."""
    return bool(_validator(json.dumps(schema, sort_keys=True)).is_valid(value))


@lru_cache(maxsize=64)
def _validator(schema: str) -> Any:
    return import_module("jsonschema").Draft202012Validator(json.loads(schema))


def _values(text: str) -> Iterator[Any]:
    """Yield every JSON value that can be read from a text: all of it, fences, then wherever one begins."""
    for part in (text, *FENCE.findall(text)):
        with suppress(ValueError, RecursionError):
            yield json.loads(part)
    decoder, after = json.JSONDecoder(), 0
    for found in islice(re.finditer(r"[\[{]", text), STARTS):
        if found.start() >= after:
            with suppress(ValueError, RecursionError):
                value, after = decoder.raw_decode(text, found.start())
                yield value
