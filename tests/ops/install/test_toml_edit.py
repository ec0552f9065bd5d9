"""One table of a TOML text is added or taken out, and nothing else."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.ops.install.toml_edit import Fixed, headers, put, remove, value_of

PATH = ("mcp_servers", "recollect")
VALUES = {"command": "C:\\py\\python.exe", "args": ["-m", 'a "b"', "数据"]}
NAMES = st.sampled_from(["a", "model", "mcp_servers.other", '"q.uoted"', "a.b", "tools.x"])
LEAVES = st.sampled_from(
    [
        "1",
        '"x # y"',
        "'[no]'",
        '"""\n[no.header]\n\\""" """',
        "'''\n[[no]]\n''''",
        '[\n  ["a"],\n  [1]\n]',
        "{x = [1]}",
        "true",
    ]
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Return a TOML text: keys, then tables of different names, with remarks and blank lines."""
    lines: list[str] = []
    for table in [None, *draw(st.lists(NAMES, unique=True, max_size=3))]:
        if table is not None:
            lines += draw(st.sampled_from(((), ("",), ("# [remark]",))))
            lines.append(draw(st.sampled_from(["[{}]", "  [ {} ] # why", "[{}]"])).format(table))
        for number in range(draw(st.integers(0, 2))):
            lines.append(f"key{number} = {draw(LEAVES)}" + draw(st.sampled_from(["", " # x"])))
    text = "\n".join(lines)
    return text + draw(st.sampled_from(["", "\n", "\n\n# end\n"]))


def parsed(text: str) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


@given(texts().filter(lambda text: parsed(text) is not None))
def test_a_table_is_added_and_taken_out_again(text: str) -> None:
    before = parsed(text)
    after = put(text, PATH, VALUES)
    assert after.startswith(text)
    assert parsed(after) == {**before, "mcp_servers": {**before.get("mcp_servers", {}), "recollect": VALUES}}
    assert put(after, PATH, VALUES) == after
    back = remove(after, PATH)
    assert back == text or (not text.endswith("\n") and back == text + "\n")


def test_a_table_is_written_anew_in_its_place() -> None:
    text = '[mcp_servers.recollect]\ncommand = "old"\n[mcp_servers.recollect.env]\nA = "1"\n\n# about z\n[z]\nq = 1\n'
    after = put(text, PATH, VALUES)
    assert after.endswith("\n\n# about z\n[z]\nq = 1\n")
    assert value_of(after, PATH) == {**VALUES, "env": {"A": "1"}}


def test_windows_line_ends_are_kept() -> None:
    after = put("[a]\r\nx = 1\r\n", PATH, VALUES)
    assert "\n" not in after.replace("\r\n", "")
    assert remove(after, PATH) == "[a]\r\nx = 1\r\n"


@pytest.mark.parametrize(
    "text",
    [
        'mcp_servers = {other = {command = "x"}}\n',
        '[mcp_servers]\nrecollect = {command = "x"}\n',
        "[mcp_servers.recollect]\na = 1\n[z]\n[mcp_servers.recollect.env]\nb = 1\n",
    ],
)
def test_a_table_within_a_line_is_refused(text: str) -> None:
    with pytest.raises(Fixed):
        put(text, PATH, VALUES)


def test_headers_in_strings_and_lists_are_none() -> None:
    text = 'a = """\n[no]\n""""\nb = [\n["x"],\n["y"]\n]\n[yes."we can"]\n[[also]]\nc = \'[no]\'\n'
    assert [header.path for header in headers(text)] == [("yes", "we can"), ("also",)]


def test_every_string_can_be_written() -> None:
    for text in ["\x7f", "\t\n", '"""', "\\", "\u2028", "😀"]:
        written = put("", PATH, {"command": text})
        assert value_of(written, PATH) == {"command": text}, json.dumps(text)
