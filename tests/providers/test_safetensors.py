"""A safetensors file that is whole is read in place; one that is not is refused with the reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from recollect.errors import EmbedderMissing
from recollect.providers.safetensors import Safetensors


def write(path: Path, header: object, data: bytes = b"") -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    data = np.arange(6, dtype="<f4").tobytes() + np.array([7], "<i8").tobytes()
    header = {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
        "b": {"dtype": "I64", "shape": [], "data_offsets": [24, 32]},
    }
    return write(tmp_path / "x.safetensors", header, data)


def test_arrays_are_read_only_views_with_shape_and_type(whole: Path) -> None:
    file = Safetensors(whole)
    assert file["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert file["b"].item() == 7
    assert file.names() == ["a", "b"]
    assert not file["a"].flags.writeable
    file.release()
    assert file["a"][1, 2] == 5


def test_a_missing_file_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(EmbedderMissing, match="recollect models pull"):
        Safetensors(tmp_path / "absent")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cannot mmap an empty file"),
        (b"abc", "shorter than its header"),
        ((1 << 40).to_bytes(8, "little") + b"{}", "shorter than its header"),
        ((4).to_bytes(8, "little") + b"{..}", "not JSON"),
        ((2).to_bytes(8, "little") + b"\xff\xfe", "not JSON"),
        ((2).to_bytes(8, "little") + b"[]", "not an object"),
    ],
)
def test_a_damaged_head_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(EmbedderMissing, match=reason):
        Safetensors(path)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "ends before"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}, "does not fit"),
        ({"dtype": "F32", "shape": [-1], "data_offsets": [4, 0]}, "does not fit"),
        ({"dtype": "BF3", "shape": [1], "data_offsets": [0, 4]}, "cannot be read"),
        ({"dtype": "F32", "shape": "x", "data_offsets": [0, 4]}, "cannot be read"),
        ({"dtype": "F32", "shape": [1]}, "cannot be read"),
        ([], "cannot be read"),
    ],
)
def test_a_damaged_entry_is_refused(tmp_path: Path, entry: object, reason: str) -> None:
    file = Safetensors(write(tmp_path / "x", {"a": entry}, b"1234"))
    with pytest.raises(EmbedderMissing, match=reason):
        file["a"]


def test_an_absent_array_is_named(whole: Path) -> None:
    with pytest.raises(EmbedderMissing, match="'c'"):
        Safetensors(whole)["c"]
