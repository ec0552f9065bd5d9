"""The command as a process: start, streams, signals."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.cli.conftest import Run

from recollect.version import __version__

COMMAND = [sys.executable, "-c", "from recollect.cli.main import main; main()"]
HEAVY = "('numpy', 'onnxruntime', 'sqlalchemy', 'rich', 'pydantic', 'asyncio')"
IDLE = "('sqlalchemy.dialects.postgresql', 'http.client', 'xml', 'recollect.stores.sql.copying.pair')"
"""What a search over a file has no use for, and would take long to import."""


def test_version_and_help_import_nothing_heavy(home: Path, compiled: None) -> None:
    code = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr))\n"
        "from recollect.cli.main import main\nmain()"
    )
    for option in ("--version", "--help"):
        done = subprocess.run([sys.executable, "-c", code, option], capture_output=True, text=True, check=True)
        assert done.stderr.strip() == "[]"
        assert (__version__ if option == "--version" else "search") in done.stdout


def test_a_search_imports_nothing_it_has_no_use_for(home: Path, compiled: None) -> None:
    code = (
        "import sys\nfrom recollect.cli.main import main\ntry:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([m for m in {IDLE} if m in sys.modules], file=sys.stderr)"
    )
    line = [sys.executable, "-c", code, "search", "--home", str(home), "What was said?"]
    subprocess.run(line, capture_output=True, check=True)  # makes the store, which takes more
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_terminals_that_cannot_show_a_character_get_a_replacement(process: Run, recollect: Run) -> None:
    recollect("add", "猫喜欢睡在窗台上")
    env = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"}
    plain = process("list", **env, PYTHONIOENCODING="latin-1")
    assert plain.code == 0
    assert "????" in plain.out


def test_a_closed_pipe_ends_quietly(home: Path, chat: Path, compiled: None, recollect: Run) -> None:
    recollect("import", chat)
    with subprocess.Popen([*COMMAND, "export"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert b"Traceback" not in running.stderr.read()
        assert running.wait() == 1


def test_an_interrupt_ends_quietly(home: Path, compiled: None) -> None:
    with subprocess.Popen([*COMMAND, "add", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdin is not None
        assert running.stderr is not None
        running.stdin.write(b"more than a pipe holds\n" * 10_000)  # returns when the command has begun to read
        running.stdin.flush()
        running.send_signal(signal.SIGINT)
        told = running.stderr.read()
        assert running.wait() == 130
    assert told.strip() == b"interrupted"


def test_a_long_text_is_piped_in_and_what_never_ends_is_refused(process: Run) -> None:
    text = "Long words about the deploy, and about 猫. " * 20_000
    done = process("add", "-", "--json", stdin=text.encode())
    assert done.json["content"].strip() == text.strip()
    with Path("/dev/zero").open("rb") as endless:
        refused = subprocess.run([*COMMAND, "add", "-"], stdin=endless, capture_output=True, check=False)
    assert refused.returncode == 2
    assert b"text from stdin is too long" in refused.stderr


def test_a_closed_stdin_says_nothing(home: Path, compiled: None) -> None:
    done = subprocess.run(["sh", "-c", '"$@" <&-', "sh", *COMMAND, "add", "-"], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"text is empty" in done.stderr


def test_an_interrupt_that_comes_while_a_command_is_imported_is_not_lost(home: Path, tmp_path: Path) -> None:
    (tmp_path / "swallowing.py").write_text(
        "import os, signal, click\n"
        "try:\n    os.kill(os.getpid(), signal.SIGINT)\n    sum(range(10**6))\nexcept KeyboardInterrupt:\n    pass\n"
        "command = click.Command('swallowing', callback=lambda: print('ran'))\n"
    )
    code = (
        "import recollect.cli\nfrom recollect.cli import main\n"
        f"recollect.cli.__path__.append({str(tmp_path)!r})\n"
        "main.COMMANDS = {'swallowing': ('swallowing', 'Catches what comes while it is imported.')}\n"
        "main.main()"
    )
    done = subprocess.run([sys.executable, "-c", code, "swallowing"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "interrupted")


def kept(database: Path) -> int:
    """Count the memories of a database that another process is filling, none while it has no tables yet."""
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as reader:
            return int(reader.execute("SELECT count(*) FROM memory").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def test_a_killed_import_is_completed_by_the_next(home: Path, tmp_path: Path, compiled: None, recollect: Run) -> None:
    lines = [
        {"conversation_id": f"c{n // 500}", "message_id": f"m{n}", "role": "user", "content": f"message number {n}"}
        for n in range(4000)
    ]
    path = tmp_path / "many.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with subprocess.Popen([*COMMAND, "import", str(path), "--no-wait"], stdout=subprocess.DEVNULL) as running:
        while running.poll() is None and not kept(home / "recollect.db"):
            pass
        os.kill(running.pid, signal.SIGKILL)
    done = recollect("import", path, "--no-wait", "--json").json
    assert done["new"] + done["duplicates"] == 4000
    assert 0 < done["duplicates"] < 4000
    assert done["duplicates"] % 500 == 0
    assert recollect("stats", "--json").json["memories"] == 4000
