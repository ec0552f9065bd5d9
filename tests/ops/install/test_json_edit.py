"""One place of a JSON text is changed, and nothing else."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ops.install.jsonc import OBJECTS, VALUES, texts

from recollect.ops.install.json_edit import Misplaced, Text
from recollect.ops.install.json_read import DEEPEST, Broken, parse, value_of

PATH = ("mcpServers", "recollect")
SERVER = {"command": "py", "args": ["mcp", "数据"]}


@given(VALUES)
def test_plain_json_is_read_as_python_reads_it(value: Any) -> None:
    text = json.dumps(value)
    assert value_of(parse(text)) == json.loads(text)
    assert value_of(parse(text, five=True)) == json.loads(text)


@given(texts())
def test_what_is_put_is_there_and_all_else_too(text: str) -> None:
    before = Text(text).value()
    after = Text(text).put(PATH, SERVER)
    assert after.value() == {**before, "mcpServers": {"recollect": SERVER}}


@given(texts())
def test_taking_out_what_was_put_gives_the_text_back(text: str) -> None:
    back = Text(text).put(PATH, SERVER).remove(PATH[:1])
    if Text(text).root().children:
        assert back.said == text
    assert back.value() == Text(text).value()


@given(texts())
def test_a_put_touches_no_character_of_the_rest(text: str) -> None:
    rest = iter(Text(text).put(PATH, SERVER).said)
    kept = text if Text(text).root().children else "".join(text.split())
    assert all(sign in rest for sign in kept), "what was there is there in its order"


@given(texts(st.builds(lambda rest, held: {**rest, "hooks": {"Stop": held}}, OBJECTS, st.lists(VALUES, max_size=3))))
def test_an_element_is_appended_and_taken_out_again(text: str) -> None:
    before = Text(text).value()
    after = Text(text).append(("hooks", "Stop"), SERVER)
    held = before["hooks"]["Stop"]
    assert after.value()["hooks"]["Stop"] == [*held, SERVER]
    back = after.remove(("hooks", "Stop", len(held)))
    assert back.value() == before
    if held:
        assert back.said == text


@given(texts(), st.data())
def test_any_member_can_be_taken_out(text: str, data: st.DataObject) -> None:
    before = Text(text).value()
    if before:
        name = data.draw(st.sampled_from(sorted(before)))
        left = Text(text).remove((name,)).value()
        assert left == {key: value for key, value in before.items() if key != name}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{}", '{\n  "k": 1\n}'),
        ('{"a":1}', '{"a":1, "k": 1}'),
        ('{\n\t"a": 1\n}\n', '{\n\t"a": 1,\n\t"k": 1\n}\n'),
        ('{\n    "a": 1 // why\n}\n', '{\n    "a": 1, // why\n    "k": 1\n}\n'),
        ('{\n  "a": 1,\n}\n', '{\n  "a": 1,\n  "k": 1,\n}\n'),
        ('{\r\n  "a": 1\r\n}\r\n', '{\r\n  "a": 1,\r\n  "k": 1\r\n}\r\n'),
        ("{\n  // nothing yet\n}\n", '{\n  // nothing yet\n  "k": 1\n}\n'),
    ],
)
def test_a_member_is_written_as_its_neighbours_are(before: str, after: str) -> None:
    assert Text(before).put(("k",), 1).said == after


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('{\n  "a": 1\n  "b": 2\n}', 3, "comma"),
        ('{"a": }', 1, "a value is missing"),
        ('{"a": 1', 1, "missing"),
        ("", 1, "breaks off"),
        ('{\n"a": "x\ny"}', 2, "control character"),
        ("{'a': 1}", 1, "quotes"),
        ('{"a": 1} x', 1, "after the end"),
        ("{\n/* never\nclosed", 2, "not closed"),
        ('{"a": 01}', 1, "comma"),
        ("[" * (DEEPEST + 2), 1, "too deep"),
    ],
)
def test_broken_json_is_told_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(Broken, match=reason) as caught:
        parse(text)
    assert caught.value.line == line


@given(st.text(alphabet="{}[]\",:/*\\'\n 0a-", max_size=30))
def test_rubbish_is_refused_or_read_but_never_crashes(text: str) -> None:
    for five in (False, True):
        with suppress(Broken):
            parse(text, five=five)


def test_json5_is_read_where_it_is_allowed() -> None:
    text = "{bare: 'it\\'s', $x_1: [0x1F, +.5, -Infinity,], // yes\n 'q\\\ned': \"\\x41\\u0042\", n: null}"
    found = Text(text, five=True).value()
    assert found == {"bare": "it's", "$x_1": [31, 0.5, float("-inf")], "qed": "AB", "n": None}
    with pytest.raises(Broken):
        parse(text)


def test_the_last_of_two_members_with_one_name_counts() -> None:
    assert Text('{"k": 1, "k": {"a": 2}}').put(("k", "b"), 3).value() == {"k": {"a": 2, "b": 3}}


@pytest.mark.parametrize("text", ["[]", '"x"', '{"mcpServers": []}', '{"a":1,\n"mcpServers": null}'])
def test_what_stands_in_the_way_is_told(text: str) -> None:
    with pytest.raises(Misplaced) as caught:
        Text(text).put(PATH, 1)
    assert caught.value.line == text.count("\n") + 1
