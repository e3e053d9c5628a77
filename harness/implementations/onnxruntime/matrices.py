"""Products and norms of matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.onnxruntime.graph import MICROSOFT, Value, node

_MATRIX = 2


def matmul(input: Value, other: Value) -> Value:
    """MatMul."""
    return node("MatMul", input, other)


def _matmul(input: Value, mat2: Value) -> Value:
    """MatMul."""
    return node("MatMul", input, mat2)


def mv(input: Value, vec: Value) -> Value:
    """MatMul."""
    return node("MatMul", input, vec)


def addmm(input: Value, mat1: Value, mat2: Value, *, beta: float = 1, alpha: float = 1) -> Value:
    """Gemm."""
    if any(float(x) != x or not mat1.floating for x in (beta, alpha) if x != 1):
        raise Unsupported("Gemm takes floating factors")
    return node("Gemm", mat1, mat2, input, alpha=float(alpha), beta=float(beta))


def addmv(input: Value, mat: Value, vec: Value, *, beta: float = 1, alpha: float = 1) -> Value:
    """Add of MatMul, both scaled."""
    return _added(input, node("MatMul", mat, vec), beta, alpha)


def baddbmm(input: Value, batch1: Value, batch2: Value, *, beta: float = 1, alpha: float = 1) -> Value:
    """Add of MatMul, both scaled."""
    return _added(input, node("MatMul", batch1, batch2), beta, alpha)


def _added(input: Value, product: Value, beta: float, alpha: float) -> Value:
    if beta == 0:
        raise Unsupported("Mul by 0 keeps what is not finite")
    scaled = product if alpha == 1 else product * alpha
    return (input if beta == 1 else input * beta) + scaled


def cdist(x1: Value, x2: Value, *, p: float = 2.0, compute_mode: str | None = None) -> Value:
    """CDist, ONNX Runtime's own."""
    del compute_mode
    if p != 2 or x1.rank != _MATRIX or x2.rank != _MATRIX:  # noqa: PLR2004
        raise Unsupported("CDist is Euclidean and takes two matrices")
    return node("CDist", x1, x2, domain=MICROSOFT, metric="euclidean")


def det(A: Value) -> Value:  # noqa: N803
    """Det."""
    return node("Det", A)


def inv(A: Value) -> Value:  # noqa: N803
    """Inverse, ONNX Runtime's own."""
    return node("Inverse", A, domain=MICROSOFT)


def linear(input: Value, weight: Value, bias: Value | None = None) -> Value:
    """Gemm of a matrix, else MatMul and Add."""
    if input.rank == _MATRIX and weight.rank == _MATRIX:
        return node("Gemm", input, weight, bias, transB=1)
    product = node("MatMul", input, node("Transpose", weight) if weight.rank > 1 else weight)
    return product if bias is None else product + bias


def bilinear(input1: Value, input2: Value, weight: Value, bias: Value | None = None) -> Value:
    """Einsum and Add."""
    lead = "abcde"[: input1.rank - 1]
    product = node("Einsum", input1, weight, input2, equation=f"{lead}i,oij,{lead}j->{lead}o")
    return product if bias is None else product + bias


def matrix_norm(
    A: Value,  # noqa: N803
    *,
    ord: float | str = "fro",
    dim: Sequence[int] = (-2, -1),
    keepdim: bool = False,
) -> Value:
    """ReduceL2, the Frobenius norm."""
    if ord != "fro":
        raise Unsupported(f"there is no norm of order {ord}")
    return node("ReduceL2", A, list(dim), keepdims=int(keepdim))


def multi_dot(tensors: tuple[Value, ...]) -> Value:
    """MatMul after MatMul."""
    product, *rest = tensors
    for each in rest:
        product = node("MatMul", product, each)
    return product


def pairwise_distance(x1: Value, x2: Value, *, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Value:
    """ReduceL1 or ReduceL2 of the difference, to which torch adds eps."""
    if p not in {1, 2}:
        raise Unsupported(f"there is no reduction of order {p}")
    return node(f"ReduceL{math.floor(p)}", x1 - x2 + eps, [-1], keepdims=int(keepdim))


MATRICES: dict[str, Operator] = {
    "addmm": addmm,
    "addmv": addmv,
    "baddbmm": baddbmm,
    "bilinear": bilinear,
    "bmm": _matmul,
    "cdist": cdist,
    "det": det,
    "inv": inv,
    "linear": linear,
    "matmul": matmul,
    "matrix_norm": matrix_norm,
    "mm": _matmul,
    "multi_dot": multi_dot,
    "mv": mv,
    "pairwise_distance": pairwise_distance,
}
