"""Build the two weight-free ONNX graphs of all-MiniLM-L6-v2 that recollect ships.

Run it after changing it: `python scripts/build_minilm_graph.py`. The weights are named, never contained: at load
`recollect.providers.graph.initialisers` hands them in. The table of words stays outside (47 MB that ONNX Runtime would
copy): rows come in already looked up. The shapes of the operators follow what was measured to be
fast in ONNX Runtime on CPUs: `Add` + `LayerNormalization` (six times `SkipLayerNormalization`), attention spelt out
(`MultiHeadAttention` with a mask is slower), and for int8 one scale per token: a few tokens of a text carry values
ten times the others', so that one scale for all of them costs most of the precision, and would let the texts of one
batch change each other's vectors.

One thing stays float32 in int8: the values of each text's first token. Every token attends to it where it has nothing
to look for, so it says next to nothing, as the small difference of large numbers; rounded, it would say the same wrong
thing to all of them. That is most of what rounding turns the vectors by, and one token of a text.
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
LEVELS = 127.0  # int8 on both sides of zero
FLOOR = 0.2  # GELU never falls below -0.17, so the largest value of its row, at least this, bounds the row


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

    def whole(self, value: int) -> str:
        """Keep one whole number."""
        return self.constant(f"n{value}", TensorProto.INT64, [value], scalar=True)

    def middle(self) -> str:
        """Keep the whole number that stands for zero."""
        return self.constant("middle", TensorProto.UINT8, [128], scalar=True)

    def bias(self, name: str, out: int) -> str:
        """Name the offset that goes with a weight array."""
        return self.weight(f"{name}.bias", [out])

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
    """The graph of the model in one precision; rows are tokens, all texts of a batch below one another."""

    def __init__(self, precision: str) -> None:
        super().__init__()
        self.precision = precision

    def model(self) -> ModelProto:
        """Take rows (float32, batch x tokens x 384) and mask (int32, batch x tokens); give vectors (batch x 384)."""
        shape = self.one("Shape", "mask")
        mask = self.one("Cast", "mask", to=TensorProto.FLOAT)
        penalty = self.one("Mul", self.one("Sub", mask, self.number("one", 1.0)), self.number("far", 10000.0))
        penalty = self.one("Unsqueeze", penalty, self.axes(1, 2))
        heads = self.one("Concat", shape, self.axes(3 * HEADS, HEAD), axis=0)
        if self.precision == "int8":
            self.places(shape)
        rows = self.embeddings()
        for layer in range(LAYERS):
            rows = self.layer(f"layer.{layer}", rows, heads, penalty)
        whole = self.one("Reshape", rows, self.one("Concat", shape, self.axes(WIDTH), axis=0))
        total = self.one("MatMul", self.one("Unsqueeze", mask, self.axes(1)), whole)
        total = self.one("Squeeze", total, self.axes(1))
        # The mean and the sum differ by a factor that normalising takes away.
        self.nodes.append(helper.make_node("LpNormalization", [total], ["vectors"], axis=1, p=2))
        return self.finish()

    def places(self, shape: str) -> None:
        """Name what int8 has to know of a batch: each text's first row, where that one's values are, a zero a row."""
        length = self.one("Gather", shape, self.whole(1))
        count = self.one("ReduceProd", shape, keepdims=0)
        self.firsts = self.one("Range", self.whole(0), count, length)
        values = self.one("Add", self.one("Mul", self.firsts, self.whole(3)), self.whole(2))
        self.values = self.one("Unsqueeze", values, self.axes(1))
        column = self.one("Concat", self.one("Unsqueeze", count, self.axes(0)), self.axes(1), axis=0)
        self.middles = self.one("Expand", self.middle(), column)

    def embeddings(self) -> str:
        """Return the rows the first layer reads: word and place are already added, here they are normalised."""
        norm = self.norm_weights("embeddings.norm")
        return self.one("Reshape", self.one("LayerNormalization", "rows", *norm, epsilon=EPSILON), self.axes(-1, WIDTH))

    def layer(self, name: str, rows: str, heads: str, penalty: str) -> str:
        """Return the rows after one layer."""
        seen = self.attention(name, rows, heads, penalty)
        rows = self.norm(f"{name}.out.norm", self.linear(f"{name}.out", seen, WIDTH, WIDTH), rows)
        inner = self.linear(f"{name}.up", rows, INNER, WIDTH)
        # By tanh GELU is less than 0.0005 off; what rounding its result to int8 adds is some 60 times as much.
        inner = self.one("Gelu", inner, approximate="tanh" if self.precision == "int8" else "none")
        return self.norm(f"{name}.down.norm", self.linear(f"{name}.down", inner, WIDTH, INNER, positive=True), rows)

    def attention(self, name: str, rows: str, heads: str, penalty: str) -> str:
        """Return what each token sees of the others of its text, before the output projection."""
        mixed = self.linear(f"{name}.qkv", rows, 3 * WIDTH, WIDTH)
        if self.precision == "int8":
            said = self.product(f"{name}.value", self.one("Gather", rows, self.firsts), WIDTH, WIDTH)
            mixed = self.one("ScatterND", self.one("Reshape", mixed, self.axes(-1, WIDTH)), self.values, said)
        turned = self.one("Transpose", self.one("Reshape", mixed, heads), perm=[0, 2, 1, 3])
        query, key, value = self.node("Split", turned, outputs=3, axis=1, num_outputs=3)
        scores = self.one("FusedMatMul", query, key, domain=CONTRIB, transB=1, alpha=HEAD**-0.5)
        shares = self.one("Softmax", self.one("Add", scores, penalty), axis=-1)
        seen = self.one("Transpose", self.one("MatMul", shares, value), perm=[0, 2, 1, 3])
        return self.one("Reshape", seen, self.axes(-1, WIDTH))

    def norm_weights(self, name: str) -> tuple[str, str]:
        """Name the two arrays of a normalisation."""
        return self.weight(f"{name}.weight", [WIDTH]), self.weight(f"{name}.bias", [WIDTH])

    def norm(self, name: str, rows: str, residual: str) -> str:
        """Add the residual and normalise."""
        added = self.one("Add", rows, residual)
        return self.one("LayerNormalization", added, *self.norm_weights(name), epsilon=EPSILON)

    def linear(self, name: str, rows: str, out: int, width: int, *, positive: bool = False) -> str:
        """Multiply by one weight array in the graph's precision and add its offset."""
        if self.precision == "float32":
            return self.product(name, rows, out, width)
        return self.one("Add", self.quantised(name, rows, out, width, positive=positive), self.bias(name, out))

    def product(self, name: str, rows: str, out: int, width: int) -> str:
        """Multiply in float32 and add the offset."""
        return self.one("Gemm", rows, self.weight(f"{name}.weight", [out, width]), self.bias(name, out), transB=1)

    def quantised(self, name: str, rows: str, out: int, width: int, *, positive: bool) -> str:
        """Multiply whole numbers: one scale a token, one scale a column of the weights, both about zero."""
        top = self.one("ReduceMax", rows if positive else self.one("Abs", rows), self.axes(1))
        if positive:
            top = self.one("Max", top, self.number("floor", FLOOR))
        unit = self.one("Mul", top, self.number("step", 1 / LEVELS))
        whole = self.one("QuantizeLinear", rows, unit, self.middles, axis=1, block_size=width)
        weight = self.weight(f"{name}.weight", [width, out], TensorProto.INT8)
        scale = self.weight(f"{name}.scale", [out])
        inputs = (whole, weight, self.number("one", 1.0), scale, self.middle(), "")
        return self.one("Mul", self.one("MatMulIntegerToFloat", *inputs, domain=CONTRIB), unit)

    def finish(self) -> ModelProto:
        """Wrap the nodes up as a model."""

        def value(name: str, kind: int, *widths: str | int) -> ValueInfoProto:
            return helper.make_tensor_value_info(name, kind, ["batch", *widths])

        graph = helper.make_graph(
            self.nodes,
            f"all-MiniLM-L6-v2-{self.precision}",
            [value("rows", TensorProto.FLOAT, "tokens", WIDTH), value("mask", TensorProto.INT32, "tokens")],
            [value("vectors", TensorProto.FLOAT, WIDTH)],
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
