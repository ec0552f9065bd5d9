"""A database as claude-mem 13 makes it, with a little in it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

SCHEMA = """
CREATE TABLE schema_versions (id INTEGER PRIMARY KEY, version INTEGER UNIQUE NOT NULL, applied_at TEXT NOT NULL);
CREATE TABLE sdk_sessions (
  id INTEGER PRIMARY KEY AUTOINCREMENT, content_session_id TEXT UNIQUE NOT NULL, memory_session_id TEXT UNIQUE,
  project TEXT NOT NULL, platform_source TEXT NOT NULL DEFAULT 'claude', user_prompt TEXT,
  started_at TEXT NOT NULL, started_at_epoch INTEGER NOT NULL, completed_at TEXT, completed_at_epoch INTEGER,
  status TEXT NOT NULL DEFAULT 'active', worker_port INTEGER, prompt_counter INTEGER DEFAULT 0, custom_title TEXT);
CREATE TABLE observations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, memory_session_id TEXT NOT NULL, project TEXT NOT NULL, text TEXT,
  type TEXT NOT NULL, title TEXT, subtitle TEXT, facts TEXT, narrative TEXT, concepts TEXT, files_read TEXT,
  files_modified TEXT, prompt_number INTEGER, discovery_tokens INTEGER DEFAULT 0, content_hash TEXT,
  created_at TEXT NOT NULL, created_at_epoch INTEGER NOT NULL);
CREATE TABLE session_summaries (
  id INTEGER PRIMARY KEY AUTOINCREMENT, memory_session_id TEXT NOT NULL, project TEXT NOT NULL, request TEXT,
  investigated TEXT, learned TEXT, completed TEXT, next_steps TEXT, files_read TEXT, files_edited TEXT, notes TEXT,
  prompt_number INTEGER, discovery_tokens INTEGER DEFAULT 0, created_at TEXT NOT NULL,
  created_at_epoch INTEGER NOT NULL);
CREATE TABLE user_prompts (
  id INTEGER PRIMARY KEY AUTOINCREMENT, content_session_id TEXT NOT NULL, prompt_number INTEGER NOT NULL,
  prompt_text TEXT NOT NULL, created_at TEXT NOT NULL, created_at_epoch INTEGER NOT NULL);
"""
EPOCH = 1_777_626_000_000
STAMP = "2026-05-01T09:00:00.000Z"


def sample(path: Path, *, open_log: bool = False) -> Path:
    """Write the database; with `open_log` leave what was written in the write-ahead log, as a running worker does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kept: list[tuple[Path, bytes]] = []
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(SCHEMA)
        fill(database)
        database.commit()
        if open_log:  # the log is emptied when the database is closed
            kept = [(file, file.read_bytes()) for file in (path, path.with_name(f"{path.name}-wal"))]
    for file, data in kept:
        file.write_bytes(data)
    return path


def fill(database: sqlite3.Connection) -> None:
    """Add two sessions: one whose transcript may still be there, one that is long gone."""
    sessions = (
        "INSERT INTO sdk_sessions (content_session_id, memory_session_id, project, started_at, started_at_epoch) "
    )
    for content, memory in (("s-1", "m-1"), ("s-old", "m-old")):
        database.execute(f"{sessions} VALUES (?, ?, 'lantern', ?, ?)", (content, memory, STAMP, EPOCH))
    database.execute(
        "INSERT INTO observations (memory_session_id, project, type, title, subtitle, facts, narrative, concepts, "
        "files_read, files_modified, prompt_number, discovery_tokens, created_at, created_at_epoch) "
        "VALUES ('m-1', 'lantern', 'bugfix', 'Fixed the token refresh', 'Clock skew', ?, "
        "'The server clock ran ahead.', ?, ?, ?, 1, 900, ?, ?)",
        (
            json.dumps(["Skew is 30 seconds"]),
            json.dumps(["gotcha"]),
            json.dumps(["auth.py"]),
            json.dumps([]),
            STAMP,
            EPOCH,
        ),
    )
    database.execute(
        "INSERT INTO observations (memory_session_id, project, text, type, created_at, created_at_epoch) "
        "VALUES ('m-old', 'lantern', '部署到新加坡', 'decision', ?, ?)",
        (STAMP, EPOCH + 1000),
    )
    database.execute(
        "INSERT INTO session_summaries (memory_session_id, project, request, learned, next_steps, created_at, "
        "created_at_epoch) VALUES ('m-1', 'lantern', 'Fix login', 'Tokens expire early', 'Watch the clock', ?, ?)",
        (STAMP, EPOCH + 2000),
    )
    prompts = [("s-1", 1, "why does login fail?"), ("s-old", 1, "ship it to Singapore"),
               ("s-old", 2, "<task-notification>done</task-notification>")]  # fmt: skip
    for session, number, text in prompts:
        database.execute(
            "INSERT INTO user_prompts (content_session_id, prompt_number, prompt_text, created_at, created_at_epoch) "
            "VALUES (?, ?, ?, ?, ?)",
            (session, number, text, STAMP, EPOCH + number),
        )
