"""Servers and workers over one PostgreSQL: every job done once, every event heard once, whoever is paused or killed."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.fleet import Fleet, Listener, Writer, check, fleet, heard

from recollect.stores.postgres.server import IDLE_SECONDS
from recollect.testing.model_server import ModelServer, model_server

KILLS = min(int(os.environ.get("RECOLLECT_KILLS", "50")), 50)


@pytest.fixture
def models() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


def writing(made: Fleet, writers: int, each: int) -> list[Writer]:
    """Write from several sides at once."""
    begun = time.monotonic_ns()
    threads = [Writer(made, f"w{begun}x{number}", each) for number in range(writers)]
    for one in threads:
        one.start()
    return threads


def written(threads: list[Writer], within: float = 180) -> set[str]:
    """Wait until all is written; return what was acknowledged."""
    for one in threads:
        one.join(within)
        assert not one.is_alive()
        assert one.failed == []
    told = [name for one in threads for name in one.told]
    assert len(set(told)) == len(told) > 0
    return set(told)


def listening(made: Fleet, count: int) -> list[Listener]:
    """Let some listen, at different servers."""
    listeners = [Listener(made, number) for number in range(count)]
    for one in listeners:
        one.start()
        assert one.begun.wait(60)
    return listeners


def test_two_servers_and_two_workers_do_each_job_once_and_tell_each_event_once(
    tmp_path: Path, postgres_url: str, models: ModelServer
) -> None:
    with fleet(tmp_path, postgres_url, models, server__jobs=False, worker__lease=2) as made:
        for name in ("one", "two"):
            made.server(name)
        made.worker("w1")
        made.worker("w2")
        listeners = listening(made, 2)
        told = written(writing(made, 4, 15))
        made.settled()
        check(made, told)
        assert [(made.jobs_done(),)] == made.asked("SELECT last_value FROM job_id_seq"), "no job twice"
        # A worker that stands still for longer than its lease, and then goes on with what others have done meanwhile.
        more = writing(made, 2, 15)
        made.pause_with_claim("w1")
        told |= written(more)
        made.settled()
        made.workers["w1"].send_signal(signal.SIGCONT)
        told |= written(writing(made, 1, 5))
        made.settled()
        check(made, told)
        for one in listeners:
            heard(made, one)
            one.over.set()
        for worker in made.workers.values():
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_worker_that_stands_still_inside_a_transaction_keeps_the_others_waiting_for_seconds_only(
    tmp_path: Path, postgres_url: str, models: ModelServer
) -> None:
    with fleet(tmp_path, postgres_url, models, server__jobs=False, worker__lease=2) as made:
        made.server("one")
        made.worker("w1")
        made.worker("w2")
        threads = writing(made, 2, 100)
        made.pause_with_lock("w1")
        stands = time.monotonic()
        told = written(threads)
        assert time.monotonic() - stands < 4 * IDLE_SECONDS  # of its connections several may get the lock in turn
        made.workers["w1"].send_signal(signal.SIGCONT)
        made.settled()
        check(made, told)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_four_servers_and_four_workers_with_one_that_stands_still_for_half_a_minute(
    tmp_path: Path, postgres_url: str, models: ModelServer
) -> None:
    with fleet(tmp_path, postgres_url, models, worker__lease=5) as made:
        for number in range(4):
            made.server(f"s{number}")
            made.worker(f"w{number}")
        listeners = listening(made, 8)
        told = written(writing(made, 8, 250), 400)
        made.settled()
        check(made, told)
        assert [(made.jobs_done(),)] == made.asked("SELECT last_value FROM job_id_seq"), "no job twice"
        more = writing(made, 4, 50)
        made.pause_with_claim("w2")
        stands = time.monotonic()
        told |= written(more, 400)
        made.settled()
        time.sleep(max(0.0, 30 - (time.monotonic() - stands)))
        made.workers["w2"].send_signal(signal.SIGCONT)
        told |= written(writing(made, 2, 10))
        made.settled()
        check(made, told)
        for one in listeners:
            heard(made, one)
            one.over.set()


def killed(made: Fleet, kills: int) -> None:
    """Kill a server and a worker in turn, again and again, while there is writing; nothing is lost, nothing double."""
    seed = random.Random(4711)
    for name in ("s0", "s1"):
        made.server(name)
    for name in ("w0", "w1"):
        made.worker(name)
    listeners = listening(made, 2)
    told: set[str] = set()
    for number in range(kills):
        more = writing(made, 3, 12)
        time.sleep(seed.uniform(0.0, 0.5))
        name = f"w{number // 2 % 2}" if number % 2 else f"s{number // 2 % 2}"
        victim = made.workers[name] if name in made.workers else made.servers[name].process
        victim.kill()
        victim.wait()
        (made.worker if name in made.workers else made.server)(name)
        told |= written(more)
    made.settled()
    check(made, told)
    for one in listeners:
        heard(made, one)
        one.over.set()


def test_killed_servers_and_workers_lose_nothing_and_do_nothing_twice(
    tmp_path: Path, postgres_url: str, models: ModelServer
) -> None:
    with fleet(tmp_path, postgres_url, models, worker__lease=3) as made:
        killed(made, 2)


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_killed_fifty_times_servers_and_workers_lose_nothing_and_do_nothing_twice(
    tmp_path: Path, postgres_url: str, models: ModelServer
) -> None:
    with fleet(tmp_path, postgres_url, models, worker__lease=3) as made:
        killed(made, KILLS)
