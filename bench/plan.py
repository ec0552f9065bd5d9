"""Which measurements there are, in which order, and how each is started."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from bench.machine import stored_form
from bench.synthetic.fill import form
from bench.synthetic.texts import CACHE

SECTIONS = (
    "quality",
    "ingest",
    "latency",
    "across",
    "infer",
    "capture",
    "cold",
    "memory",
    "disk",
    "hooks",
    "server",
    "peers",
)
LARGE = 100_000
"""Stores with more memories are filled apart, so that the others do not wait for them in vain."""
STORES = CACHE / "stores"
PROJECTS = ("projects-50x2000", "100000")
"""The stores that hold the same memories, in many projects and in one."""
SERVED = "10000"
"""The store that the server is measured over."""


@dataclass(frozen=True, slots=True)
class Task:
    """One measurement in a process of its own: `python -m <argv>`, which tells its result on its last line."""

    name: str
    section: str
    argv: tuple[str, ...]
    timeout: float = 600.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured, in full and when it has to be quick."""

    stores: tuple[str, ...]
    peers: tuple[str, ...]
    texts: int | None
    rounds: int
    asked: int
    added: int
    quality: tuple[str, ...] = ("--parts",)
    jobs: int = 1000


FULL = Size(("1000", "10000", "100000", "1000000", "1000x1000", "zh-100000"), ("1000", "10000"), None, 3, 300, 500)
QUICK = Size(
    ("1000", "10000", "20x1000", "zh-10000"),
    ("1000",),
    400,
    1,
    100,
    100,
    ("--parts", "--spaces", "1", "--questions", "40"),
    200,
)


def stores() -> Path:
    """Return where filled stores lie; another form of storing has another folder."""
    return STORES / stored_form()


def plan(data: Path, size: Size, only: Collection[str]) -> list[Task]:
    """Return the measurements of the chosen sections in order, what fills their stores among them."""
    tasks = [task for task in _all(data, size) if task.section in only]
    needed = {
        "latency": size.stores,
        "across": PROJECTS,
        "cold": ("10000",),
        "memory": ("10000",),
        "server": (SERVED,),
        "peers": size.peers,
    }
    names = dict.fromkeys(name for section, made in needed.items() if section in only for name in made)
    first = next((place for place, task in enumerate(tasks) if task.section in needed), len(tasks))
    large = [name for name in names if form(name).scopes * form(name).each > LARGE]
    small = [name for name in names if name not in large]
    fills = [
        Task(name, "fill", ("bench.synthetic.fill", str(stores()), *part), limit)
        for name, part, limit in (("fill/small", small, 300.0), ("fill/large", large, 900.0))
        if part
    ]
    tasks[first:first] = fills
    return tasks


def _all(data: Path, size: Size) -> list[Task]:
    at, asked = stores(), ("--asked", str(size.asked))
    most = ("--most", str(size.asked))
    texts = () if size.texts is None else ("--most", str(size.texts))
    tasks = [
        Task(f"quality/{file.stem}", "quality", ("bench.quality", str(file), *size.quality, "--json"), 900)
        for file in sorted(data.glob("*.json"))
    ]
    tasks.append(Task("ingest", "ingest", ("bench.ingest", str(data), *texts, "--rounds", str(size.rounds)), 900))
    tasks += [Task(f"latency/{name}", "latency", ("bench.latency", str(at / name), *asked)) for name in size.stores]
    many, one = (str(at / name) for name in PROJECTS)
    tasks.append(Task("across", "across", ("bench.across", many, one, *asked)))
    tasks += [
        Task(f"infer/{together}", "infer", ("bench.infer", "--together", together, "--jobs", str(size.jobs)))
        for together in ("8", "4")
    ]
    tasks += [
        Task("capture", "capture", ("bench.acknowledged", str(data), *most)),
        Task("cold", "cold", ("bench.footprint", "cold", str(at / "10000"), *most)),
        Task("memory", "memory", ("bench.footprint", "memory", str(at / "10000"))),
        Task(
            "hooks", "hooks", ("bench.hook", "--rounds", str(min(size.asked, 50)), "--burst", str(10 * size.asked // 3))
        ),
        Task("disk", "disk", ("bench.footprint", "disk", str(data), "--most", str(size.texts or 2760))),
    ]
    tasks += [
        Task(f"server/{who}", "server", ("bench.server", who, str(at / SERVED), str(data)))
        for who in ("ours", "chroma")
    ]
    tasks += [
        Task(
            f"peers/{peer}",
            "peers",
            ("bench.peers", peer, str(data), str(at), *size.peers, *texts, "--singly", str(size.added)),
            3000,
        )
        for peer in ("mem0", "chroma")
    ]
    return tasks
