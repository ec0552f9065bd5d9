"""Runs the tests that just failed three times more, alone: one that passes them all is told as flaky, not as broken.

Exits 0 when every failure was flaky and there were few of them; a test that is flaky twice in a row is a bug to mend.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

FAILED = Path(".pytest_cache/v/cache/lastfailed")
TIMES = 3
MOST = 5
"""With more failures than this something is broken, whatever a second look says."""


def main() -> int:
    """Return 0 when all that failed passes alone, each time."""
    failed = sorted(json.loads(FAILED.read_text())) if FAILED.is_file() else []
    if not 0 < len(failed) <= MOST:
        print(f"{len(failed)} tests failed: no second look")
        return 1
    for turn in range(TIMES):
        done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *failed], check=False)
        if done.returncode:
            print(f"Failed again, alone, at look {turn + 1}: this is no accident")
            return 1
    print("FLAKY: passed three times alone, failed once in company:")
    print("\n".join(f"  {name}" for name in failed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
