"""Bring the arrays of the safetensors file into the names and the precision the graphs ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recollect.providers.safetensors import Safetensors

Precision = Literal["int8", "float32"]
Array = NDArray[Any]

LAYERS = 6
LEVELS = 127.0


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


def _layer(name: str, weights: Safetensors, source: str, precision: Precision) -> dict[str, Array]:
    attention = f"{source}.attention"
    parts = {
        "qkv": [f"{attention}.self.{part}" for part in ("query", "key", "value")],
        "out": [f"{attention}.output.dense"],
        "up": [f"{source}.intermediate.dense"],
        "down": [f"{source}.output.dense"],
    }
    arrays = _norm(f"{name}.out.norm", weights, f"{attention}.output.LayerNorm")
    arrays |= _norm(f"{name}.down.norm", weights, f"{source}.output.LayerNorm")
    for part, sources in parts.items():
        arrays[f"{name}.{part}.bias"] = _joined([weights[f"{item}.bias"] for item in sources])
        weight = _joined([weights[f"{item}.weight"] for item in sources])
        if precision == "int8":
            arrays[f"{name}.{part}.weight"], arrays[f"{name}.{part}.scale"] = quantise(weight)
        else:
            arrays[f"{name}.{part}.weight"] = weight
    if precision == "int8":  # the values of each text's first token are the one thing that stays float32
        arrays |= {f"{name}.value.{item}": weights[f"{attention}.self.value.{item}"] for item in ("weight", "bias")}
    return arrays


def _norm(name: str, weights: Safetensors, source: str) -> dict[str, Array]:
    return {f"{name}.{part}": weights[f"{source}.{part}"] for part in ("weight", "bias")}


def _joined(arrays: list[Array]) -> Array:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def quantise(weight: Array) -> tuple[Array, Array]:
    """Return int8 weights (in x out) and a float32 scale for each output, from float32 weights (out x in).

    Each output's largest weight becomes 127: w = scale * q, half a step wrong at most.
    """
    top = np.maximum(weight.max(axis=1), -weight.min(axis=1))
    scale = np.where(top > 0, top, 1).astype(np.float32) / np.float32(LEVELS)
    whole = weight * (1 / scale)[:, None]
    np.rint(whole, out=whole)
    return np.ascontiguousarray(whole.astype(np.int8).T), scale
