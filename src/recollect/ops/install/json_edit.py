"""Changes one place of a JSON text and leaves every other character as it was: comments, order, spaces, line ends."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from recollect.ops.install.json_read import Node, parse, value_of

UNIT: Final = "  "
_INDENTED: Final = re.compile(r"^([ \t]+)[^\s/*]", re.MULTILINE)
_REMARK: Final = re.compile(r"[ \t]*(?://[^\r\n]*|/\*(?:(?!\*/)[^\r\n])*\*/(?=[ \t]*(?:\r?\n|$)))?")
_tree: Final = lru_cache(maxsize=4)(parse)
"""A text is looked at many times before it changes."""
Step = str | int
"""The name of a member, or the number of an element."""


class Misplaced(ValueError):
    """On the way to a place stands something else than an object or a list; `line` says where."""

    def __init__(self, text: str, at: int, reason: str) -> None:
        super().__init__(reason)
        self.line = text.count("\n", 0, at) + 1


@dataclass(frozen=True, slots=True)
class Text:
    """A JSON text to be changed; `five` lets in all of JSON5."""

    said: str
    five: bool = False

    def root(self) -> Node:
        """Return the tree; raise Broken, or Misplaced where it is no object."""
        node = _tree(self.said, five=self.five)
        if node.sort != "object":
            raise Misplaced(self.said, node.start, "it holds no object")
        return node

    def value(self) -> Any:
        """Return what the text says."""
        return value_of(self.root())

    def find(self, path: Sequence[Step]) -> Node | None:
        """Return the node at a path, `None` where there is none."""
        node = self.root()
        for step in path:
            at = node.child(step) if isinstance(step, str) else step if step < len(node.children) else None
            if at is None:
                return None
            node = node.children[at].node
        return node

    def put(self, path: Sequence[str], value: Any) -> Text:
        """Return the text with a member set to a value; objects on the way are made. Raises Misplaced."""
        node = self.root()
        for depth, name in enumerate(path):
            self._must(node, "object", path[:depth])
            at = node.child(name)
            if at is None:
                return self._inserted(node, name, _nested(path[depth + 1 :], value))
            node = node.children[at].node
        return self._replaced(node, value)

    def append(self, path: Sequence[str], value: Any) -> Text:
        """Return the text with a value added to the end of a list, which is made where it is missing."""
        node = self.find(path)
        if node is None:
            return self.put(path, [value])
        self._must(node, "list", path)
        return self._inserted(node, None, value)

    def remove(self, path: Sequence[Step]) -> Text:
        """Return the text without a member or element; without change where there is none.

        What `put` or `append` added to a place that was not blank is taken out to the character.
        """
        parent = self.find(path[:-1])
        if parent is None or self.find(path) is None:
            return self
        last = path[-1]
        at = parent.child(last) if isinstance(last, str) else last
        return self if at is None else Text(_removed(self.said, parent, at), self.five)

    def swap(self, path: Sequence[Step], raw: str) -> Text:
        """Return the text with the characters of a value replaced by others that are JSON themselves."""
        node = self.find(path)
        if node is None:
            return self
        return Text(self.said[: node.start] + raw + self.said[node.end :], self.five)

    def _must(self, node: Node, sort: str, path: Sequence[str]) -> None:
        if node.sort != sort:
            what = "an object" if sort == "object" else "a list"
            raise Misplaced(self.said, node.start, f"`{'.'.join(path)}` is not {what}")

    def _replaced(self, node: Node, value: Any) -> Text:
        style = _Style(self.said)
        written = style.written(value, _margin(self.said, node.start), inline="\n" not in self.said.strip())
        return Text(self.said[: node.start] + written + self.said[node.end :], self.five)

    def _inserted(self, node: Node, name: str | None, value: Any) -> Text:
        said = (_filled if not node.children else _extended)(self.said, node, name, value)
        return Text(said, self.five)


@dataclass(frozen=True, slots=True)
class _Style:
    """How a text is written."""

    text: str

    @property
    def line_end(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    @property
    def unit(self) -> str:
        found = _INDENTED.search(self.text)
        if found is None:
            return UNIT
        return "\t" if "\t" in found[1] else found[1][:8]

    def written(self, value: Any, margin: str, *, inline: bool) -> str:
        if inline:
            return json.dumps(value, ensure_ascii=False)
        said = json.dumps(value, ensure_ascii=False, indent=self.unit)
        return said.replace("\n", self.line_end + margin)

    def child(self, name: str | None, value: Any, margin: str, *, inline: bool) -> str:
        said = self.written(value, margin, inline=inline)
        return said if name is None else f"{json.dumps(name, ensure_ascii=False)}: {said}"


def _nested(path: Sequence[str], value: Any) -> Any:
    for name in reversed(path):
        value = {name: value}
    return value


def _margin(text: str, at: int) -> str:
    """Return the white space that the line of a place starts with."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _own_line(text: str, at: int) -> bool:
    """Tell whether nothing but white space stands before a place in its line, which is not the first."""
    begun = text.rfind("\n", 0, at) + 1
    return begun > 0 and not text[begun:at].strip(" \t")


def _filled(text: str, node: Node, name: str | None, value: Any) -> str:
    """Return the text with the first child of an object or list."""
    style, inner = _Style(text), text[node.start + 1 : node.end - 1]
    root = not text[: node.start].strip("\ufeff \t\r\n")
    inline = not root and "\n" not in text.strip()
    if inline and not inner.strip():
        return text[: node.start + 1] + style.child(name, value, "", inline=True) + text[node.end - 1 :]
    outer = _margin(text, node.start)
    margin = outer + style.unit
    kept = inner.rstrip()
    added = style.line_end + margin + style.child(name, value, margin, inline=False) + style.line_end + outer
    return text[: node.start + 1] + kept + added + text[node.end - 1 :]


def _extended(text: str, node: Node, name: str | None, value: Any) -> str:
    """Return the text with a child after the last one, written as that one is."""
    style, last = _Style(text), node.children[-1]
    behind = last.node.end if last.comma is None else last.comma + 1
    comma, trailing = ("," if last.comma is None else ""), ("" if last.comma is None else ",")
    if not _own_line(text, last.start):
        added = f"{comma} {style.child(name, value, '', inline=True)}{trailing}"
        return text[:behind] + added + text[behind:]
    margin = _margin(text, last.start)
    found = _REMARK.match(text, behind)
    after = behind if found is None else behind + len(found[0].rstrip(" \t"))
    said = style.child(name, value, margin, inline=False)
    return text[:behind] + comma + text[behind:after] + style.line_end + margin + said + trailing + text[after:]


def _removed(text: str, parent: Node, at: int) -> str:
    child = parent.children[at]
    end = child.node.end if child.comma is None else child.comma + 1
    start = _start(text, parent, at, end)
    if len(parent.children) == 1 and not (text[parent.start + 1 : start] + text[end : parent.end - 1]).strip():
        return text[: parent.start + 1] + text[parent.end - 1 :]
    before = parent.children[at - 1] if at else None
    if child.comma is None and before is not None and before.comma is not None:
        return text[: before.comma] + text[before.comma + 1 : start] + text[end:]
    return text[:start] + text[end:]


def _start(text: str, parent: Node, at: int, end: int) -> int:
    """Return where what goes with a child begins: with its line when it has that for itself, else with its blanks."""
    child, before = parent.children[at], parent.start + 1
    if at:
        before = parent.children[at - 1].comma or parent.children[at - 1].node.end
    if not _own_line(text, child.start):
        start = child.start
        while start > parent.start + 1 and text[start - 1] in " \t":
            start -= 1
        return start
    begun = text.rfind("\n", 0, child.start)
    rest = text[end : (text.find("\n", end) + 1 or len(text) + 1) - 1].strip()
    if rest and not rest.startswith("//") and "//" in text[before:begun]:
        return child.start  # what comes after must not end up in the remark
    return begun - 1 if text[begun - 1 : begun] == "\r" else begun
