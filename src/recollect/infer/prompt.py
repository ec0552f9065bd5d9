"""Prompts are files, so that anyone can read what a model is asked, and put a file of their own in its place.

A file begins with lines `# name: …`, `# language: …`, `# version: …`; a line `---` ends them. What follows is what the
model is told as its system, and after a second line `---` what it is asked. `{{data}}` and the like are filled in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from recollect.errors import ConfigError

Language = Literal["zh", "en"]

FUSION: Final = "memory_fusion_prompt_programming"
"""The one name that seeds/002 gives; its Chinese file bears it without a language."""

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "classify": ("data",),
    "extract": ("data", "known"),
    "resolve": ("data",),
    "summarise": ("data", "before", "tokens"),
    "observe": ("data",),
    "understand": ("data", "now"),
    FUSION: ("data", "query", "tokens"),
}
"""Every prompt there is, and what its text must have a place for."""

LONGEST: Final = 32_000
"""Characters of a prompt of one's own; a longer file is no prompt."""

_FOLDER: Final = Path(__file__).resolve().parent.parent / "prompts"
_HEAD = re.compile(r"#\s*(name|language|version)\s*:\s*(\S+)\s*$")
_PLACE = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt in one language; `version` changes whenever its text does."""

    name: str
    language: Language
    version: str
    system: str
    user: str

    @property
    def label(self) -> str:
        """Name, language and version: stands in every request, so that no answer to another version is taken for it."""
        return f"{self.name}.{self.language} {self.version}"

    def messages(self, **given: str) -> list[dict[str, str]]:
        """Return the prompt with its places filled, as messages; what is filled in is not looked through again."""
        system = f"{_filled(self.system, given)}\n\n({self.label})"
        return [{"role": "system", "content": system}, {"role": "user", "content": _filled(self.user, given)}]


class Prompts:
    """The prompts that ship, and those that stand in a folder in their place.

    A file of one's own is read when this is built: one that cannot be used raises ConfigError, naming it.
    """

    def __init__(self, folder: Path | None = None, *, fusion: Path | None = None) -> None:
        self._held: dict[tuple[str, Language], Prompt] = {}
        for name in NEEDED:
            for language in ("zh", "en"):
                self._hold(_shipped(name, language), name, language)
        for path in sorted(folder.glob("*.txt")) if folder is not None and folder.is_dir() else ():
            self._replace(path)
        if fusion is not None:
            self._replace(fusion, FUSION)

    def get(self, name: str, language: str) -> Prompt:
        """Return a prompt in a language; English for every other than Chinese."""
        return self._held[name, "zh" if language == "zh" else "en"]

    def _replace(self, path: Path, name: str | None = None) -> None:
        """Take a file of one's own; without a language in its name it is for the one it tells, or for both."""
        stem, _, ending = path.name.removesuffix(".txt").partition(".")
        name = name or stem
        if name not in NEEDED or ending not in ("", "zh", "en"):
            raise ConfigError(
                f"There is no prompt for the file {path}",
                hint=f"Name it <prompt>.zh.txt or <prompt>.en.txt; the prompts are {', '.join(NEEDED)}.",
            )
        told = _head(path).get("language", "")
        for language in ("zh", "en"):
            if language in (ending, told) or not (ending or told):
                self._hold(path, name, language)

    def _hold(self, path: Path, name: str, language: Literal["zh", "en"]) -> None:
        self._held[name, language] = _read(path, name, language)


def _shipped(name: str, language: str) -> Path:
    path = _FOLDER / f"{name}.{language}.txt"
    return path if path.is_file() else _FOLDER / f"{name}.txt"


def _parts(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The prompt {path} cannot be read: {error}", hint="Write it as UTF-8 text.") from error
    if len(text) > LONGEST:
        raise ConfigError(f"The prompt {path} has {len(text)} characters", hint=f"{LONGEST} are the most.")
    return re.split(r"^---[ \t]*$", text.replace("\r\n", "\n"), maxsplit=2, flags=re.MULTILINE)


def _head(path: Path) -> dict[str, str]:
    lines = _parts(path)[0].splitlines()
    return {match[1]: match[2] for match in map(_HEAD.match, lines) if match}


def _read(path: Path, name: str, language: Language) -> Prompt:
    parts = _parts(path)
    if len(parts) != 3:
        raise ConfigError(
            f"The prompt {path} has not its three parts",
            hint="Lines '# version: 1', a line '---', what the model is told, a line '---', what it is asked.",
        )
    head = _head(path)
    if not head.get("version"):
        raise ConfigError(f"The prompt {path} has no version", hint="Begin it with a line '# version: 1'.")
    system, user = parts[1].strip(), parts[2].strip()
    places = set(_PLACE.findall(system + user))
    missing = [place for place in NEEDED[name] if place not in places]
    unknown = sorted(places - set(NEEDED[name]))
    if missing or unknown:
        wrong = f"no place {{{{{missing[0]}}}}}" if missing else f"a place {{{{{unknown[0]}}}}} that nothing fills"
        raise ConfigError(
            f"The prompt {path} has {wrong}",
            hint=f"It needs {', '.join(f'{{{{{place}}}}}' for place in NEEDED[name])}.",
        )
    return Prompt(name, language, head["version"], system, user)


def _filled(text: str, given: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda match: given.get(match[1], match[0]), text)
