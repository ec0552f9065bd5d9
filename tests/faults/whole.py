"""What must hold once faults are over: nothing acknowledged is lost, nothing is double, nothing is there by half."""

from __future__ import annotations

from tests.faults.load import Load
from tests.faults.stack import Stack
from tests.server.conftest import until
from tests.server.fleet import Listener, check


def whole(stack: Stack, load: Load) -> None:
    """Assert it, when writers and readers have ended: by the back door, and by what the commands say."""
    stack.settled()
    turns = {name: text for one in load.writers for name, text in one.turns.items()}
    notes = {name: text for one in load.writers for name, text in one.notes.items()}
    gone = {name for one in load.writers for name in one.gone}
    assert turns
    kept = dict(stack.asked("SELECT id, text FROM memory WHERE kind = 'turn'"))
    assert kept == turns, "the turns that were acknowledged, and no other"
    kept = dict(stack.asked("SELECT id, text FROM memory WHERE kind = 'note'"))
    assert kept == notes, "the notes that were acknowledged and not deleted, and no other"
    check(stack, set(turns) | set(notes))
    for lacking in LACKING:
        assert stack.asked(lacking) == [(0,)], lacking
    assert not {memory for (memory,) in stack.asked("SELECT id FROM memory")} & gone
    for listener in load.listeners:
        heard(stack, listener)
    if stack.chroma is not None:
        agreed(stack)
    assert stack.told("audit", "verify")["whole"]


LACKING = (
    "SELECT count(*) FROM memory m WHERE NOT EXISTS (SELECT 1 FROM chunk WHERE memory = m.key)",
    "SELECT count(*) FROM memory m WHERE NOT EXISTS (SELECT 1 FROM change WHERE memory = m.key)",
    "SELECT count(*) FROM (SELECT 1 FROM memory WHERE position > 0 GROUP BY conversation, position "
    "HAVING count(*) > 1) AS twice",
    "SELECT count(*) FROM tenant_size s WHERE chunks <> (SELECT count(*) FROM chunk WHERE tenant = s.tenant)",
    "SELECT count(*) FROM (SELECT 1 FROM memory WHERE kind = 'note' GROUP BY text HAVING count(*) > 1) AS twice",
)
"""What is missing or double: each counts none."""


def heard(stack: Stack, listener: Listener) -> None:
    """Assert that a listener has every event there is, each once and in order; some told of what is deleted now."""
    wanted = {seq for (seq,) in stack.asked("SELECT seq FROM change")}
    until(lambda: wanted <= set(listener.ids), "a listener heard everything", 60)
    assert listener.ids == sorted(set(listener.ids)), "each once and in order"


def agreed(stack: Stack) -> None:
    """Assert that the index has every vector of the records and, at the latest once it was mended, none besides.

    A Chroma that is killed may bring back what it had said was deleted. Such vectors never answer, for the records
    decide; the doctor must tell of them, and `reindex` must take them away.
    """
    found = _index(stack)
    if found["status"] == "warn" and ", 0 missing and " in found["detail"]:
        stack.told("reindex")
        found = _index(stack)
    assert found["status"] == "ok", found


def _index(stack: Stack) -> dict[str, str]:
    checks: list[dict[str, str]] = stack.told("doctor")["checks"]
    return next(one for one in checks if one["name"] == "index")
