"""The runs of policies as rows."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from recollect.errors import Conflict, InvalidInput, NotFound
from recollect.models import Kind, Measure, Policy, Run, RunState
from recollect.stores.sql.keep.waste import Put
from recollect.stores.sql.row import moment
from recollect.stores.sql.schema import retention_run

RUNS = retention_run.c

_EMPTY = sa.and_(RUNS.memories == 0, RUNS.error == "")


def begin(connection: sa.Connection, run_id: str, policy: Policy, now: int) -> Run:
    """Return the run of this policy that was broken off, to be taken up again, or a new one."""
    rules = written(policy)
    query = sa.select(retention_run).where(RUNS.policy == policy.name, RUNS.state == RunState.RUNNING)
    for row in connection.execute(query.order_by(RUNS.key)).all():
        if row.rules == rules:
            return _run(row)
        end(connection, row.key, now, error="The policy was changed")
    values = {
        "id": run_id,
        "policy": policy.name,
        "action": policy.action,
        "rules": rules,
        "state": RunState.RUNNING,
        "begun_at": now,
        "last": 0,
        "memories": 0,
        "bytes_before": 0,
        "bytes_after": 0,
        "undone": 0,
        "error": "",
    }
    connection.execute(sa.insert(retention_run).values(values))
    return by_id(connection, run_id)


def step(connection: sa.Connection, key: int, after: int, last: int, put: Put) -> None:
    """Note what a batch did, in its own transaction; raise Conflict where another process did it meanwhile."""
    here = sa.and_(RUNS.key == key, RUNS.last == after, RUNS.state == RunState.RUNNING)
    values = {
        "last": last,
        "memories": RUNS.memories + put.memories,
        "bytes_before": RUNS.bytes_before + put.before,
        "bytes_after": RUNS.bytes_after + put.after,
    }
    if connection.execute(sa.update(retention_run).where(here).values(values)).rowcount != 1:
        raise Conflict("Another process goes on with this run", hint="Let it finish.")


def end(connection: sa.Connection, key: int, now: int, *, error: str = "") -> None:
    """Note the end of a run; of those that met nothing the policy's latest stays, which says when it last ran."""
    values = {"state": RunState.DONE, "ended_at": now, "error": error}
    connection.execute(sa.update(retention_run).where(RUNS.key == key).values(values))
    policy = sa.select(RUNS.policy).where(RUNS.key == key).scalar_subquery()
    before = (RUNS.policy == policy, RUNS.key < key, RUNS.state != RunState.RUNNING)
    connection.execute(sa.delete(retention_run).where(*before, _EMPTY))


def undone(connection: sa.Connection, key: int, back: int) -> None:
    """Count what was brought back."""
    connection.execute(sa.update(retention_run).where(RUNS.key == key).values(undone=RUNS.undone + back))


def set_state(connection: sa.Connection, key: int, state: RunState) -> None:
    """Say where a run stands."""
    connection.execute(sa.update(retention_run).where(RUNS.key == key).values(state=state))


def by_id(connection: sa.Connection, run_id: str) -> Run:
    """Return the run whose id ends so (or is it); raise NotFound."""
    start = sa.func.length(RUNS.id) - len(run_id) + 1
    rows = connection.execute(
        sa.select(retention_run).where(start > 0, sa.func.substr(RUNS.id, start) == run_id).limit(2)
    ).all()
    if not rows or not run_id:
        raise NotFound(f"There is no run {run_id}", hint="`recollect retention report` shows them.")
    if len(rows) > 1:
        raise InvalidInput(f"Several runs end in {run_id}", field="id", hint="Give more of the id.")
    return _run(rows[0])


def latest(connection: sa.Connection, limit: int) -> list[Run]:
    """Return runs, the latest first; of those that are over, only what met anything."""
    query = sa.select(retention_run).where(sa.or_(RUNS.state == RunState.RUNNING, sa.not_(_EMPTY)))
    return [_run(row) for row in connection.execute(query.order_by(RUNS.key.desc()).limit(limit))]


def last_begun(connection: sa.Connection) -> dict[str, datetime]:
    """Return by policy when it last began to run, whether it met anything or not."""
    query = sa.select(RUNS.policy, sa.func.max(RUNS.begun_at)).group_by(RUNS.policy)
    return {policy: moment(begun) for policy, begun in connection.execute(query)}


def broken(connection: sa.Connection) -> list[Run]:
    """Return the runs that failed and have not been taken up again to their end."""
    query = sa.select(retention_run).where(RUNS.state == RunState.RUNNING, RUNS.error != "")
    return [_run(row) for row in connection.execute(query.order_by(RUNS.key))]


def over(connection: sa.Connection, before: int) -> list[Run]:
    """Return the runs that ended before a time and can still be undone."""
    query = sa.select(retention_run).where(RUNS.state == RunState.DONE, RUNS.ended_at <= before)
    return [_run(row) for row in connection.execute(query.order_by(RUNS.key))]


def written(policy: Policy) -> str:
    """Return a policy as JSON."""
    return json.dumps(asdict(policy), sort_keys=True)


def read(rules: str) -> Policy:
    """Return the policy that JSON holds."""
    found = Policy(**json.loads(rules))
    return replace(found, action=Measure(found.action), kinds=tuple(map(Kind, found.kinds)))


def _run(row: sa.Row[Any]) -> Run:
    return Run(
        row.key,
        row.id,
        row.policy,
        Measure(row.action),
        RunState(row.state),
        row.rules,
        moment(row.begun_at),
        None if row.ended_at is None else moment(row.ended_at),
        row.last,
        row.memories,
        row.bytes_before,
        row.bytes_after,
        row.undone,
        row.error,
    )
