"""The command: measure, print, and write the report."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from bench.plan import FULL, QUICK, SECTIONS, STORES, plan, stores
from bench.plots import draw
from bench.report import report
from bench.run import ROOT, Results, run_all
from bench.synthetic.texts import CACHE


def main() -> None:
    """Run the chosen sections, show the tables, and write them with their plots."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with evaluation files (see docs/benchmarks.md)")
    parser.add_argument("--quick", action="store_true", help="a quarter of an hour instead of one; figures are rough")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, joined by commas")
    parser.add_argument("--out", type=Path, help="default: docs/benchmarks.md, of a quick run .bench/quick.md")
    parser.add_argument("--fresh", action="store_true", help="do not go on with a run that was interrupted")
    parser.add_argument("--report", action="store_true", help="write the report of the last results, measure nothing")
    asked = parser.parse_args()
    only = [name for name in asked.only.split(",") if name]
    if unknown := set(only) - set(SECTIONS):
        parser.error(f"no section is called {min(unknown)}; there are {', '.join(SECTIONS)}")
    results = Results(CACHE / ("results-quick.json" if asked.quick else "results.json"), asked.quick)
    if not asked.report:
        for old in STORES.glob("*"):
            if old != stores():
                shutil.rmtree(old)
        tasks = plan(asked.data.absolute(), QUICK if asked.quick else FULL, only)
        run_all(tasks, results, fresh=asked.fresh)
    out = asked.out or (CACHE / "quick.md" if asked.quick else ROOT / "docs" / "benchmarks.md")
    out.parent.mkdir(parents=True, exist_ok=True)
    text = report(results.kept, draw(results.runs, out.with_suffix("")))
    out.write_text(text, encoding="utf-8")
    print(text)
    print(f"Written to {out}; raw results are in {CACHE}.")


if __name__ == "__main__":
    main()
