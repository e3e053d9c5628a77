"""A graph builder: an operator function takes symbolic values and adds ONNX nodes.

The inputs of a graph are declared by dtype and rank, so that two calls whose graphs are the same share one session
whatever the shapes. A function that reads `shape` writes what it read into its graph, and gets a session of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np
from onnx import TensorProto, defs, helper

from harness.errors import Unsupported
from harness.model import Array

#: the newest opset of the installed onnx, up to the one that the adapter was written for
OPSET = min(28, defs.onnx_opset_version())
IR_VERSION = 10
#: ONNX Runtime's own operators, beside those of ONNX
MICROSOFT = "com.microsoft"
#: nodes that draw: a session of theirs moves on from run to run, so that it is used once
RANDOM = frozenset({"Dropout"})

_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
_TYPES: dict[np.dtype[Any], int] = {
    np.dtype(np.bool_): TensorProto.BOOL,
    np.dtype(np.uint8): TensorProto.UINT8,
    np.dtype(np.int8): TensorProto.INT8,
    np.dtype(np.int16): TensorProto.INT16,
    np.dtype(np.int32): TensorProto.INT32,
    np.dtype(np.int64): TensorProto.INT64,
    np.dtype(np.float16): TensorProto.FLOAT16,
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.float64): TensorProto.DOUBLE,
    _BFLOAT16: TensorProto.BFLOAT16,
}


def onnx_type(dtype: np.dtype[Any]) -> int:
    """Return ONNX's number of a dtype. Raises `Unsupported` for one that it lacks."""
    try:
        return _TYPES[dtype]
    except KeyError:
        raise Unsupported(f"ONNX has no {dtype}") from None


class Value:
    """An edge of a graph; arithmetic on it adds a node."""

    def __init__(self, graph: Graph, name: str, dtype: np.dtype[Any], *, like: Array | None = None) -> None:
        """Name an edge of `graph`; `like` is the array of an input or a constant."""
        self.graph = graph
        self.name = name
        self.dtype = dtype
        self._like = like

    @property
    def known(self) -> bool:
        """True where the shape is known: of an input or a constant."""
        return self._like is not None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of an input or a constant; the results of nodes do not tell."""
        if self._like is None:
            raise TypeError(f"{self.name} is the result of a node: its shape is not known")
        return self._like.shape

    @property
    def rank(self) -> int:
        """The number of dimensions of an input."""
        return len(self.shape)

    @property
    def floating(self) -> bool:
        """True for a floating dtype."""
        return self.dtype.kind == "f" or self.dtype == _BFLOAT16

    def __add__(self, other: Any) -> Value:
        """Add."""
        return node("Add", self, other)

    def __sub__(self, other: Any) -> Value:
        """Sub."""
        return node("Sub", self, other)

    def __mul__(self, other: Any) -> Value:
        """Mul."""
        return node("Mul", self, other)

    def __truediv__(self, other: Any) -> Value:
        """Div."""
        return node("Div", self, other)

    def __neg__(self) -> Value:
        """Neg."""
        return node("Neg", self)


class Graph:
    """The nodes of one call."""

    def __init__(self) -> None:
        """Begin without nodes."""
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: list[tuple[Value, Array]] = []
        self.random = False
        self._count = 0

    def input(self, array: Array, *, pairs: bool = False) -> Value:
        """Return an input of the graph; `pairs` are complex numbers, which few nodes take."""
        kind = Pairs if pairs else Value
        value = kind(self, self._name(), array.dtype, like=array)
        self.inputs.append((value, array))
        return value

    def constant(self, array: Array) -> Value:
        """Return an initializer of the graph."""
        value = Value(self, self._name(), array.dtype, like=array)
        raw = np.ascontiguousarray(array).tobytes()
        self.constants.append(helper.make_tensor(value.name, onnx_type(array.dtype), array.shape, raw, raw=True))
        return value

    def value(self, dtype: np.dtype[Any]) -> Value:
        """Return a new edge."""
        return Value(self, self._name(), dtype)

    def model(self, outputs: Sequence[Value]) -> bytes:
        """Return the model that gives `outputs`."""
        given = [
            helper.make_tensor_value_info(v.name, onnx_type(v.dtype), [f"{v.name}_{i}" for i in range(array.ndim)])
            for v, array in self.inputs
        ]
        wanted = [helper.make_tensor_value_info(v.name, onnx_type(v.dtype), None) for v in outputs]
        graph = helper.make_graph(self.nodes, "operator", given, wanted, initializer=self.constants)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        return bytes(model.SerializeToString(deterministic=True))

    def _name(self) -> str:
        self._count += 1
        return f"v{self._count}"


class Pairs(Value):
    """Complex numbers, as pairs in a last axis of 2: the form in which DFT takes and gives them."""


def nodes(
    op: str,
    *inputs: Any,
    dtypes: Sequence[Any],
    domain: str = "",
    **attributes: Any,
) -> tuple[Value, ...]:
    """Add a node with one output a dtype, and return them.

    An input is a value, None where it is left out, an array, a list of integers, or a number in the dtype of the first
    value.
    """
    first = next(x for x in inputs if isinstance(x, Value))
    graph = first.graph
    names = [_name_of(x, first) for x in inputs]
    while names and not names[-1]:
        names.pop()
    results = tuple(graph.value(np.dtype(dtype)) for dtype in dtypes)
    given = {key: x for key, x in attributes.items() if x is not None}
    graph.nodes.append(helper.make_node(op, names, [r.name for r in results], domain=domain, **given))
    graph.random = graph.random or op in RANDOM
    return results


def node(op: str, *inputs: Any, dtype: Any = None, domain: str = "", **attributes: Any) -> Value:
    """Add a node with one output, of the first value's dtype unless told, and return it."""
    first = next(x for x in inputs if isinstance(x, Value))
    return nodes(op, *inputs, dtypes=[first.dtype if dtype is None else dtype], domain=domain, **attributes)[0]


def cast(x: Value, dtype: Any) -> Value:
    """Add a Cast, where the dtype is another."""
    to = np.dtype(dtype)
    return x if x.dtype == to else node("Cast", x, dtype=to, to=onnx_type(to))


def each(name: str, count: int, value: int | Sequence[int]) -> list[int]:
    """Return a param of torch that is one number for all dimensions, or one each."""
    listed = [value] * count if isinstance(value, int) else list(value)
    if len(listed) != count:
        raise Unsupported(f"{name} has {len(listed)} numbers for {count} dimensions")
    return listed


def _name_of(x: Any, first: Value) -> str:
    if x is None:
        return ""
    if isinstance(x, Value):
        return x.name
    if isinstance(x, np.ndarray):
        return first.graph.constant(x).name
    if isinstance(x, list | tuple):
        return first.graph.constant(np.array(x, dtype=np.int64)).name
    if isinstance(x, float) and not first.floating:
        raise Unsupported(f"ONNX does not promote: {x} beside {first.dtype}")
    return first.graph.constant(np.array(x, dtype=first.dtype)).name
