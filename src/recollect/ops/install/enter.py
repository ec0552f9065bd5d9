"""Enters what is wanted into the text of a JSON file, and takes it out again, without touching anything else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from recollect.ops.install.json_edit import Text
from recollect.ops.install.json_read import value_of
from recollect.ops.install.machine import NAME
from recollect.ops.install.trace import Trace
from recollect.ops.install.wanted import Default, Element, Member

HOOK: Final = re.compile(r"recollect[\\/]+hooks[\\/]+post\.py")
"""What every command of our hooks names."""
_Entry = Member | Default | Element


def is_in(text: Text, entries: Iterable[_Entry]) -> bool:
    """Tell whether a file holds all that is wanted, and no hook of ours besides."""
    return all(_holds(text, entry) and not list(_strays(text, entry)) for entry in entries)


def enter(text: Text, entries: Iterable[_Entry]) -> tuple[Text, list[Trace]]:
    """Return the text with the entries, and what was done; raises Broken and Misplaced.

    Hooks of ours that are not wanted any more, of another data directory or Python, give way.
    """
    traces: list[Trace] = []
    for entry in entries:
        for at in sorted(_strays(text, entry), reverse=True):
            text = _cleared(text, entry.path, at)
        if _holds(text, entry):
            continue
        if not isinstance(entry, Default):
            traces += [Trace("made", path) for path in _missing(text, entry)]
        found = text.find(entry.path)
        old = text.said[found.start : found.end] if found and isinstance(entry, Member) else None
        text = text.append(entry.path, entry.value) if isinstance(entry, Element) else _put(text, entry)
        sort = "element" if isinstance(entry, Element) else "needed" if isinstance(entry, Default) else "member"
        traces.append(Trace(sort, entry.path, entry.value, old))
    return text, traces


def take_out(text: Text, traces: Sequence[Trace]) -> Text:
    """Return the text without what was entered, as far as it is still there; what was put in its place stays."""
    for trace in reversed(traces):
        node = text.find(trace.path)
        if node is None:
            continue
        if trace.sort == "member" and (trace.path[-1].partition("@")[0] == NAME or value_of(node) == trace.value):
            text = text.remove(trace.path) if trace.old is None else text.swap(trace.path, trace.old)
        elif trace.sort == "element":
            text = _without(text, trace)
        elif trace.sort == "made" and node.sort != "scalar" and not node.children:
            text = text.remove(trace.path)
    return text


def is_bare(text: Text, traces: Sequence[Trace]) -> bool:
    """Tell whether nothing is left in a file but what it cannot do without."""
    needed = {trace.path[0]: trace.value for trace in traces if trace.sort == "needed"}
    said = text.value()
    return bool(said.keys() <= needed.keys()) and all(said[name] == needed[name] for name in said)


def mentions_hook(value: Any) -> bool:
    """Tell whether a command of our hooks stands anywhere in a value."""
    if isinstance(value, str):
        return HOOK.search(value) is not None
    if isinstance(value, Mapping):
        return any(map(mentions_hook, value.values()))
    return isinstance(value, list) and any(map(mentions_hook, value))


def _holds(text: Text, entry: _Entry) -> bool:
    node = text.find(entry.path)
    if node is None:
        return False
    if isinstance(entry, Default):
        return True
    if isinstance(entry, Member):
        return _covers(value_of(node), entry.value, entry.passing)
    return node.sort == "list" and any(value_of(child.node) == entry.value for child in node.children)


def _covers(value: Any, wanted: Any, passing: frozenset[str]) -> bool:
    """Tell whether a value says what is wanted; an object may say more, and anything in the fields of no account."""
    if isinstance(wanted, Mapping):
        names = wanted.keys() - passing
        return isinstance(value, Mapping) and all(
            name in value and _covers(value[name], wanted[name], passing) for name in names
        )
    if isinstance(wanted, list):
        return (
            isinstance(value, list)
            and len(value) == len(wanted)
            and all(_covers(one, other, passing) for one, other in zip(value, wanted, strict=True))
        )
    return bool(value == wanted)


def _put(text: Text, entry: Member | Default) -> Text:
    """Return the text with a member; of an object that is there, what it says besides stays."""
    node = text.find(entry.path)
    if node is None or node.sort != "object" or not isinstance(entry.value, Mapping):
        return text.put(entry.path, entry.value)
    passing = entry.passing if isinstance(entry, Member) else frozenset()
    for name, value in entry.value.items():
        held = node.child(name)
        if held is None or not _covers(value_of(node.children[held].node), value, passing):
            text = text.put((*entry.path, name), value)
    return text


def _strays(text: Text, entry: _Entry) -> Iterator[int]:
    """Yield the numbers of our hooks in a list that are not the wanted one, or that one a second time."""
    node = text.find(entry.path) if isinstance(entry, Element) else None
    seen = False
    for at, child in enumerate(node.children if node and node.sort == "list" else ()):
        value = value_of(child.node)
        if value == entry.value and not seen:
            seen = True
        elif mentions_hook(value) and mentions_hook(entry.value):
            yield at


def _missing(text: Text, entry: Member | Element) -> Iterator[tuple[str, ...]]:
    """Yield the objects on the way, and the list, that are not there."""
    end = len(entry.path) + isinstance(entry, Element)
    for length in range(1, end):
        if text.find(entry.path[:length]) is None:
            yield entry.path[:length]


def _without(text: Text, trace: Trace) -> Text:
    """Return the text without an element; without our hooks in it where somebody has changed it."""
    node = text.find(trace.path)
    ours = mentions_hook(trace.value)
    for at, child in reversed(list(enumerate(node.children if node and node.sort == "list" else ()))):
        value = value_of(child.node)
        if value == trace.value or (ours and mentions_hook(value)):
            text = _cleared(text, trace.path, at)
    return text


def _cleared(text: Text, path: tuple[str, ...], at: int) -> Text:
    """Return the text without an element, or, where others' hooks stand in it too, without ours in it."""
    node = text.find((*path, at))
    value = None if node is None else value_of(node)
    hooks = value.get("hooks") if isinstance(value, dict) else None
    if not isinstance(hooks, list) or all(map(mentions_hook, hooks)):
        return text.remove((*path, at))
    for number in reversed(range(len(hooks))):
        if mentions_hook(hooks[number]):
            text = text.remove((*path, at, "hooks", number))
    return text
