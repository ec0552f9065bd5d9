"""What is to be embedded is cut into parts of like size."""

from __future__ import annotations

import pytest

from recollect.worker.embed import AT_ONCE, even


@pytest.mark.parametrize("number", [0, 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE - 1, 3 * AT_ONCE, 1290])
def test_parts_are_few_and_even(number: int) -> None:
    ids = [str(one) for one in range(number)]
    parts = even(ids)
    assert [one for part in parts for one in part] == ids
    assert len(parts) == -(-number // AT_ONCE)
    sizes = {len(part) for part in parts}
    assert not sizes or (max(sizes) <= AT_ONCE and max(sizes) - min(sizes) <= 1)
