"""Whatever is done in whatever order, the tree is what a plain dictionary of paths and texts would be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.memory_tool.conftest import Said

from recollect import Memory
from recollect.memory_tool.files import Files, scope_of
from recollect.testing.embedder import FakeEmbedder

USERS = count()
NAMES = st.sampled_from(["a", "b", "a.b", "a-b", "猫", ".h"])
PATHS = st.lists(NAMES, max_size=3).map(lambda names: "/".join(["/memories", *names]))
TEXTS = st.lists(st.sampled_from(["x", "yy", "猫\n", "\n", "\r\n", " ", "x\n"]), max_size=6).map("".join)
STEPS = st.one_of(
    st.tuples(st.just("create"), PATHS, TEXTS),
    st.tuples(st.just("create"), PATHS, TEXTS),
    st.tuples(st.just("str_replace"), PATHS, st.sampled_from(["x", "yy", "\n", ""]), TEXTS),
    st.tuples(st.just("insert"), PATHS, st.integers(-1, 5), TEXTS),
    st.tuples(st.just("delete"), PATHS),
    st.tuples(st.just("rename"), PATHS, PATHS),
    st.tuples(st.just("view"), PATHS),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Memory]:
    with Memory(Path(tmp_path_factory.mktemp("model")) / "home", embed=FakeEmbedder()) as memory:
        yield memory


def kept(text: str) -> str:
    r"""Return a text as it is kept: an edit may leave a `\r` without its `\n`, which becomes one."""
    return re.sub("\r(?!\n)", "\n", text)


class Model:
    """The tree as a dictionary. Every command tells whether it is done."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}

    def below(self, path: str) -> list[str]:
        return [file for file in self.files if file == path or file.startswith(f"{path}/")]

    def room(self, path: str) -> bool:
        parents = {path.rsplit("/", depth)[0] for depth in range(1, path.count("/"))}
        return path != "/memories" and not self.below(path) and not parents & self.files.keys()

    def create(self, path: str, text: str) -> bool:
        if self.room(path):
            self.files[path] = kept(text)
            return True
        return False

    def str_replace(self, path: str, old: str, new: str) -> bool:
        before, found, after = self.files.get(path, "").partition(old) if old else ("", "", "")
        once = found and old not in after if old else self.files.get(path) == ""
        if path not in self.files or not once:
            return False
        self.files[path] = kept(before + new + after)
        return True

    def insert(self, path: str, line: int, text: str) -> bool:
        lines = self.files.get(path, "").removesuffix("\n").split("\n") if self.files.get(path) else []
        if path not in self.files or not 0 <= line <= len(lines):
            return False
        joined = "\n".join([*lines[:line], text.rstrip("\n"), *lines[line:]])
        self.files[path] = kept(joined.removesuffix("\n") + "\n")
        return True

    def delete(self, path: str) -> bool:
        gone = self.below(path) if path != "/memories" else []
        for file in gone:
            del self.files[file]
        return bool(gone)

    def rename(self, old: str, new: str) -> bool:
        moved = self.below(old)
        if old == "/memories" or not moved or not self.room(new) or new.startswith(f"{old}/"):
            return False
        for file in moved:
            self.files[new + file.removeprefix(old)] = self.files.pop(file)
        return True

    def view(self, path: str) -> bool:
        return path == "/memories" or bool(self.below(path))


@settings(max_examples=60)
@given(steps=st.lists(STEPS, max_size=25))
def test_the_tree_is_what_a_dictionary_would_be(store: Memory, steps: list[tuple[str, ...]]) -> None:
    model, user = Model(), f"u{next(USERS)}"
    say = Said(Files(store.behind, scope_of(user, None, None)))
    for command, *args in steps:
        answer = store.wait(say(command, *args))
        assert answer.startswith("! ") != getattr(model, command)(*args), (command, args, answer)
    page = store.list(user_id=user, limit=1000)
    assert {item.title: item.text for item in page.memories} == model.files
    for path, text in model.files.items():
        assert store.wait(say.text(path)) == text
