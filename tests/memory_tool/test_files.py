"""Files are memories: exact answers, kept as they were written, found, dated, told apart, and gone when deleted."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.memory_tool.conftest import Said

from recollect import AsyncMemory
from recollect.capture.intake import MAX_TEXT
from recollect.errors import InvalidInput, NotFound
from recollect.exchange import Batch, Revision
from recollect.memory_tool.files import Files, scope_of
from recollect.models import Add, Kind, Reach, Revise
from recollect.ops.export import export
from recollect.ops.import_ import bring_in, untold
from recollect.ops.reindex import reindex
from recollect.testing.clock import START, FakeClock
from recollect.testing.embedder import FakeEmbedder

A, B = "/memories/a.md", "/memories/b.md"
Tool = Callable[..., Said]


async def test_the_answers_are_those_that_models_were_taught(say: Said) -> None:
    listing = "Here're the files and directories up to 2 levels deep in /memories, excluding hidden items:\n"
    assert await say("view", "/memories") == f"{listing}0B\t/memories"
    assert await say("create", A, "one\ntwo\nthree\nfour\nfive\n") == f"File created successfully at: {A}"
    assert await say("create", A, "x") == f"! File {A} already exists"
    assert await say("create", "/memories/d/e/f.md", "x" * 1536) == "File created successfully at: /memories/d/e/f.md"
    shown = f"{listing}1.5K\t/memories\n24B\t{A}\n1.5K\t/memories/d/\n1.5K\t/memories/d/e/"
    assert await say("view", "/memories") == shown
    head = f"Here's the content of {A} with line numbers:\n"
    assert await say("view", A, [2, 3]) == f"{head}     2\ttwo\n     3\tthree"
    assert await say("view", A, [5, -1]) == f"{head}     5\tfive\n     6\t"
    edited = "The memory file has been edited. Here is the snippet showing the change (with line numbers):\n"
    around = "     2\ttwo\n     3\tthree\n     4\t4\n     5\tfive\n     6\t"
    assert await say("str_replace", A, "four", "4") == edited + around
    absent = f"! No replacement was performed, old_str `six` did not appear verbatim in {A}."
    assert await say("str_replace", A, "six", "6") == absent
    many = "! No replacement was performed. Multiple occurrences of old_str `e` in lines: 1, 3, 3, 5. "
    assert await say("str_replace", A, "e", "E") == f"{many}Please ensure it is unique"
    assert await say("insert", A, 1, "1.5") == f"The file {A} has been edited."
    assert (
        await say("insert", A, 9, "x") == "! Invalid `insert_line` parameter: 9. It should be within the range [0, 6]."
    )
    assert await say("rename", A, B) == f"Successfully renamed {A} to {B}"
    assert await say("rename", "/memories/d", B) == f"! The destination {B} already exists"
    assert await say("rename", A, "/memories/c") == f"! The path {A} does not exist"
    assert await say("view", A) == f"! The path {A} does not exist. Please provide a valid path."
    assert await say("str_replace", "/memories/d", "a", "b") == "! The path /memories/d is not a file."
    assert await say("delete", "/memories/d") == "Successfully deleted /memories/d"
    assert await say("delete", "/memories/d") == "! The path /memories/d does not exist"
    assert await say("delete", "/memories") == "! Cannot delete the /memories directory itself"
    assert await say("rename", "/memories", "/memories/x") == "! Cannot rename the /memories directory itself"
    assert await say.text(B) == "one\n1.5\ntwo\nthree\n4\nfive\n"


async def test_a_file_is_not_a_directory(say: Said) -> None:
    await say("create", A, "x")
    await say("create", "/memories/d/x", "x")
    refusal = f"! The path {A} is a file, not a directory"
    assert await say("create", f"{A}/b/c", "x") == refusal
    assert await say("rename", "/memories/d", f"{A}/d") == refusal
    assert await say("rename", "/memories/d", "/memories/d/e") == "! Cannot move /memories/d into itself"
    assert await say("rename", A, f"{A}/b") == f"! Cannot move {A} into itself"
    assert (await say("view", "/memories")).count("\n") == 4


async def test_every_path_of_every_command_is_checked(say: Said) -> None:
    bad = "/memories/%2e%2e/x"
    refusal = f"! Path {bad} would escape /memories directory"
    for command, *args in (
        ("view", bad), ("create", bad, "x"), ("str_replace", bad, "a", "b"), ("insert", bad, 0, "x"),
        ("delete", bad), ("rename", bad, A), ("rename", A, bad),
    ):  # fmt: skip
        assert await say(command, *args) == refusal


async def test_what_is_no_argument_is_refused(say: Said) -> None:
    await say("create", A, "x")
    assert await say("copy", A) == "! Unknown command: copy"
    assert await say("run", A) == "! Unknown command: run"
    assert await say("view") == "! The `path` parameter is missing. It should be text."
    assert await say("view", 7) == "! The `path` parameter is of type int. It should be text."
    assert await say("view", A, "1-2") == "! The `view_range` parameter is of type str. It should be two line numbers."
    assert (
        await say("view", A, [1, 2.5]) == "! The `view_range` parameter is of type float. It should be a whole number."
    )
    assert (
        await say("insert", A, True, "x")
        == "! The `insert_line` parameter is of type bool. It should be a whole number."
    )
    assert await say("create", B) == "! The `file_text` parameter is missing. It should be text."
    assert await say("delete", A, caller="direct", extra=1) == f"Successfully deleted {A}"


async def test_broken_characters_never_come_back(say: Said) -> None:
    await say("create", A, "half \ud800 and whole \ud83d\ude00")
    assert await say.text(A) == "half \ufffd and whole 😀"
    for answer in (await say("str_replace", A, "\udfff", "x"), await say("view", "/memories/\ud800")):
        answer.encode()
    assert (await say("str_replace", A, "\ud83d\ude00", "猫")).endswith("whole 猫")


async def test_files_with_equal_content_are_two_files_and_no_note_is_one_of_them(
    memory: AsyncMemory, say: Said
) -> None:
    text = "Alice prefers tabs over spaces\n"
    note = await memory.add(text)
    await say("create", A, text)
    await say("create", B, text)
    again = await memory.add(text)
    assert (again.id, again.repeats) == (note.id, 2)
    assert (await memory.stats()).memories == 3
    await memory.drain()
    await say("delete", A)
    assert await say.text(B) == text
    assert (await memory.get(note.id)).text == text


async def test_a_note_is_not_counted_on_a_file_whichever_way_the_file_got_its_text(
    memory: AsyncMemory, say: Said
) -> None:
    text = "Deploys happen on Friday"
    await say("create", A, "x")
    await say("str_replace", A, "x", text)
    (file,) = (await memory.list()).memories
    assert (await memory.add(text)).id != file.id
    await memory.update(file.id, text="Deploys happen on Monday")
    assert (await memory.add("Deploys happen on Monday")).id != file.id
    await say("rename", A, B)
    assert (await memory.add("Deploys happen on Monday")).repeats == 2
    assert await say.text(B) == "Deploys happen on Monday"


async def test_what_is_written_is_found_at_once_by_content_and_by_path(memory: AsyncMemory, tool: Tool) -> None:
    alice = tool("alice", "web")
    await alice("create", "/memories/cluster/ports.md", "The staging database listens on port 5433.\n")
    await tool("bob", "web")("create", A, "Bob keeps bees.")
    (hit,) = await memory.search("which port does staging use?", user_id="alice")
    assert (hit.memory.kind, hit.memory.title) == (Kind.NOTE, "/memories/cluster/ports.md")
    assert hit.memory.source.file == "/memories/cluster/ports.md"
    assert [hit.memory.id for hit in await memory.search("cluster", user_id="alice")] == [hit.memory.id]
    await alice("str_replace", "/memories/cluster/ports.md", "5433", "6543")
    assert "6543" in (await memory.context("staging database port", user_id="alice")).text
    assert await memory.search("5433", user_id="alice", filters={"text": {"contains": "5433"}}) == []
    marked = await memory.list(project_id="web", filters={"memory_tool": True})
    assert len(marked.memories) == 2
    await memory.drain()
    stats = await memory.stats(user_id="alice")
    assert (stats.embedded, stats.waiting, stats.parked) == (1, 0, 0)


async def test_every_edit_is_in_the_history_a_move_too(memory: AsyncMemory, say: Said, clock: FakeClock) -> None:
    await say("create", A, "one")
    clock.forward(60)
    await say("str_replace", A, "one", "two")
    await say("rename", A, B)
    await say("str_replace", B, "two", "two")
    (file,) = (await memory.list()).memories
    assert (file.version, file.title, file.created_at) == (3, B, START)
    assert file.occurred_at > START
    added, edited, moved = [change.event for change in await memory.history(file.id)]
    assert isinstance(added, Add)
    assert (added.memory.text, added.memory.title) == ("one", A)
    assert isinstance(edited, Revise)
    assert (edited.before.text, edited.memory.text) == ("one", "two")
    assert isinstance(moved, Revise)
    assert (moved.before.title, moved.memory.title, moved.memory.text) == (A, B, "two")


async def test_owners_have_files_of_their_own(tool: Tool) -> None:
    owners = [tool(), tool("alice"), tool("alice", "web"), tool("alice", "web", "claude"), tool(agent="claude")]
    for number, one in enumerate(owners):
        assert await one("create", A, f"of {number}") == f"File created successfully at: {A}"
    for number, one in enumerate(owners):
        assert await one.text(A) == f"of {number}"
    await owners[0]("delete", A)
    assert [(await one("view", A))[0] for one in owners] == ["!", "H", "H", "H", "H"]
    with pytest.raises(InvalidInput, match="user_id"):
        tool(" ")


async def test_secrets_are_masked_and_the_answer_shows_what_is_kept(memory: AsyncMemory, say: Said, home: Path) -> None:
    await say("create", A, "host=db\npassword=hunter2-hunter2\r\n<private>Xylophagous\nlines</private>end\n")
    assert await say.text(A) == "host=db\npassword=[password redacted]\nend\n"
    answer = await say("str_replace", A, "end", "token ghp_abcdefghijklmnopqrstuvwxyz0123456789 stays")
    assert answer.splitlines()[-2:] == ["     3\ttoken [github-token redacted] stays", "     4\t"]
    assert await say("create", B, "<private>Xylophagous</private>") == f"File created successfully at: {B}"
    assert await say.text(B) == ""
    await memory.drain()
    for path in home.rglob("*"):
        assert not path.is_file() or b"Xylophagous" not in path.read_bytes(), path


async def test_an_empty_file_is_a_memory_that_says_nothing(memory: AsyncMemory, say: Said, home: Path) -> None:
    await say("create", A, "")
    await say("create", B, " \n")
    await memory.drain()
    assert {hit.memory.text for hit in await memory.search("")} == {" \n", ""}
    assert (await memory.context("anything")).memories == ()
    assert await say("view", A) == f"Here's the content of {A} with line numbers:\n     1\t"
    assert (await reindex(memory.app, untold)).changed == 0
    await say("insert", A, 0, "now zebra")
    assert [hit.memory.title for hit in await memory.search("zebra")] == [A]


async def test_files_come_through_export_and_import(memory: AsyncMemory, say: Said, home: Path, tmp_path: Path) -> None:
    longest = f"/memories/{'长' * 390}"
    for path, text in ((A, ""), (B, "one\r\ntwo\r\n"), (longest, "x")):
        assert (await say("create", path, text))[0] == "F"
    await say("rename", B, "/memories/d/b.md")
    out = io.BytesIO()
    await export(memory.app.dump, out, untold, reach=Reach())
    (tmp_path / "export.jsonl").write_bytes(out.getvalue())
    async with AsyncMemory(tmp_path / "other", embed=FakeEmbedder(), worker=False) as other:
        for _ in range(2):
            await bring_in(other.app, tmp_path / "export.jsonl")
        there = Said(Files(other, scope_of(None, None, None)))
        assert await there("view", "/memories") == await say("view", "/memories")
        assert await there.text("/memories/d/b.md") == "one\r\ntwo\r\n"
        assert await there("create", A, "x") == f"! File {A} already exists"
        (file,) = [item for item in (await other.list()).memories if item.title == "/memories/d/b.md"]
        assert len(await other.history(file.id)) == 2


async def test_a_deleted_file_leaves_nothing(memory: AsyncMemory, say: Said, home: Path) -> None:
    await say("create", "/memories/d/Xylophagous.md", "Quokka Zyzzyva\n")
    await say("str_replace", "/memories/d/Xylophagous.md", "Quokka", "Wombat")
    (file,) = (await memory.list()).memories
    await memory.drain()
    await say("delete", "/memories/d")
    await memory.drain()
    assert await memory.search("Zyzzyva Xylophagous") == []
    with pytest.raises(NotFound):
        await memory.get(file.id)
    await memory.close()
    with closing(sqlite3.connect(home / "recollect.db")) as door:
        assert door.execute("SELECT count(*) FROM memory").fetchone() == (0,)
        assert door.execute("SELECT verb FROM change").fetchall() == [("delete",)]
    for path in home.rglob("*"):
        data = path.read_bytes().lower() if path.is_file() else b""
        for word in (b"xylophag", b"quokka", b"wombat", b"zyzzyva"):
            assert word not in data, (path, word)


async def test_clearing_takes_this_tree_alone(memory: AsyncMemory, tool: Tool) -> None:
    mine, other = tool("alice"), tool("bob")
    note = await memory.add("A note", user_id="alice")
    for one in (mine, other):
        await one("create", A, "x")
        await one("create", "/memories/.d/e", "x")
    assert await mine.files.clear() == "All memory cleared"
    assert (await mine("view", "/memories")).endswith("\n0B\t/memories")
    assert (await memory.get(note.id)).text == "A note"
    assert await other.text("/memories/.d/e") == "x"


async def test_what_the_library_does_to_a_file_the_tool_sees(memory: AsyncMemory, say: Said) -> None:
    await say("create", A, "one")
    (file,) = (await memory.list()).memories
    await memory.update(file.id, text="changed from outside", metadata={"k": 1}, title="Another title")
    assert await say.text(A) == "changed from outside"
    await memory.delete(file.id)
    assert await say("view", A) == f"! The path {A} does not exist. Please provide a valid path."
    assert await say("create", A, "anew") == f"File created successfully at: {A}"
    assert await memory.forget(user_id="default", filters={"memory_tool": True}) == 1
    assert await say("delete", A) == f"! The path {A} does not exist"


async def test_a_file_retires_no_memory_and_states_no_fact(memory: AsyncMemory, say: Said) -> None:
    note = await memory.add("The team standup is at nine in Berlin")
    await say("create", A, "The team standup moved from Berlin to Lisbon, no longer at nine.\nI prefer tabs.\n")
    await say("str_replace", A, "Lisbon", "Porto")
    await memory.drain()
    assert (await memory.get(note.id)).superseded_by is None
    assert {item.kind for item in (await memory.list()).memories} == {Kind.NOTE}


async def test_a_file_that_was_retired_is_still_there_and_an_edit_makes_it_hold(memory: AsyncMemory, say: Said) -> None:
    await say("create", A, "I live in Berlin")
    (file,) = (await memory.list()).memories
    ended = replace(file, superseded_by="m", valid_to=file.occurred_at, version=2)
    await memory.app.engine.stores.records.commit(Batch(revisions=[Revision(ended, retire=True)]))
    assert await memory.search("Berlin") == []
    assert await say.text(A) == "I live in Berlin"
    assert (await say("str_replace", A, "Berlin", "Lisbon"))[0] == "T"
    assert [hit.memory.id for hit in await memory.search("Lisbon")] == [file.id]


async def test_a_file_may_be_so_large_and_no_larger(memory: AsyncMemory, say: Said) -> None:
    limit = MAX_TEXT
    assert await say("create", A, "x " * (limit // 2)) == f"File created successfully at: {A}"
    refusal = f"! File {{}} would have {limit + 1} characters, the limit is 2,000,000. Split it into several files."
    assert await say("create", B, "y" * (limit + 1)) == refusal.format(B)
    assert await say("insert", A, 0, "") == refusal.format(A).replace(str(limit + 1), str(limit + 2))
    assert (await memory.stats()).memories == 1
    assert await say("create", B, "many many many\n" * 1000) == f"File created successfully at: {B}"
    answer = await say("str_replace", B, "many", "few")
    assert answer.endswith(" 34, and more. Please ensure it is unique")
    assert len(answer) < 600


async def test_directories_move_whole_and_what_stands_beside_them_stays(say: Said) -> None:
    for name in ("d/a", "d/e/b", "d/e/.c", "d-e", "d.txt", "dd/x", "文/件"):
        await say("create", f"/memories/{name}", name)
    assert await say("rename", "/memories/d/", "/memories/new/place/") == (
        "Successfully renamed /memories/d/ to /memories/new/place/"
    )
    assert await say.text("/memories/new/place/e/.c") == "d/e/.c"
    assert (
        await say("rename", "/memories/文", "/memories/new/字")
        == "Successfully renamed /memories/文 to /memories/new/字"
    )
    shown = [line.split("\t")[1] for line in (await say("view", "/memories")).splitlines()[1:]]
    assert shown == [
        "/memories", "/memories/d-e", "/memories/d.txt", "/memories/dd/", "/memories/dd/x", "/memories/new/",
        "/memories/new/place/", "/memories/new/字/",
    ]  # fmt: skip
    deep = f"/memories/{'x' * 385}"
    assert (
        await say("rename", "/memories/new", deep) == "! The path is too long: it has 403 characters, the limit is 400."
    )
    assert await say.text("/memories/new/place/a") == "d/a"


async def test_files_are_found_without_reading_what_else_there_is(memory: AsyncMemory, say: Said, home: Path) -> None:
    await say("create", A, "x")
    await memory.close()
    with closing(sqlite3.connect(home / "recollect.db")) as door:
        query = "EXPLAIN QUERY PLAN SELECT id FROM memory WHERE dedupe >= 'file:' AND dedupe < 'file;' ORDER BY dedupe"
        plan = [row[3] for row in door.execute(query)]
    assert len(plan) == 1
    assert plan[0].startswith("SEARCH memory USING INDEX")


async def test_a_closed_memory_is_told(memory: AsyncMemory, say: Said) -> None:
    await memory.close()
    assert await say("view", "/memories") == "! This memory is closed. Open it anew."
