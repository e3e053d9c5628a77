"""Reductions, scans and sorting: methods of Tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from tinygrad import Tensor

from harness.implementations.framework import Operator

Dim: TypeAlias = "int | Sequence[int] | None"


def _reduction(method: Callable[..., Any]) -> Callable[..., Any]:
    def operator(input: Any, *, dim: Dim = None, keepdim: bool = False) -> Any:
        return method(input, dim, keepdim)

    return operator


def _moment(method: Callable[..., Any]) -> Callable[..., Any]:
    def operator(input: Any, *, dim: Dim = None, correction: int = 1, keepdim: bool = False) -> Any:
        return method(input, dim, keepdim, correction)

    return operator


def _extreme(value: Callable[..., Any], place: Callable[..., Any]) -> Callable[..., Any]:
    """Return the operator that gives the extreme alone without a dim, with one also its place."""

    def operator(input: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
        if dim is None:
            return value(input)
        return value(input, dim, keepdim), place(input, dim, keepdim)

    return operator


def _scan(method: Callable[..., Any]) -> Callable[..., Any]:
    def operator(input: Any, *, dim: int) -> Any:
        return method(input, dim)

    return operator


def aminmax(input: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """Tensor.min and Tensor.max."""
    return input.min(dim, keepdim), input.max(dim, keepdim)


def argmax(input: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """Tensor.argmax."""
    return input.argmax(dim, keepdim)


def argmin(input: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """Tensor.argmin."""
    return input.argmin(dim, keepdim)


def argsort(input: Any, *, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """Tensor.argsort, which is stable."""
    del stable
    return input.argsort(dim, descending)


def count_nonzero(input: Any, *, dim: Dim = None) -> Any:
    """Tensor.ne and Tensor.sum."""
    return input.ne(0).sum(dim)


def logsumexp(input: Any, *, dim: Dim, keepdim: bool = False) -> Any:
    """Tensor.logsumexp."""
    return input.logsumexp(dim, keepdim)


def sort(input: Any, *, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """Tensor.sort, which is stable."""
    del stable
    return input.sort(dim, descending)


def topk(input: Any, *, k: int, dim: int = -1, largest: bool = True) -> Any:
    """Tensor.topk."""
    return input.topk(k, dim, largest)


REDUCTIONS: dict[str, Operator] = {
    "all": _reduction(Tensor.all),
    "amax": _reduction(Tensor.max),
    "amin": _reduction(Tensor.min),
    "aminmax": aminmax,
    "any": _reduction(Tensor.any),
    "argmax": argmax,
    "argmin": argmin,
    "argsort": argsort,
    "count_nonzero": count_nonzero,
    "cummax": _scan(Tensor.cummax),
    "cummin": _scan(Tensor.cummin),
    "cumprod": _scan(Tensor.cumprod),
    "cumsum": _scan(Tensor.cumsum),
    "logcumsumexp": _scan(Tensor.logcumsumexp),
    "logsumexp": logsumexp,
    "max": _extreme(Tensor.max, Tensor.argmax),
    "mean": _reduction(Tensor.mean),
    "min": _extreme(Tensor.min, Tensor.argmin),
    "prod": _reduction(Tensor.prod),
    "sort": sort,
    "std": _moment(Tensor.std),
    "std_mean": _moment(Tensor.std_mean),
    "sum": _reduction(Tensor.sum),
    "topk": topk,
    "var": _moment(Tensor.var),
    "var_mean": _moment(Tensor.var_mean),
}
