"""Measure which channels of all-MiniLM-L6-v2 reach beyond the bounds that int8 multiplication has, and how far.

Run it after changing those bounds: `python -m scripts.measure_minilm_ranges FOLDER`, the folder being that of the
weights. It writes `ranges.json` beside the graphs. The model is run in float32 over the demo's conversations: prose in
two languages, and some code. The channels that reach far are the same few in every text.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper
from scripts.build_minilm_graph import TARGET, Encoder
from tokenizers import Tokenizer

from recollect.providers.graph import initialisers, tables
from recollect.providers.graph.initialisers import BOUNDS
from recollect.providers.safetensors import Safetensors

TEXTS = Path(__file__).resolve().parent.parent / "src" / "recollect" / "data" / "demo" / "conversations.jsonl"
SPARE = 1.1  # room above what was seen
WINDOW = 256


def texts() -> Iterator[str]:
    """Yield the turns of the demo's conversations."""
    for line in TEXTS.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)["content"]


def measured(folder: Path) -> dict[str, Any]:
    """Return the largest value of every channel that is multiplied, by the name of what reads it."""
    weights = Safetensors(folder / "model.safetensors")
    words, places = tables(weights)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(WINDOW)
    session, names = opened({name: np.ascontiguousarray(a) for name, a in initialisers(weights, "float32").items()})
    found: dict[str, Any] = {}
    for text in texts():
        ids = tokenizer.encode(text).ids
        rows = (words[ids] + places[: len(ids)])[:, None]
        mask, penalty = np.ones((1, len(ids)), np.float32), np.zeros((1, 1, 1, 1), np.float32)
        values = session.run(list(names.values()), {"rows": rows, "mask": mask, "penalty": penalty})
        for name, value in zip(names, values, strict=True):
            found[name] = np.maximum(found.get(name, 0.0), np.abs(value).max(axis=0))
    return found


def opened(arrays: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    """Return a session over the float32 graph that also gives what it multiplies, and the names of that."""
    encoder = Encoder("float32")
    model = encoder.model()
    for name in encoder.read.values():
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.add_external_initializers(
        list(arrays), [onnxruntime.OrtValue.ortvalue_from_numpy(a) for a in arrays.values()]
    )
    return onnxruntime.InferenceSession(model.SerializeToString(), options), encoder.read


def main(folder: Path) -> None:
    """Write the channels beyond the bound, and show how many they are and how far they reach."""
    kept: dict[str, dict[str, float]] = {}
    for name, tops in measured(folder).items():
        bound = BOUNDS[name.rpartition(".")[2]]
        beyond = np.flatnonzero(tops * SPARE > bound)
        print(f"{name}: {tops.max():.2f} at most, {len(beyond)} of {len(tops)} channels beyond {bound}")
        kept[name] = {str(channel): math.ceil(tops[channel] * SPARE * 10) / 10 for channel in beyond.tolist()}
    (TARGET / "ranges.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
