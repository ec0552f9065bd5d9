"""Reads JSON as people write settings (comments, trailing commas, JSON5) and remembers where everything stands."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, Final, NoReturn

DEEPEST: Final = 200
"""Objects and lists inside of one another that are followed."""

_BLANK: Final = re.compile(r"[ \t\r\n]+|//[^\r\n]*|/\*[\s\S]*?\*/")
_BLANK5: Final = re.compile(r"[\s\ufeff]+|//[^\r\n\u2028\u2029]*|/\*[\s\S]*?\*/")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_NUMBER5: Final = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|Infinity|NaN)", re.ASCII)
_WORD: Final = re.compile(r"true|false|null")
_NAME: Final = re.compile(r"[^\W\d]\w*(?:\$\w*)*|\$[\w$]*")
_SINGLE: Final = re.compile(r"'((?:[^'\\\r\n]|\\(?:\r\n|[\s\S]))*)'")
_DOUBLE: Final = re.compile(r'"((?:[^"\\\r\n]|\\(?:\r\n|[\s\S]))*)"')
_ESCAPE: Final = re.compile(r"\\(\r\n|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[\s\S])")
_WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}
_SIGNS: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}


class Broken(ValueError):
    """A text is no JSON; `line` and `column` (from 1) say where."""

    def __init__(self, text: str, at: int, reason: str) -> None:
        super().__init__(reason)
        self.line = text.count("\n", 0, at) + 1
        self.column = at - (text.rfind("\n", 0, at) + 1) + 1
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Node:
    """A value and the characters it takes, `start` to `end`."""

    sort: str
    start: int
    end: int
    value: Any = None
    children: tuple[Child, ...] = ()

    def child(self, name: str) -> int | None:
        """Return the number of the member with a name (the last, as readers of JSON take it), `None` without one."""
        return next((at for at in reversed(range(len(self.children))) if self.children[at].name == name), None)


@dataclass(frozen=True, slots=True)
class Child:
    """A member of an object or an element of a list, from `start`; `comma` is where the comma after it stands."""

    name: str | None
    start: int
    node: Node
    comma: int | None


def value_of(node: Node) -> Any:
    """Return what a node says, as `json.loads` would."""
    if node.sort == "object":
        return {child.name: value_of(child.node) for child in node.children}
    return [value_of(child.node) for child in node.children] if node.sort == "list" else node.value


def parse(text: str, *, five: bool = False) -> Node:
    """Return the tree of a text with comments and trailing commas, `five`: also with all of JSON5; raise Broken."""
    scanner = _Scanner(text, five=five)
    scanner.blank()
    root = scanner.value(0)
    scanner.blank()
    if scanner.at < len(text):
        scanner.fail("something stands after the end")
    return root


@dataclass(slots=True)
class _Scanner:
    text: str
    five: bool
    at: int = field(default=0)

    def fail(self, reason: str) -> NoReturn:
        raise Broken(self.text, self.at, reason)

    def blank(self) -> None:
        """Pass over white space and comments."""
        pattern = _BLANK5 if self.five else _BLANK
        while found := pattern.match(self.text, self.at):
            self.at = found.end()
        if self.text.startswith("/*", self.at):
            self.fail("a comment is not closed")

    def value(self, depth: int) -> Node:
        if depth > DEEPEST:
            self.fail("nested too deep")
        sign = self.text[self.at : self.at + 1]
        if sign in ("{", "["):
            return self.several(depth, sign)
        start = self.at
        said = self.string() if sign in ("'", '"') and sign else self.word()
        return Node("scalar", start, self.at, said)

    def several(self, depth: int, opening: str) -> Node:
        start, closing = self.at, "}" if opening == "{" else "]"
        self.at += 1
        children: list[Child] = []
        self.blank()
        while not self.text.startswith(closing, self.at):
            if children and children[-1].comma is None:
                self.fail(f"a comma or {closing} is missing")
            children.append(self.one(depth, named=opening == "{"))
            self.blank()
        self.at += 1
        return Node("object" if opening == "{" else "list", start, self.at, None, tuple(children))

    def one(self, depth: int, *, named: bool) -> Child:
        start, name = self.at, None
        if named:
            name = self.name()
            self.blank()
            if not self.text.startswith(":", self.at):
                self.fail("a colon is missing")
            self.at += 1
            self.blank()
        node = self.value(depth + 1)
        self.blank()
        comma = self.at if self.text.startswith(",", self.at) else None
        if comma is not None:
            self.at += 1
        return Child(name, start, node, comma)

    def name(self) -> str:
        if self.text.startswith('"', self.at) or (self.five and self.text.startswith("'", self.at)):
            return self.string()
        found = _NAME.match(self.text, self.at) if self.five else None
        if found is None:
            self.fail("a name between quotes is missing" if self.at < len(self.text) else "the text breaks off")
        self.at = found.end()
        return found[0]

    def string(self) -> str:
        if self.five:
            found = (_SINGLE if self.text[self.at] == "'" else _DOUBLE).match(self.text, self.at)
            if found is None:
                self.fail("a string is not closed")
            self.at = found.end()
            said = _ESCAPE.sub(_unescaped, found[1])  # pairs of \\u make one character
            return said.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        if self.text[self.at] == "'":
            self.fail("a string stands between ' instead of \"")
        try:
            said, self.at = scanstring(self.text, self.at + 1, True)
        except json.JSONDecodeError as error:
            raise Broken(self.text, error.pos, error.msg.lower()) from None
        return str(said)

    def word(self) -> Any:
        if found := _WORD.match(self.text, self.at):
            self.at = found.end()
            return _WORDS[found[0]]
        found = (_NUMBER5 if self.five else _NUMBER).match(self.text, self.at)
        if found is None:
            self.fail("a value is missing" if self.at < len(self.text) else "the text breaks off")
        self.at = found.end()
        return _number(found[0])


def _number(said: str) -> int | float:
    digits = said.lstrip("+-")
    if digits[:2].lower() == "0x":
        return int(digits, 16) * (-1 if said[0] == "-" else 1)
    if digits.isdigit():
        return int(said) if len(digits) < 400 else float(said)
    return float(said.replace("Infinity", "inf"))


def _unescaped(found: re.Match[str]) -> str:
    said = found[1]
    if said[0] in "ux" and len(said) > 1:
        return chr(int(said[1:], 16))
    if said in ("\r\n", "\n", "\r", "\u2028", "\u2029"):
        return ""
    return _SIGNS.get(said, said)
