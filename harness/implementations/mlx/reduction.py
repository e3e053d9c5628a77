"""Reductions, scans and sorting of mlx.core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import mlx.core as mx

from harness.errors import Unsupported
from harness.implementations.framework import Operator

Dim: TypeAlias = "int | Sequence[int] | None"


def _reduction(function: Callable[..., Any]) -> Operator:
    def operator(input: Any, *, dim: Dim = None, keepdim: bool = False) -> Any:
        return function(input, dim, keepdim)

    return operator


def _moment(function: Callable[..., Any], *others: Callable[..., Any]) -> Operator:
    def operator(input: Any, *, dim: Dim = None, correction: int = 1, keepdim: bool = False) -> Any:
        value = function(input, dim, keepdim, correction)
        return (value, *(other(input, dim, keepdim) for other in others)) if others else value

    return operator


def _extreme(value: Callable[..., Any], place: Callable[..., Any]) -> Operator:
    """Return the operator that gives the extreme alone without a dim, with one also its place."""

    def operator(input: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
        if dim is None:
            return value(input)
        return value(input, dim, keepdim), place(input, dim, keepdim)

    return operator


def _scan(function: Callable[..., Any]) -> Operator:
    def operator(input: Any, *, dim: int) -> Any:
        return function(input, dim)

    return operator


def aminmax(input: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """mx.minmax."""
    return mx.minmax(input, dim, keepdim)


def argsort(input: Any, *, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """mx.argsort, ascending."""
    del stable
    if descending:
        raise Unsupported("mx.argsort ascends")
    return mx.argsort(input, dim)


def bucketize(input: Any, boundaries: Any, *, right: bool = False) -> Any:
    """mx.searchsorted."""
    return mx.searchsorted(boundaries, input, "right" if right else "left")


def searchsorted(sorted_sequence: Any, input: Any, *, right: bool = False, side: str | None = None) -> Any:
    """mx.searchsorted."""
    return mx.searchsorted(sorted_sequence, input, side or ("right" if right else "left"))


def count_nonzero(input: Any, *, dim: Dim = None) -> Any:
    """mx.count_nonzero."""
    return mx.count_nonzero(input, axis=dim)


def diff(input: Any, *, n: int = 1, dim: int = -1) -> Any:
    """mx.diff."""
    return mx.diff(input, n, dim)


def logsumexp(input: Any, *, dim: Dim, keepdim: bool = False) -> Any:
    """mx.logsumexp."""
    return mx.logsumexp(input, dim, keepdim)


def sort(input: Any, *, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """mx.sort and mx.argsort, ascending."""
    del stable
    if descending:
        raise Unsupported("mx.sort ascends")
    return mx.sort(input, dim), mx.argsort(input, dim)


def median(input: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """mx.median, of all elements: along one dimension torch also gives places."""
    if dim is not None or keepdim:
        raise Unsupported("mx.median gives no places")
    return mx.median(input)


def vector_norm(x: Any, *, ord: float = 2, dim: Any = None, keepdim: bool = False) -> Any:
    """mx.linalg.norm, of the flattened array where no dim is named."""
    if dim is None:
        if keepdim:
            raise Unsupported("mx.linalg.norm keeps no dimension of a flattened array")
        return mx.linalg.norm(mx.flatten(x), ord)
    if isinstance(dim, Sequence) and len(dim) > 1:
        raise Unsupported("mx.linalg.norm of two dimensions is that of a matrix")
    return mx.linalg.norm(x, ord, dim, keepdim)


REDUCTIONS: dict[str, Operator] = {
    "all": _reduction(mx.all),
    "amax": _reduction(mx.max),
    "amin": _reduction(mx.min),
    "aminmax": aminmax,
    "any": _reduction(mx.any),
    "argmax": _reduction(mx.argmax),
    "argmin": _reduction(mx.argmin),
    "argsort": argsort,
    "bucketize": bucketize,
    "count_nonzero": count_nonzero,
    "cumprod": _scan(mx.cumprod),
    "cumsum": _scan(mx.cumsum),
    "diff": diff,
    "logcumsumexp": _scan(mx.logcumsumexp),
    "logsumexp": logsumexp,
    "max": _extreme(mx.max, mx.argmax),
    "mean": _reduction(mx.mean),
    "median": median,
    "min": _extreme(mx.min, mx.argmin),
    "prod": _reduction(mx.prod),
    "searchsorted": searchsorted,
    "sort": sort,
    "std": _moment(mx.std),
    "std_mean": _moment(mx.std, mx.mean),
    "sum": _reduction(mx.sum),
    "var": _moment(mx.var),
    "var_mean": _moment(mx.var, mx.mean),
    "vector_norm": vector_norm,
}
