"""Build the two weight-free ONNX graphs of all-MiniLM-L6-v2 that recollect ships.

Run it after changing it: `python scripts/build_minilm_graph.py`. The weights are named, never contained: at load
`recollect.providers.graph.initialisers` hands them in. The table of words stays outside (47 MB that ONNX Runtime would
copy): rows come in already looked up. The shapes of the operators follow what was measured to be
fast in ONNX Runtime on CPUs: `Add` + `LayerNormalization` (six times `SkipLayerNormalization`), attention spelt out
(`MultiHeadAttention` is slower), and the first tokens of all texts before all second ones, so that attention
multiplies rows where they lie instead of bringing them into another order first.

In int8 what is rounded has fixed bounds where it can: `scripts/measure_minilm_ranges.py` found which few channels of a
normalised row go beyond them, and those come in divided by as much as they need (their weights multiplied). So one
operator multiplies, scales and adds the offset. Only what GELU gives differs too much from token to token: there each
row has a scale of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, checker, helper

TARGET = Path(__file__).resolve().parent.parent / "src" / "recollect" / "providers" / "graph"
CONTRIB = "com.microsoft"  # ONNX Runtime's own operators
LAYERS, HEADS, HEAD, WIDTH, INNER = 6, 12, 32, 384, 1536
OPSET, IR = 21, 10  # the first in which each row may be rounded by a scale of its own; ONNX Runtime 1.20 runs it
EPSILON = 1e-12  # config.json, layer_norm_eps
MIDDLE = 128  # what stands for zero where values lie on both sides of it
LOW = 32  # what stands for zero behind GELU, which never falls below -0.17
FLOOR = 1.2  # 0.17 * (255 - LOW) / LOW: with a scale for at least this, nothing GELU gives lies below zero


class Graph:
    """Nodes and initialisers in the order they were asked for; every node's output has a name of its own."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.initialisers: dict[str, TensorProto] = {}

    def weight(self, name: str, shape: Sequence[int], kind: int = TensorProto.FLOAT) -> str:
        """Name an array that is handed in at load."""
        tensor = TensorProto(name=name, data_type=kind, dims=shape, data_location=TensorProto.EXTERNAL)
        tensor.external_data.add(key="location", value="weights")
        self.initialisers[name] = tensor
        return name

    def constant(self, name: str, kind: int, values: list[int] | list[float], *, scalar: bool = False) -> str:
        """Keep a small constant in the graph itself."""
        self.initialisers[name] = helper.make_tensor(name, kind, [] if scalar else [len(values)], values)
        return name

    def axes(self, *values: int) -> str:
        """Keep a list of whole numbers (axes or a shape)."""
        return self.constant("i" + "_".join(map(str, values)), TensorProto.INT64, list(values))

    def zero(self, value: int) -> str:
        """Keep what stands for zero in rounded values."""
        return self.constant(f"zero{value}", TensorProto.UINT8, [value], scalar=True)

    def number(self, name: str, value: float) -> str:
        """Keep one float."""
        return self.constant(name, TensorProto.FLOAT, [value], scalar=True)

    def node(self, op: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> list[str]:
        """Add a node; return its outputs."""
        names = [f"{op}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, domain=domain, **attributes))
        return names

    def one(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output; return it."""
        return self.node(op, *inputs, domain=domain, **attributes)[0]


class Encoder(Graph):
    """The graph of the model in one precision; a row is a token: the first of every text, then the second of every one.

    `read` names what each array of weights is multiplied with, for those who measure it.
    """

    def __init__(self, precision: str) -> None:
        super().__init__()
        self.precision = precision
        self.read: dict[str, str] = {}

    def model(self) -> ModelProto:
        """Take rows (tokens x texts x 384), mask (texts x tokens) and penalty (texts x 1 x 1 x tokens), all float32.

        The mask is 1 for a token and 0 for padding, the penalty 0 for a token and far below for padding; where nothing
        is padded one number will do. Gives vectors (texts x 384).
        """
        shape = self.one("Shape", "rows")
        places = self.one("Slice", shape, self.axes(0), self.axes(2))
        heads = self.one("Concat", places, self.axes(HEADS, HEAD), axis=0)
        if self.precision == "int8":
            column = self.one("Concat", self.one("ReduceProd", places), self.axes(1), axis=0)
            self.lows = self.one("Expand", self.zero(LOW), column)
        rows = self.embeddings()
        for layer in range(LAYERS):
            rows = self.layer(f"layer.{layer}", rows, heads)
        # The mean and the sum differ by a factor that normalising takes away.
        mask = self.one("Unsqueeze", "mask", self.axes(1))
        total = self.across(mask, self.one("Reshape", rows, shape))
        total = self.one("Squeeze", total, self.axes(1))
        self.nodes.append(helper.make_node("LpNormalization", [total], ["vectors"], axis=1, p=2))
        return self.finish()

    def embeddings(self) -> str:
        """Return the rows the first layer reads: word and place are already added, here they are normalised."""
        norm = self.norm_weights("embeddings.norm")
        return self.one("Reshape", self.one("LayerNormalization", "rows", *norm, epsilon=EPSILON), self.axes(-1, WIDTH))

    def layer(self, name: str, rows: str, heads: str) -> str:
        """Return the rows after one layer."""
        seen = self.attention(name, rows, heads)
        rows = self.norm(f"{name}.out.norm", self.linear(f"{name}.out", seen, WIDTH, WIDTH), rows)
        inner = self.linear(f"{name}.up", self.fitted(f"{name}.up", rows), INNER, WIDTH)
        # By tanh GELU is less than 0.0005 off; what rounding its result to int8 adds is some 60 times as much.
        inner = self.one("Gelu", inner, approximate="tanh" if self.precision == "int8" else "none")
        return self.norm(f"{name}.down.norm", self.down(f"{name}.down", inner), rows)

    def attention(self, name: str, rows: str, heads: str) -> str:
        """Return what each token sees of the others of its text, before the output projection."""
        fitted = self.fitted(f"{name}.qkv", rows)
        parts = (self.linear(f"{name}.{part}", fitted, WIDTH, WIDTH) for part in ("query", "key", "value"))
        query, key, value = (self.one("Reshape", part, heads) for part in parts)
        scores = self.across(query, key, transBatchA=1, transB=1, alpha=HEAD**-0.5)
        shares = self.one("Softmax", self.one("Add", scores, "penalty"), axis=-1)
        seen = self.one("Transpose", self.across(shares, value), perm=[2, 0, 1, 3])
        seen = self.one("Reshape", seen, self.axes(-1, WIDTH))
        self.read[f"{name}.out"] = seen
        return seen if self.precision == "float32" else self.rounded(seen)

    def across(self, left: str, right: str, **attributes: Any) -> str:
        """Multiply matrices of which the right ones (with `transBatchA` the left ones too) lie across each other."""
        return self.one("FusedMatMul", left, right, domain=CONTRIB, transBatchB=1, **attributes)

    def norm_weights(self, name: str) -> tuple[str, str]:
        """Name the two arrays of a normalisation."""
        return self.weight(f"{name}.weight", [WIDTH]), self.weight(f"{name}.bias", [WIDTH])

    def norm(self, name: str, rows: str, residual: str) -> str:
        """Add the residual and normalise."""
        added = self.one("Add", rows, residual)
        return self.one("LayerNormalization", added, *self.norm_weights(name), epsilon=EPSILON)

    def fitted(self, name: str, rows: str) -> str:
        """Return normalised rows as they are multiplied: in int8 each channel is brought into bounds and rounded."""
        self.read[name] = rows
        if self.precision == "float32":
            return rows
        return self.rounded(self.one("Mul", rows, self.weight(f"{name}.fit", [WIDTH])))

    def rounded(self, rows: str) -> str:
        """Return values that are brought into bounds already as whole numbers."""
        return self.one("QuantizeLinear", rows, self.number("one", 1.0), self.zero(MIDDLE))

    def linear(self, name: str, rows: str, out: int, width: int) -> str:
        """Multiply by one weight array in the graph's precision and add its offset."""
        bias = self.weight(f"{name}.bias", [out])
        if self.precision == "float32":
            return self.one("Gemm", rows, self.weight(f"{name}.weight", [out, width]), bias, transB=1)
        return self.whole_product(name, rows, [width, out], MIDDLE, bias)

    def down(self, name: str, inner: str) -> str:
        """Multiply what GELU gives; in int8 each row by its own scale, the offset is part of the residual."""
        if self.precision == "float32":
            return self.linear(name, inner, WIDTH, INNER)
        top = self.one("Max", self.one("ReduceMax", inner, self.axes(1)), self.number("floor", FLOOR))
        unit = self.one("Mul", top, self.number("step", 1 / (255 - LOW)))
        whole = self.one("QuantizeLinear", inner, unit, self.lows, axis=1, block_size=INNER)
        return self.one("Mul", self.whole_product(name, whole, [INNER, WIDTH], LOW), unit)

    def whole_product(self, name: str, rows: str, shape: list[int], zero: int, bias: str = "") -> str:
        """Multiply whole numbers by whole weights (in x out), scale each column of the product and add the offset."""
        weight, scale = self.weight(f"{name}.weight", shape, TensorProto.INT8), self.weight(f"{name}.scale", shape[1:])
        inputs = (rows, weight, self.number("one", 1.0), scale, self.zero(zero), "", bias)
        return self.one("MatMulIntegerToFloat", *inputs, domain=CONTRIB)

    def finish(self) -> ModelProto:
        """Wrap the nodes up as a model."""

        def value(name: str, *widths: str | int) -> ValueInfoProto:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, widths)

        graph = helper.make_graph(
            self.nodes,
            f"all-MiniLM-L6-v2-{self.precision}",
            [
                value("rows", "tokens", "texts", WIDTH),
                value("mask", "texts", "tokens"),
                value("penalty", "a", 1, 1, "b"),
            ],
            [value("vectors", "texts", WIDTH)],
            list(self.initialisers.values()),
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR, producer_name="recollect")


def context() -> checker.C.CheckerContext:
    """Return what the checker needs to know to check single nodes."""
    found = checker.C.CheckerContext()
    found.ir_version, found.opset_imports = IR, {"": OPSET}
    return found


def build(precision: str) -> bytes:
    """Return the graph of one precision, `int8` or `float32`, the same bytes every time."""
    model = Encoder(precision).model()
    for node in model.graph.node:
        if not node.domain:  # the checker wants the weights' file for a whole model, and knows no contrib operators
            checker.check_node(node, context())
    return bytes(model.SerializeToString(deterministic=True))


def main(target: Path) -> None:
    """Write both graphs into a folder."""
    target.mkdir(parents=True, exist_ok=True)
    for precision in ("int8", "float32"):
        data = build(precision)
        path = target / f"minilm-{precision}.onnx"
        path.write_bytes(data)
        print(f"{path}: {len(data):,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
