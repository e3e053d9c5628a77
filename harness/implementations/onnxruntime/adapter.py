"""ONNX Runtime's sessions and tensors; one graph a call, cached by what it consists of."""

from __future__ import annotations

import ctypes
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np
import onnxruntime
from onnx import TensorProto
from onnxruntime.capi import onnxruntime_pybind11_state as state

from harness.errors import Unsupported
from harness.implementations.framework import Drawn, Framework, Operator
from harness.implementations.onnxruntime.activation import ACTIVATIONS
from harness.implementations.onnxruntime.binary import BINARY
from harness.implementations.onnxruntime.convolution import CONVOLUTIONS
from harness.implementations.onnxruntime.elementwise import UNARY
from harness.implementations.onnxruntime.fourier import FOURIER
from harness.implementations.onnxruntime.graph import Graph, Value, onnx_type
from harness.implementations.onnxruntime.indexing import INDEXING
from harness.implementations.onnxruntime.loss import LOSSES
from harness.implementations.onnxruntime.matrices import MATRICES
from harness.implementations.onnxruntime.normalization import NORMALIZATIONS
from harness.implementations.onnxruntime.pooling import POOLING
from harness.implementations.onnxruntime.random import RANDOM
from harness.implementations.onnxruntime.recurrent import RECURRENT
from harness.implementations.onnxruntime.reduction import REDUCTIONS
from harness.implementations.onnxruntime.shape import SHAPES
from harness.implementations.onnxruntime.vision import VISION
from harness.model import Array

_OPERATORS: dict[str, Operator] = {
    **ACTIVATIONS,
    **BINARY,
    **CONVOLUTIONS,
    **UNARY,
    **FOURIER,
    **INDEXING,
    **LOSSES,
    **MATRICES,
    **NORMALIZATIONS,
    **POOLING,
    **RANDOM,
    **RECURRENT,
    **REDUCTIONS,
    **SHAPES,
    **VISION,
}
_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
#: what ONNX says of a dtype that an operator does not have, of two where it takes one, and of a scalar where it takes
#: none; and what kernels say of what they leave out
_REFUSED = re.compile(
    r"Type Error: Type |not support|not defined for empty set|Unsupported data type"
    r"|must be >= 1|must have rank >= 1|rank was 0|on a scalar|not in valid range \[-0,-1\]"
)
#: what stands around a message and differs from call to call, or says nothing
_FRAME = re.compile(
    r"\[ONNXRuntimeError\] : \d+ : \w+ : |This is an invalid model\. |Non-zero status code returned while "
    r"| node with name ''|Name:'' Status Message: | in node \(\)| \(v\d+\)"
)
_ERRORS = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.RuntimeException)


@dataclass(frozen=True)
class _Complex:
    """Complex numbers on their way into a graph, as pairs."""

    pairs: Array


class OnnxruntimeImplementation(Framework):
    """Nodes of ONNX on the CPU execution provider: the default graph optimizations, one thread."""

    name = "onnxruntime"
    package = "onnxruntime"
    refusals = (state.NotImplemented,)

    def __init__(self) -> None:
        """Compile every operator of the tables."""
        onnxruntime.set_default_logger_severity(4)  # refusals are told by exceptions
        super().__init__({name: _compiled(function) for name, function in _OPERATORS.items()})

    def to_own(self, array: Array) -> Any:
        """Return the array as it is: ONNX Runtime is fed NumPy's."""
        onnx_type(array.dtype)
        return array

    def to_numpy(self, value: Any) -> Array:
        """Return the array, its own memory already."""
        return np.asarray(value)

    def vjp(
        self, function: Callable[..., tuple[Any, ...]], primals: Sequence[Any], upstream: Callable[[int], Any]
    ) -> tuple[tuple[Any, ...], Sequence[Any]]:
        """Refuse: the package onnxruntime is for inference."""
        del function, primals, upstream
        raise Unsupported("onnxruntime is for inference: it has no gradients")

    def as_complex(self, pairs: Any) -> Any:
        """Mark pairs as complex numbers."""
        return _Complex(pairs)

    def refused(self, error: Exception) -> str:
        """Return why: no kernel for a dtype, or nothing in ONNX's own definition of the operator."""
        if isinstance(error, self.refusals) or (isinstance(error, _ERRORS) and _REFUSED.search(str(error))):
            return _FRAME.sub("", str(error))
        return ""


def _compiled(function: Operator) -> Operator:
    """Return a function of arrays that builds the graph of a function of values, and runs it."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        graph = Graph()
        answer = function(*(_symbolic(graph, x) for x in args), **{n: _symbolic(graph, x) for n, x in kwargs.items()})
        wanted = {value.name: value for value in _values(answer)}
        model = graph.model(list(wanted.values()))
        session = _new_session(model) if graph.random else _session(model)
        feed = {value.name: _fed(array) for value, array in graph.inputs}
        taken = {given.name for given in session.get_inputs()}
        results = session.run_with_ort_values(list(wanted), {n: x for n, x in feed.items() if n in taken})
        arrays = dict(zip(wanted, map(_read, results), strict=True))
        return _replaced(answer, arrays)

    return run


def _symbolic(graph: Graph, x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return graph.input(x)
    if isinstance(x, _Complex):
        return graph.input(x.pairs, pairs=True)
    if isinstance(x, tuple):
        return tuple(_symbolic(graph, each) for each in x)
    return x


def _values(answer: Any) -> list[Value]:
    if isinstance(answer, Value):
        return [answer]
    if isinstance(answer, Drawn):
        return [*_values(answer.answer), *_values(answer.noise)]
    parts = answer.values() if isinstance(answer, Mapping) else answer
    return [value for part in parts for value in _values(part)]


def _replaced(answer: Any, arrays: Mapping[str, Array]) -> Any:
    if isinstance(answer, Value):
        return arrays[answer.name]
    if isinstance(answer, Drawn):
        return Drawn(answer=_replaced(answer.answer, arrays), noise=_replaced(answer.noise, arrays))
    if isinstance(answer, Mapping):
        return {name: _replaced(part, arrays) for name, part in answer.items()}
    return tuple(_replaced(part, arrays) for part in answer)


def _new_session(model: bytes) -> Any:
    """Return a session with the defaults of ONNX Runtime, but for its threads: here the arrays are small."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


_session = functools.lru_cache(maxsize=512)(_new_session)


def _fed(array: Array) -> Any:
    if array.dtype == _BFLOAT16:  # NumPy's own types lack it, so that its bits travel
        bits = np.array(array.view(np.uint16), order="C")
        return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(bits, TensorProto.BFLOAT16)
    return onnxruntime.OrtValue.ortvalue_from_numpy(np.array(array, order="C"))


def _read(value: Any) -> Array:
    if value.element_type() != TensorProto.BFLOAT16:
        return np.array(value.numpy())
    shape = value.shape()
    count = int(np.prod(shape, dtype=np.int64))
    bits = ctypes.string_at(value.data_ptr(), 2 * count) if count else b""
    return np.frombuffer(bytearray(bits), dtype=_BFLOAT16).reshape(shape)
