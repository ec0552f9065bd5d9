"""What a hook does with a server, without one, and with anything that may come in."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.hooks.conftest import PROMPT, Hook, Listener

from recollect.capture.wrapper import without_private
from recollect.hooks import command, payload, private, wake
from recollect.hooks.arguments import Asked, read
from recollect.hooks.run import output

SOURCE = Path(command.__file__).parent


def test_an_event_is_handed_over_as_it_came_in(hook: Hook, listener: Listener) -> None:
    assert hook("PostToolUse", {"tool_name": "Bash", "emoji": "🧠", "n": 1.5}) == b""
    [(line, headers, body)] = listener.taken
    assert line == "POST /api/hooks/claude-code?event=PostToolUse HTTP/1.1"
    assert headers["authorization"] == "Bearer rec_secret"
    assert headers["x-recollect-hook"] == "PostToolUse"
    assert headers["host"] == f"127.0.0.1:{listener.port}"
    envelope = json.loads(body)
    assert envelope["payload"] == {"tool_name": "Bash", "emoji": "🧠", "n": 1.5}
    assert envelope["sent_at"].endswith("Z")
    assert hook.spooled == []


def test_every_event_has_an_id_of_its_own_and_later_ones_are_greater(hook: Hook, listener: Listener) -> None:
    for _ in range(5):
        hook("Stop")
    ids = [envelope["event_id"] for envelope in listener.envelopes]
    assert len(set(ids)) == 5
    assert ids == sorted(ids)


@pytest.mark.parametrize("event", ["SessionStart", "UserPromptSubmit"])
def test_what_the_server_has_to_say_is_told_in_one_line(hook: Hook, listener: Listener, event: str) -> None:
    said = {"hookSpecificOutput": {"hookEventName": event, "additionalContext": "two\nlines, 记忆"}}
    listener.answer = json.dumps({"output": said}, indent=1).encode()
    told = hook(event)
    assert told.count(b"\n") == 1
    assert json.loads(told) == said


@pytest.mark.parametrize("answer", [b'{"output":null}', b'{"output": null}\n', b"null", b"[]", b"<html>", b"\xff", b""])
def test_nothing_is_told_when_there_is_nothing_to_say(hook: Hook, listener: Listener, answer: bytes) -> None:
    listener.answer = answer
    assert hook("UserPromptSubmit") == b""
    assert hook.spooled == []


def test_an_output_that_is_no_object_is_not_told() -> None:
    assert output(b'{"output":"text"}') == b""
    assert output(b'{"output":{}}') == b"{}\n"


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503, 507])
def test_an_event_that_is_refused_is_kept(hook: Hook, listener: Listener, status: int) -> None:
    listener.status = status
    assert hook("PostToolUse") == b""
    assert [kept["envelope"]["payload"] for kept in hook.spooled] == [PROMPT]


def test_without_a_server_events_are_kept_in_order_and_private(hook: Hook, home: Path) -> None:
    for n in range(5):
        hook("PostToolUse", {"n": n})
    assert [kept["envelope"]["payload"]["n"] for kept in hook.spooled] == list(range(5))
    assert {(kept["client"], kept["event"]) for kept in hook.spooled} == {("claude-code", "PostToolUse")}
    files = [home, home / "spool", *(home / "spool").iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in files} == {0}


def test_what_is_private_is_not_even_written_while_it_waits(hook: Hook, home: Path) -> None:
    hook(
        "UserPromptSubmit",
        {"prompt": "Deploy it <private>my salary is 1</private> now", "deep": [{"a": "<PRIVATE >2"}]},
    )
    hook("UserPromptSubmit", {"prompt": "＜private＞3＜/private＞ after <private>4</private >"})
    hook("UserPromptSubmit", rb'{"prompt": "a\u003cprivate\u003e5\u003c/private\u003eb"}')
    hook("UserPromptSubmit", b'{"prompt": "<private>6</private>", broken}')
    hook("PostToolUse", {"tool_input": "private int x; </private> List<privateer>"})
    assert [kept["envelope"]["payload"] for kept in hook.spooled] == [
        {"prompt": "Deploy it  now", "deep": [{"a": ""}]},
        {"prompt": ""},
        {"prompt": "ab"},
        {"tool_input": "private int x; </private> List<privateer>"},
    ]


@pytest.mark.parametrize(
    "text", ["a<private>x</private>b", "<private", "<private a=1>x", "</private>y<private>x", "plain"]
)
def test_what_may_wait_is_no_more_than_what_the_server_would_keep(text: str) -> None:
    waited = json.loads(private.without(json.dumps({"t": text}).encode()))["t"]
    kept = without_private(text)[0]
    assert set(waited.replace("x", "")) <= set(kept)
    assert ("x" in waited) <= ("x" in kept)


def test_a_port_where_nobody_listens_any_more_is_as_good_as_no_server(hook: Hook, listener: Listener) -> None:
    listener.stop()
    began = time.monotonic()
    hook("UserPromptSubmit")
    assert time.monotonic() - began < 1
    assert len(hook.spooled) == 1


def test_what_comes_after_kept_events_stands_behind_them(hook: Hook, listener: Listener, home: Path) -> None:
    (home / "server.json").rename(home / "away")
    hook("PostToolUse", {"n": 0})
    (home / "away").rename(home / "server.json")
    hook("PostToolUse", {"n": 1})
    assert [kept["envelope"]["payload"]["n"] for kept in hook.spooled] == [0, 1]
    hook("UserPromptSubmit", {"n": 2})  # its answer is needed at once; the server delivers what waits before it
    assert [envelope["payload"]["n"] for envelope in listener.envelopes] == [2]


@pytest.mark.parametrize(("event", "within"), [("PostToolUse", 1.5), ("UserPromptSubmit", 3.0)])
def test_a_server_that_hangs_is_given_up_and_the_event_kept(
    hook: Hook, listener: Listener, event: str, within: float
) -> None:
    listener.hangs.set()
    began = time.monotonic()
    assert hook(event) == b""
    assert time.monotonic() - began < within
    [sent] = listener.envelopes
    [kept] = hook.spooled
    assert kept["envelope"] == sent  # by its id the server knows it again


def test_a_session_does_not_wait_for_a_server_that_listens_but_is_not_up_yet(
    hook: Hook, listener: Listener, home: Path
) -> None:
    listener.hangs.set()
    (home / wake.MARK).write_text(str(os.getpid()))
    began = time.monotonic()
    assert hook("SessionStart") == b""
    assert time.monotonic() - began < 2
    assert len(hook.spooled) == 1


def test_a_prompt_waits_for_a_server_that_comes_up(hook: Hook, listener: Listener, home: Path) -> None:
    (home / wake.MARK).write_text(str(os.getpid()))
    (home / "server.json").rename(home / "away")
    process = hook.begin("UserPromptSubmit")
    assert process.stdin is not None
    process.stdin.write(json.dumps(PROMPT).encode())
    process.stdin.close()
    process.stdin = None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.2)
    listener.answer = b'{"output":{"a":1}}'
    (home / "away").rename(home / "server.json")
    assert process.communicate(timeout=10) == (b'{"a": 1}\n', b"")
    assert hook.spooled == []


def test_the_usual_port_is_not_trusted_only_the_file_is(hook: Hook, listener: Listener, home: Path) -> None:
    (home / "server.json").unlink()
    hook("PostToolUse", PROMPT, "--port", str(listener.port))
    assert listener.taken == []
    assert len(hook.spooled) == 1


def test_a_server_elsewhere_is_found_by_its_address(hook: Hook, listener: Listener, home: Path) -> None:
    (home / "server.json").unlink()
    (home / "secret").write_text("rec_other")
    where = ("--host", "127.0.0.2", "--port", str(listener.port), "--token-file", str(home / "secret"))
    hook("PostToolUse", PROMPT, *where)
    if listener.taken:  # this listener is at 127.0.0.1 alone; what counts is that nothing is lost
        assert listener.taken[0][1]["authorization"] == "Bearer rec_other"
    else:
        assert len(hook.spooled) == 1


@pytest.mark.parametrize("given", [b"", b" \n", b"[1]", b'"text"', b"{", b"\x00\xff\xfe", b"nonsense", b"null"])
def test_what_is_no_event_is_passed_over(hook: Hook, listener: Listener, given: bytes) -> None:
    assert hook("UserPromptSubmit", given) == b""
    assert listener.taken == []
    assert hook.spooled == []


def test_bytes_that_are_no_text_are_replaced_and_a_mark_of_order_is_left_out(hook: Hook, listener: Listener) -> None:
    hook("PostToolUse", b'\xef\xbb\xbf {"a": "\xff"}\n')
    assert listener.envelopes[0]["payload"] == {"a": "�"}


def test_a_huge_event_is_read_to_its_end_and_cut(hook: Hook, listener: Listener) -> None:
    listener.taken.clear()
    hook("UserPromptSubmit", {"session_id": "s1", "tool_input": {"a": [1]}, "prompt": "é" * 10_000_000, "late": 1})
    [envelope] = listener.envelopes
    found = envelope["payload"]
    assert found["session_id"] == "s1"
    assert found["tool_input"] == {"a": [1]}
    assert found["prompt"].startswith("ééé")
    assert 100_000 < len(found["prompt"]) < payload.LARGEST
    assert found["recollect_cut"] > 10_000_000
    assert "late" not in found


@pytest.mark.parametrize("cut", range(2, 60))
def test_whatever_place_an_event_is_cut_at_what_is_whole_is_kept(cut: int) -> None:
    raw = rb'{"a": 1, "b": {"c": [true]}, "d": "x\ud83e\udde0\"y\\", "e": 2.5}'
    found = payload.whole(raw[:cut], len(raw))
    if cut < 8:
        assert found is None or json.loads(found)["recollect_cut"] == len(raw)
        return
    assert found is not None
    fields = json.loads(found)
    assert fields.pop("recollect_cut") == len(raw)
    assert fields["a"] == 1
    assert set(fields) <= {"a", "b", "d", "e"}
    assert 'x🧠"y\\'.startswith(fields.get("d", "").replace("\ud83e", ""))


@pytest.mark.parametrize("raw", [b"x" * 50, b"{" * 50, b"[" * 50, b'{"a"' + b"[" * 100_000, b'{"' + b"x" * 50])
def test_what_is_large_and_no_event_is_passed_over(raw: bytes) -> None:
    found = payload.whole(raw, 10_000_000)
    assert found is None or json.loads(found)["recollect_cut"]


def test_a_client_that_never_ends_its_input_does_not_keep_the_hook(hook: Hook) -> None:
    process = hook.begin("PostToolUse")
    assert process.stdin is not None
    process.stdin.write(b'{"a":')
    process.stdin.flush()
    assert process.wait(timeout=10) == 0
    process.communicate()
    assert hook.spooled == []


def test_an_answer_nobody_reads_is_no_failure(hook: Hook, listener: Listener) -> None:
    listener.answer = b'{"output":{"a":"' + b"x" * 1_000_000 + b'"}}'
    process = hook.begin("UserPromptSubmit")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stdin is not None
    process.stdin.write(json.dumps(PROMPT).encode())
    process.stdin.close()
    assert process.wait(timeout=10) == 0
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


def test_an_interrupt_is_no_failure_and_loses_nothing(hook: Hook, listener: Listener) -> None:
    listener.hangs.set()
    process = hook.begin("UserPromptSubmit")
    assert process.stdin is not None
    process.stdin.write(json.dumps(PROMPT).encode())
    process.stdin.close()
    end = time.monotonic() + 10
    while not listener.taken:
        assert time.monotonic() < end
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 0
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert len(hook.spooled) == 1
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
def test_a_data_directory_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where the data directory should be")
    for event in ("SessionStart", "UserPromptSubmit", "PostToolUse"):
        assert Hook(blocked)(event) == b""
    assert blocked.read_text() == "a file where the data directory should be"
    if os.geteuid():
        shut = tmp_path / "shut"
        shut.mkdir(mode=0o500)
        assert Hook(shut)("PostToolUse") == b""
        assert list(shut.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--event"],
        ["--event", "../../x"],
        ["--event", "Stop", "--client", 'a"b'],
        ["--event", "Stop", "--port", "x"],
    ],
)
def test_wrong_arguments_are_no_failure(home: Path, arguments: list[str]) -> None:
    line = [sys.executable, "-I", "-S", str(SOURCE / "post.py"), "--home", str(home), *arguments]
    done = subprocess.run(line, input=b"{}", capture_output=True, check=False, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_package_that_was_removed_is_no_failure(home: Path) -> None:
    line = command.command("claude-code", "UserPromptSubmit", str(home))
    gone = [word.replace("post.py", "gone.py") for word in line]
    done = subprocess.run(gone, input=b"{}", capture_output=True, check=False, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("event", ["PostToolUse", "UserPromptSubmit"])
def test_a_hook_imports_the_standard_library_alone_and_little_of_it(home: Path, listener: Listener, event: str) -> None:
    watched = "import sys; from recollect.hooks.run import Hook; from recollect.hooks.arguments import Asked, read; "
    watched += "Hook(Asked(read(sys.argv[1:]))).run(); print(*sorted(sys.modules))"
    line = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.append({str(SOURCE.parents[1])!r}); {watched}"]
    done = subprocess.run(
        [*line, "--home", str(home), "--event", event], input=b"{}", capture_output=True, check=True, timeout=20
    )
    found = set(done.stdout.decode().split())
    assert len(listener.taken) == 1
    own = {name for name in found if name.partition(".")[0] == "recollect"}
    assert own <= {"recollect", "recollect.version"} | {name for name in own if name.startswith("recollect.hooks")}
    assert {name.partition(".")[0] for name in found - own} - {"__main__"} <= set(sys.stdlib_module_names)
    assert not found & {"typing", "json", "re", "socket", "pathlib", "subprocess", "http", "asyncio", "dataclasses"}


def test_arguments_are_read_in_both_forms() -> None:
    asked = Asked(read(["x", "--home", "/h", "--event=Stop", "--client", "codex", "--wait", "2.5", "--port=99999"]))
    assert (asked.home, asked.event, asked.client, asked.wait, asked.port) == ("/h", "Stop", "codex", 2.5, 37777)
    assert Asked(read(["--event", "SessionStart"])).starts
    assert not Asked(read(["--event", "SessionStart", "--no-start"])).starts
    assert not Asked(read(["--event", "SessionStart", "--host", "memory.example.com"])).starts
    assert Asked(read(["--event", "Stop", "--wait", "-1"])).wait == 0


def test_on_windows_the_interpreter_without_a_window_is_taken(tmp_path: Path) -> None:
    for name in ("python.exe", "pythonw.exe"):
        (tmp_path / name).touch()
    python = str(tmp_path / "python.exe")
    assert command.interpreter(python, "win32") == str(tmp_path / "pythonw.exe")
    assert command.interpreter(python, "linux") == python
    (tmp_path / "pythonw.exe").unlink()
    assert command.interpreter(python, "win32") == python
