"""Gathering, scattering and products of axes."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

import numpy as np

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.onnxruntime.graph import Value, node

_REDUCTIONS = {"sum": "add", "prod": "mul", "amax": "max", "amin": "min"}


def gather(input: Value, index: Value, *, dim: int) -> Value:
    """GatherElements."""
    return node("GatherElements", input, index, axis=dim)


def index_select(input: Value, index: Value, *, dim: int) -> Value:
    """Gather."""
    return node("Gather", input, index, axis=dim)


def embedding(
    input: Value, weight: Value, *, scale_grad_by_freq: bool = False, padding_idx: int | None = None
) -> Value:
    """Gather; both params are of the gradient."""
    del scale_grad_by_freq, padding_idx
    return node("Gather", weight, input, axis=0)


def masked_fill(input: Value, mask: Value, *, value: float) -> Value:
    """Where."""
    if isinstance(value, float) and not input.floating:
        raise Unsupported(f"ONNX does not promote: {value} beside {input.dtype}")
    return node("Where", mask, np.array(value, dtype=input.dtype), input, dtype=input.dtype)


def masked_select(input: Value, mask: Value) -> Value:
    """Compress, of both flat and of one shape."""
    shape = list(np.broadcast_shapes(input.shape, mask.shape))
    flat = [node("Reshape", node("Expand", x, shape), [-1]) for x in (input, mask)]
    return node("Compress", *flat)


def one_hot(input: Value, *, num_classes: int = -1) -> Value:
    """OneHot."""
    if num_classes == -1:
        raise Unsupported("OneHot takes the number of classes")
    off_on = np.array([0, 1], dtype=np.int64)
    return node("OneHot", input, np.array(num_classes, dtype=np.int64), off_on, dtype=np.int64, axis=-1)


def scatter(input: Value, index: Value, src: Value | None = None, *, dim: int, value: float = 0) -> Value:
    """ScatterElements."""
    if src is None:
        src = node("Expand", input.graph.constant(np.array(value, dtype=input.dtype)), list(index.shape))
    return _scattered(input, index, src, dim=dim)


def scatter_add(input: Value, index: Value, src: Value, *, dim: int) -> Value:
    """ScatterElements that adds."""
    return _scattered(input, index, src, dim=dim, reduction="add")


def scatter_reduce(
    input: Value, index: Value, src: Value, *, dim: int, reduce: str, include_self: bool = True
) -> Value:
    """ScatterElements that reduces, which counts what was there."""
    if reduce not in _REDUCTIONS:
        raise Unsupported(f"ScatterElements has no {reduce!r}")
    if not include_self:
        raise Unsupported("ScatterElements counts what was there")
    return _scattered(input, index, src, dim=dim, reduction=_REDUCTIONS[reduce])


def _scattered(input: Value, index: Value, src: Value, *, dim: int, reduction: str = "none") -> Value:
    """Scatter as many updates as there are indices: torch ignores those beyond."""
    if src.known and src.shape != index.shape:
        src = node("Slice", src, [0] * index.rank, list(index.shape))
    return node("ScatterElements", input, index, src, axis=dim, reduction=reduction)


def take(input: Value, index: Value) -> Value:
    """Gather from the flat input."""
    return node("Gather", node("Reshape", input, [-1]), index, axis=0)


def take_along_dim(input: Value, indices: Value, *, dim: int | None = None) -> Value:
    """GatherElements."""
    if dim is None:
        return node("GatherElements", node("Reshape", input, [-1]), node("Reshape", indices, [-1]), axis=0)
    shape = list(np.broadcast_shapes(_but(input.shape, dim), _but(indices.shape, dim)))
    given = [node("Expand", x, _with(shape, dim, x.shape[dim])) for x in (input, indices)]
    return node("GatherElements", *given, axis=dim)


def _but(shape: Sequence[int], dim: int) -> list[int]:
    return _with(shape, dim, 1)


def _with(shape: Sequence[int], dim: int, size: int) -> list[int]:
    other = list(shape)
    other[dim] = size
    return other


def diagonal(input: Value, *, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Value:
    """Einsum, of the main diagonal."""
    if offset or input.shape[dim1] != input.shape[dim2]:
        raise Unsupported("Einsum takes the main diagonal of a square")
    letters = list(ascii_lowercase[: input.rank])
    letters[dim1] = letters[dim2] = "z"
    kept = "".join(letter for letter in letters if letter != "z")
    return node("Einsum", input, equation=f"{''.join(letters)}->{kept}z")


def dot(input: Value, tensor: Value) -> Value:
    """MatMul of two vectors."""
    return node("MatMul", input, tensor)


def einsum(operands: tuple[Value, ...], *, equation: str) -> Value:
    """Einsum."""
    return node("Einsum", *operands, equation=equation)


def outer(input: Value, vec2: Value) -> Value:
    """Einsum."""
    return node("Einsum", input, vec2, equation="i,j->ij")


def tensordot(a: Value, b: Value, *, dims: int | Sequence[Sequence[int]] = 2) -> Value:
    """Einsum."""
    if isinstance(dims, int):
        left, right = list(range(a.rank - dims, a.rank)), list(range(dims))
    else:
        left, right = [i % a.rank for i in dims[0]], [i % b.rank for i in dims[1]]
    first = list(ascii_lowercase[: a.rank])
    second = list(ascii_lowercase[a.rank : a.rank + b.rank])
    for i, j in zip(left, right, strict=True):
        second[j] = first[i]
    kept = [x for i, x in enumerate(first) if i not in left] + [x for j, x in enumerate(second) if j not in right]
    return node("Einsum", a, b, equation=f"{''.join(first)},{''.join(second)}->{''.join(kept)}")


def trace(input: Value) -> Value:
    """Einsum."""
    if input.shape[0] != input.shape[1]:
        raise Unsupported("Einsum takes the diagonal of a square")
    return node("Einsum", input, equation="ii->")


INDEXING: dict[str, Operator] = {
    "diagonal": diagonal,
    "dot": dot,
    "einsum": einsum,
    "embedding": embedding,
    "gather": gather,
    "index_select": index_select,
    "masked_fill": masked_fill,
    "masked_select": masked_select,
    "one_hot": one_hot,
    "outer": outer,
    "scatter": scatter,
    "scatter_add": scatter_add,
    "scatter_reduce": scatter_reduce,
    "take": take,
    "take_along_dim": take_along_dim,
    "tensordot": tensordot,
    "trace": trace,
}
