"""Which paths there are, and that no other one gets through, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.errors import InvalidInput, TooLarge
from recollect.memory_tool.paths import LONGEST, ROOT, above, path_of


@pytest.mark.parametrize(
    ("given_path", "meant"),
    [
        ("/memories", "/memories"),
        ("/memories/", "/memories"),
        ("/memories//", "/memories"),
        ("/memories/a.txt", "/memories/a.txt"),
        ("/memories//a/./b.txt/", "/memories/a/b.txt"),
        ("/memories/笔记/项目.md", "/memories/笔记/项目.md"),
        ("/memories/100% sure.md", "/memories/100% sure.md"),
        ("/memories/a%20b", "/memories/a%20b"),
        ("/memories/...", "/memories/..."),
        ("/memories/a..b", "/memories/a..b"),
        ("/memories/.hidden", "/memories/.hidden"),
        ("/memories/ spaced .txt", "/memories/ spaced .txt"),
        ("/memories/👩‍👩‍👧.txt", "/memories/👩‍👩‍👧.txt"),
    ],
)
def test_a_path_has_one_form(given_path: str, meant: str) -> None:
    assert path_of(given_path) == meant
    assert path_of(meant) == meant


@pytest.mark.parametrize(
    "path", ["", "/", "memories/a", "./memories/a", "/memoriesx", "/memories.txt", "/Memories/a", "/etc/passwd",
             " /memories/a", "~/memories", "C:\\memories", "file:///memories/a", "/memorie", "\\memories\\a"],
)  # fmt: skip
def test_what_lies_outside_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        path_of(path)
    assert str(refused.value) == f"Path must start with /memories, got: {path}"


@pytest.mark.parametrize(
    "name",
    ["..", "../etc/passwd", "a/../../etc/passwd", "a/../b", "a/..", "%2e%2e/etc", "%2E%2e%2fetc", "..%2fetc", "%2e.",
     "%252e%252e/etc", "%25252e%25252e%25252fetc", "a\\..\\..\\etc", "..\\etc", "a\\b", "%5c..%5c", "a%5Cb",
     "%2e%2e%5cetc", "./../x", ".%2e/x"],
)  # fmt: skip
def test_what_leads_outside_is_refused_plain_or_encoded(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        path_of(f"/memories/{name}")
    assert str(refused.value) == f"Path /memories/{name} would escape /memories directory"


@pytest.mark.parametrize("name", ["a\0b", "a%00b", "a\nb", "a\tb", "a\r", "\x1b[31m", "a\u202eb", "a\u200bb", "\ufeffa",
                                  "\ud800", "a%0ab", "\x7f", "a\u2028b"])  # fmt: skip
def test_what_cannot_be_seen_is_refused_and_not_repeated_as_it_is(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        path_of(f"/memories/{name}")
    assert str(refused.value).startswith("Path '/memories/")
    assert str(refused.value).isascii()
    assert str(refused.value).isprintable()


def test_what_is_never_written_is_no_path_either() -> None:
    for name in ("<private>Bo</private>.md", "4111 1111 1111 1111.txt", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"):
        with pytest.raises(InvalidInput, match="private or secret") as refused:
            path_of(f"/memories/{name}")
        assert name not in str(refused.value)


def test_a_path_may_be_so_long_and_not_longer() -> None:
    longest = f"{ROOT}/{'x' * (LONGEST - len(ROOT) - 1)}"
    assert path_of(longest) == longest
    with pytest.raises(TooLarge, match="401 characters, the limit is 400"):
        path_of(longest + "x")
    with pytest.raises(TooLarge):
        path_of("/memories/" + "../" * 1_000_000)


def test_the_directories_above() -> None:
    assert above("/memories/a/b/c") == ["/memories/a", "/memories/a/b"]
    assert above("/memories/a") == []


@given(st.text(alphabet="./%25ecEC\\a\0\n", max_size=24))
def test_no_path_ever_leads_outside(name: str) -> None:
    try:
        path = path_of(f"/memories/{name}")
    except InvalidInput:
        return
    assert path == ROOT or path.startswith(f"{ROOT}/")
    assert ".." not in path.split("/")
    assert path_of(path) == path
