"""Ids sort by time, never repeat, and survive threads and forks."""

from __future__ import annotations

import os
import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from recollect.capture.ids import new_id

NOW = datetime(2026, 11, 20, 8, 0, 0, 123_000, tzinfo=UTC)


def test_an_id_is_a_uuid_of_version_seven_with_its_time() -> None:
    far = NOW + timedelta(days=36_500)
    made = uuid.UUID(new_id(far))
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == int(far.timestamp() * 1000)


def test_ids_grow_even_when_the_clock_goes_back() -> None:
    ids = [new_id(NOW - timedelta(seconds=second)) for second in range(5000)]
    assert ids == sorted(set(ids))


def test_threads_never_get_the_same_id() -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend([new_id(NOW) for _ in range(2000)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_makes_other_ids() -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, new_id(NOW).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reader, 36).decode()
    os.close(reader)
    os.close(writer)
    assert theirs not in {new_id(NOW) for _ in range(100)}
    assert uuid.UUID(theirs).version == 7
