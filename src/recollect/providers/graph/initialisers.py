"""Bring the arrays of the safetensors file into the names and the precision the graphs ask for."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recollect.providers.safetensors import Safetensors

Precision = Literal["int8", "float32"]
Array = NDArray[Any]

LAYERS = 6
LEVELS = 127.0
CACHED = 65_536
"""Weights that are rounded at a time: few enough to stay in a core's cache through all steps."""

BOUNDS = {"qkv": 3.0, "out": 3.0, "up": 5.0}
"""How far those channels may reach that `ranges.json` does not name, by what reads them."""


def model_bytes(precision: Precision) -> bytes:
    """Return the weight-free graph of a precision."""
    return (Path(__file__).parent / f"minilm-{precision}.onnx").read_bytes()


def tables(weights: Safetensors) -> tuple[Array, Array]:
    """Return the embeddings of words (30,522 x 384) and places (512 x 384); a token's row is the sum of its two.

    A text here has one segment only, so the segment's embedding is a constant that places can carry.
    """
    segment = weights["embeddings.token_type_embeddings.weight"][0]
    return weights["embeddings.word_embeddings.weight"], weights["embeddings.position_embeddings.weight"] + segment


def initialisers(weights: Safetensors, precision: Precision) -> dict[str, Array]:
    """Return every array the graph names; where nothing has to be computed they are views of the file.

    Raises:
        EmbedderMissing: the file lacks an array or is damaged.
    """
    arrays = _norm("embeddings.norm", weights, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        arrays |= _layer(f"layer.{layer}", weights, f"encoder.layer.{layer}", precision)
    return arrays


@cache
def ranges() -> dict[str, dict[int, float]]:
    """Return how far those channels reach that go beyond the bounds, as scripts/measure_minilm_ranges.py found."""
    found = json.loads((Path(__file__).parent / "ranges.json").read_bytes())
    return {name: {int(channel): top for channel, top in tops.items()} for name, tops in found.items()}


def _layer(name: str, weights: Safetensors, source: str, precision: Precision) -> dict[str, Array]:
    attention = f"{source}.attention"
    parts = {
        "query": f"{attention}.self.query",
        "key": f"{attention}.self.key",
        "value": f"{attention}.self.value",
        "out": f"{attention}.output.dense",
        "up": f"{source}.intermediate.dense",
        "down": f"{source}.output.dense",
    }
    arrays = _norm(f"{name}.out.norm", weights, f"{attention}.output.LayerNorm")
    arrays |= _norm(f"{name}.down.norm", weights, f"{source}.output.LayerNorm")
    for part, place in parts.items():
        arrays |= {f"{name}.{part}.{item}": weights[f"{place}.{item}"] for item in ("weight", "bias")}
    return arrays if precision == "float32" else _rounded(name, arrays)


def _rounded(name: str, arrays: dict[str, Array]) -> dict[str, Array]:
    """Return the arrays of a layer for int8."""
    # What `down` adds goes into the residual instead, and so comes out of what `up` reads of it.
    offset = arrays.pop(f"{name}.down.bias")
    arrays[f"{name}.out.norm.bias"] = arrays[f"{name}.out.norm.bias"] + offset
    arrays[f"{name}.up.bias"] = arrays[f"{name}.up.bias"] - np.einsum("ij,j->i", arrays[f"{name}.up.weight"], offset)
    fits = {part: _fit(name, part, len(offset)) for part in BOUNDS}
    read = {"query": "qkv", "key": "qkv", "value": "qkv", "out": "out", "up": "up"}
    for part in (*read, "down"):
        weight = f"{name}.{part}.weight"
        fit = fits[read[part]] if part in read else None
        arrays[weight], arrays[f"{name}.{part}.scale"] = quantise(arrays[weight], fit)
    # What heads give is a mean of values, so these are brought into bounds for it; the other two take an operator.
    arrays |= {f"{name}.value.{item}": arrays[f"{name}.value.{item}"] * fits["out"] for item in ("scale", "bias")}
    arrays |= {f"{name}.{part}.fit": fits[part] for part in ("qkv", "up")}
    return arrays


def _fit(name: str, part: str, width: int) -> Array:
    """Return what each channel is multiplied by, that all of them reach from -127 to 127."""
    tops = np.full(width, BOUNDS[part], np.float32)
    for channel, top in ranges()[f"{name}.{part}"].items():
        tops[channel] = top
    return np.float32(LEVELS) / tops


def _norm(name: str, weights: Safetensors, source: str) -> dict[str, Array]:
    return {f"{name}.{part}": weights[f"{source}.{part}"] for part in ("weight", "bias")}


def quantise(weight: Array, fit: Array | None = None) -> tuple[Array, Array]:
    """Return int8 weights (in x out) and a float32 scale for each output, from float32 weights (out x in).

    Each output's largest weight becomes 127: w = scale * q, half a step wrong at most. What reads the inputs multiplies
    them by `fit`, so the weights are divided by it first.
    """
    outputs, inputs = weight.shape
    whole, scales = np.empty((inputs, outputs), np.int8), np.empty((outputs, 1), np.float32)
    some = max(1, CACHED // inputs)
    for start in range(0, outputs, some):
        part = weight[start : start + some]
        part = part.copy() if fit is None else part / fit
        top = np.abs(part).max(axis=1, keepdims=True)
        scales[start : start + some] = scale = np.where(top > 0, top, np.float32(1)) / np.float32(LEVELS)
        part *= 1 / scale
        whole[:, start : start + some] = np.rint(part, out=part).astype(np.int8).T
    return whole, scales[:, 0]
