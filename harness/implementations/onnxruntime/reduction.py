"""Reductions, sorting and scans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.onnxruntime.graph import Value, cast, node, nodes

Dims = int | Sequence[int] | None


def _reduced(op: str, x: Value, dim: Dims, *, keepdim: bool = False) -> Value:
    axes = None if dim is None else [dim] if isinstance(dim, int) else list(dim)
    return node(op, x, axes, keepdims=int(keepdim))


def _over(op: str) -> Callable[..., Value]:
    """Return the reduction that is one node."""

    def operator(input: Value, *, dim: Dims = None, keepdim: bool = False) -> Value:
        return _reduced(op, input, dim, keepdim=keepdim)

    operator.__doc__ = f"{op}."
    return operator


def _truth(op: str) -> Callable[..., Value]:
    def operator(input: Value, *, dim: Dims = None, keepdim: bool = False) -> Value:
        return _reduced(op, cast(input, bool), dim, keepdim=keepdim)

    operator.__doc__ = f"{op}, of a Cast to booleans."
    return operator


def _position(op: str) -> Callable[..., Value]:
    def operator(input: Value, *, dim: int | None = None, keepdim: bool = False) -> Value:
        if dim is not None:
            return node(op, input, dtype=np.int64, axis=dim, keepdims=int(keepdim))
        found = node(op, _flat(input), dtype=np.int64, axis=0, keepdims=0)
        return node("Reshape", found, [1] * input.rank) if keepdim else found

    operator.__doc__ = f"{op}, without a dim of the flat input."
    return operator


def _extreme(reduce: str, arg: str) -> Callable[..., Any]:
    def operator(input: Value, *, dim: int | None = None, keepdim: bool = False) -> Any:
        values = _reduced(reduce, input, dim, keepdim=keepdim)
        if dim is None:
            return values
        return values, node(arg, input, dtype=np.int64, axis=dim, keepdims=int(keepdim))

    operator.__doc__ = f"{reduce} and {arg}."
    return operator


def aminmax(input: Value, *, dim: int | None = None, keepdim: bool = False) -> tuple[Value, Value]:
    """ReduceMin and ReduceMax."""
    low = _reduced("ReduceMin", input, dim, keepdim=keepdim)
    return low, _reduced("ReduceMax", input, dim, keepdim=keepdim)


def count_nonzero(input: Value, *, dim: Dims = None) -> Value:
    """ReduceSum of Casts to booleans and integers."""
    return _reduced("ReduceSum", cast(cast(input, bool), np.int64), dim)


def topk(
    input: Value,
    *,
    k: int,
    dim: int = -1,
    largest: bool = True,
    sorted: bool = True,
) -> tuple[Value, Value]:
    """TopK."""
    if not input.rank:
        raise Unsupported("TopK takes no scalar")
    values, indices = nodes(
        "TopK", input, [k], dtypes=[input.dtype, np.int64], axis=dim, largest=int(largest), sorted=int(sorted)
    )
    return values, indices


def sort(input: Value, *, dim: int = -1, descending: bool = False, stable: bool = False) -> tuple[Value, Value]:
    """TopK of all, which puts the lower of equal elements' indices first."""
    del stable
    if not input.rank:
        raise Unsupported("TopK takes no scalar")
    return topk(input, k=input.shape[dim], dim=dim, largest=descending)


def argsort(input: Value, *, dim: int = -1, descending: bool = False, stable: bool = False) -> Value:
    """Return the indices of TopK of all."""
    return sort(input, dim=dim, descending=descending, stable=stable)[1]


def kthvalue(input: Value, *, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Value, ...]:
    """Return the last of TopK."""
    if not input.rank:
        raise Unsupported("TopK takes no scalar")
    last: list[int] | np.ndarray[Any, Any] = [k - 1] if keepdim else np.array(k - 1)
    return tuple(node("Gather", x, last, axis=dim) for x in topk(input, k=k, dim=dim, largest=False))


def cumsum(input: Value, *, dim: int) -> Value:
    """CumSum."""
    return node("CumSum", input, np.array(dim, dtype=np.int64))


def cumprod(input: Value, *, dim: int) -> Value:
    """CumProd."""
    return node("CumProd", input, np.array(dim, dtype=np.int64))


def vector_norm(x: Value, *, ord: float = 2, dim: Dims = None, keepdim: bool = False) -> Value:
    """ReduceL1 and ReduceL2; ReduceMax and ReduceMin of Abs."""
    if ord in {1, 2}:
        return _reduced(f"ReduceL{int(ord)}", x, dim, keepdim=keepdim)
    if np.isinf(ord):
        return _reduced("ReduceMax" if ord > 0 else "ReduceMin", node("Abs", x), dim, keepdim=keepdim)
    raise Unsupported(f"there is no reduction of order {ord}")


def unique(
    input: Value, *, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> dict[str, Value]:
    """Return what is Unique, sorted."""
    wide = [np.int64] * 3
    values, _, inverse, counts = nodes("Unique", input, dtypes=[input.dtype, *wide], axis=dim, sorted=1)
    found = {"output": values}
    if return_inverse:
        shape = node("Shape", input, dtype=np.int64)
        found["inverse_indices"] = node("Reshape", inverse, shape) if dim is None else inverse
    if return_counts:
        found["counts"] = counts
    return found


def _flat(x: Value) -> Value:
    return node("Reshape", x, [-1])


REDUCTIONS: dict[str, Operator] = {
    "all": _truth("ReduceMin"),
    "amax": _over("ReduceMax"),
    "amin": _over("ReduceMin"),
    "aminmax": aminmax,
    "any": _truth("ReduceMax"),
    "argmax": _position("ArgMax"),
    "argmin": _position("ArgMin"),
    "argsort": argsort,
    "count_nonzero": count_nonzero,
    "cumprod": cumprod,
    "cumsum": cumsum,
    "kthvalue": kthvalue,
    "logsumexp": _over("ReduceLogSumExp"),
    "max": _extreme("ReduceMax", "ArgMax"),
    "mean": _over("ReduceMean"),
    "min": _extreme("ReduceMin", "ArgMin"),
    "prod": _over("ReduceProd"),
    "sort": sort,
    "sum": _over("ReduceSum"),
    "topk": topk,
    "unique": unique,
    "vector_norm": vector_norm,
}
