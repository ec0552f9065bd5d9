"""What was remembered before comes in: transcripts, notes, claude-mem's database; each thing once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ops.install.claude_mem_sample import sample

from recollect import AsyncMemory
from recollect.errors import InvalidInput
from recollect.models import Memory
from recollect.ops.import_ import untold
from recollect.ops.install.backfill import bring, offers
from recollect.ops.install.machine import Machine
from recollect.ops.readers import claude_mem, claude_notes
from recollect.ops.readers.detect import detect, read
from recollect.ops.readers.spoken import Fault, Noted, Spoken

NOTES = """---
name: x
---
Loose words first.

# Lantern

Deploys go to Singapore.

## Testing

Run `make check`.

```sh
# no heading
```

# Empty
"""


def entry(kind: str, number: int, **fields: Any) -> dict[str, Any]:
    stamp = f"2026-05-01T09:00:0{number}.000Z"
    return {
        "type": kind,
        "uuid": f"u-{number}",
        "sessionId": "s-1",
        "cwd": "/home/mei/lantern",
        "timestamp": stamp,
        **fields,
    }


@pytest.fixture
def projects(machine: Machine) -> Path:
    """Claude Code's projects: one session, and notes beside it."""
    folder = machine.home / ".claude" / "projects" / "-home-mei-lantern"
    (folder / "memory").mkdir(parents=True)
    lines = [
        {"type": "queue-operation"},
        entry("user", 1, promptId="p-1", message={"role": "user", "content": "why does login fail?"}),
        entry(
            "assistant", 2, message={"id": "m-1", "model": "m", "content": [{"type": "text", "text": "Clock skew."}]}
        ),
    ]
    (folder / "s-1.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "memory" / "MEMORY.md").write_text(NOTES)
    return folder.parent


@pytest.fixture
async def memory(machine: Machine) -> AsyncIterator[AsyncMemory]:
    async with AsyncMemory(machine.data, settings={"embedder": {"provider": "none"}}, worker=False) as opened:
        yield opened


async def everything(memory: AsyncMemory) -> list[Memory]:
    return list((await memory.list(limit=100)).memories)


def test_all_that_is_there_is_offered_with_its_amount(machine: Machine, projects: Path) -> None:
    sample(machine.home / ".claude-mem" / "claude-mem.db")
    found = {offer.form: offer.amount for offer in offers("claude-code", machine)}
    assert found == {
        "claude-code": "1 sessions, 0.0 MB",
        "claude-notes": "1 files",
        "claude-mem": "2 observations, 1 session summaries, 3 user prompts",
    }
    assert offers("codex", machine) == []


def test_nothing_is_offered_where_nothing_is(machine: Machine) -> None:
    (machine.home / ".claude" / "projects").mkdir(parents=True)
    (machine.home / ".claude-mem").mkdir()
    (machine.home / ".claude-mem" / "claude-mem.db").write_bytes(b"SQLite format 3\x00 and rubbish")
    assert offers("claude-code", machine) == []


async def test_a_prompt_that_both_have_comes_in_once(machine: Machine, projects: Path, memory: AsyncMemory) -> None:
    sample(machine.home / ".claude-mem" / "claude-mem.db")
    found = offers("claude-code", machine)
    await bring(memory.app, found, lambda _: untold)
    kept = await everything(memory)
    texts = [item.text for item in kept]
    assert texts.count("why does login fail?") == 1
    assert "ship it to Singapore" in texts
    assert not [text for text in texts if "task-notification" in text]
    assert {item.scope.project_id for item in kept} == {"lantern"}
    turns_of_the_transcript, notes, observations_and_summary, prompts_of_lost_sessions = 2, 3, 3, 1
    assert len(kept) == turns_of_the_transcript + notes + observations_and_summary + prompts_of_lost_sessions


async def test_a_second_import_adds_nothing(machine: Machine, projects: Path, memory: AsyncMemory) -> None:
    sample(machine.home / ".claude-mem" / "claude-mem.db")
    await bring(memory.app, offers("claude-code", machine), lambda _: untold)
    before = await everything(memory)
    again = await bring(memory.app, offers("claude-code", machine), lambda _: untold)
    assert {counts.new for counts in again.values()} == {0}
    assert len(await everything(memory)) == len(before)


async def test_what_hooks_deliver_of_an_imported_session_is_known(
    machine: Machine, projects: Path, memory: AsyncMemory
) -> None:
    await bring(memory.app, offers("claude-code", machine), lambda _: untold)
    turn = {"role": "user", "content": "why does login fail?", "message_id": "p-1"}
    done = await memory.capture([turn], conversation_id="s-1", project_id="lantern", source="claude-code")
    assert done.duplicates == 1


def test_observations_and_summaries_are_notes_with_what_they_are_about(tmp_path: Path) -> None:
    found = [item for item in claude_mem.read(sample(tmp_path / "claude-mem.db")) if isinstance(item, Noted)]
    first, second, summary = found
    assert first.text == "Fixed the token refresh\nClock skew\nThe server clock ran ahead.\n- Skew is 30 seconds"
    assert first.metadata == {"category": "bugfix", "concepts": ["gotcha"], "files_read": ["auth.py"], "session": "m-1"}
    assert first.created_at is not None
    assert first.created_at.isoformat() == "2026-05-01T09:00:00+00:00"
    assert second.text == "部署到新加坡"
    assert summary.text == "Request: Fix login\nLearned: Tokens expire early\nNext steps: Watch the clock"
    assert {item.project_id for item in found} == {"lantern"}


def test_prompts_are_turns_of_their_session(tmp_path: Path) -> None:
    found = [item for item in claude_mem.read(sample(tmp_path / "claude-mem.db")) if isinstance(item, Spoken)]
    assert [(item.conversation_id, item.project_id, item.turn.content) for item in found] == [
        ("s-1", "lantern", "why does login fail?"),
        ("s-old", "lantern", "ship it to Singapore"),
    ]


@pytest.mark.parametrize("open_log", [False, True])
def test_the_database_and_its_folder_stay_as_they_are(open_log: bool, tmp_path: Path) -> None:
    path = sample(tmp_path / "db" / "claude-mem.db", open_log=open_log)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm")}
    assert len(list(claude_mem.read(path))) == 5
    assert {file.name: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm")} == before


def test_rows_that_make_no_sense_are_faults(tmp_path: Path) -> None:
    path = sample(tmp_path / "claude-mem.db")
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE observations SET created_at_epoch = 'soon' WHERE id = 1")
        database.execute("UPDATE observations SET text = NULL WHERE id = 2")
        database.execute("UPDATE session_summaries SET learned = x'ff00', request = NULL, next_steps = NULL")
        database.commit()
    found = list(claude_mem.read(path))
    assert [type(item) for item in found] == [Fault, Fault, Fault, Spoken, Spoken]


def test_another_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE observations (id)")
        database.commit()
    with pytest.raises(InvalidInput, match="not claude-mem's"):
        list(claude_mem.read(path))
    path.write_bytes(claude_mem.MAGIC + b"rubbish" * 100)
    with pytest.raises(InvalidInput, match="cannot be read"):
        list(claude_mem.read(path))


def test_a_database_is_recognised(tmp_path: Path) -> None:
    assert detect(sample(tmp_path / "claude-mem.db")) == "claude-mem"


def test_a_section_is_a_note_under_its_headings(projects: Path) -> None:
    found = [item for item in claude_notes.read(projects) if isinstance(item, Noted)]
    assert [item.text for item in found] == [
        "Loose words first.",
        "Lantern\nDeploys go to Singapore.",
        "Lantern / Testing\nRun `make check`.\n\n```sh\n# no heading\n```",
    ]
    assert {item.project_id for item in found} == {"lantern"}
    assert len({item.source.message_id for item in found}) == 3


def test_notes_without_transcripts_have_no_project(projects: Path) -> None:
    (projects / "-home-mei-lantern" / "s-1.jsonl").write_text("{broken\n")
    found = [item for item in claude_notes.read(projects) if isinstance(item, Noted)]
    assert {item.project_id for item in found} == {None}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return sample(tmp_path_factory.mktemp("sound") / "claude-mem.db").read_bytes()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_damaged_database_is_read_or_refused(data: st.DataObject, sound: bytes, tmp_path: Path) -> None:
    whole = bytearray(sound)
    for at in data.draw(st.lists(st.integers(16, len(whole) - 1), min_size=1, max_size=8)):
        whole[at] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.db"
    path.write_bytes(whole[: data.draw(st.integers(20, len(whole)))])
    try:
        found = list(read(path, "claude-mem"))
    except InvalidInput:
        return
    assert all(isinstance(item, Noted | Spoken | Fault) for item in found)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(alphabet="#`~ -\nab文\x00", max_size=60), data=st.binary(max_size=8))
def test_any_notes_are_read(text: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "MEMORY.md"
    path.write_bytes(text.encode() + data)
    assert all(isinstance(item, Noted | Fault) for item in read(path, "claude-notes"))
