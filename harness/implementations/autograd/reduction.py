"""Reductions: autograd.numpy under torch's names."""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
import autograd.scipy.special as sp

from harness.errors import Unsupported
from harness.implementations.framework import Operator

Dim = Any


def _axes(dim: Dim) -> Any:
    """Return lists as the tuples that NumPy takes for axes."""
    return tuple(dim) if isinstance(dim, list) else dim


def _over_axes(function: Operator) -> Operator:
    """Return a reduction over torch's `dim`."""

    def reduce(input: Any, *, dim: Dim = None, keepdim: bool = False) -> Any:
        return function(input, axis=_axes(dim), keepdims=keepdim)

    return reduce


def _spread(function: Operator) -> Operator:
    """Return a variance or deviation over torch's `dim`."""

    def reduce(input: Any, *, dim: Dim = None, correction: float = 1, keepdim: bool = False) -> Any:
        return function(input, axis=_axes(dim), ddof=correction, keepdims=keepdim)

    return reduce


def cumsum(input: Any, *, dim: int) -> Any:
    """anp.cumsum."""
    return anp.cumsum(input, axis=dim)


def diff(input: Any, prepend: Any = None, append: Any = None, *, dim: int = -1, n: int = 1) -> Any:
    """anp.diff, which is not differentiated by what is joined."""
    if prepend is not None or append is not None:
        raise Unsupported("autograd.numpy.diff has no gradient of what is joined")
    return anp.diff(input, n, dim)


def logsumexp(input: Any, *, dim: Dim, keepdim: bool = False) -> Any:
    """autograd.scipy.special.logsumexp."""
    return sp.logsumexp(input, axis=_axes(dim), keepdims=keepdim)


REDUCTIONS = {
    "amax": _over_axes(anp.max),
    "amin": _over_axes(anp.min),
    "cumsum": cumsum,
    "diff": diff,
    "logsumexp": logsumexp,
    "mean": _over_axes(anp.mean),
    "prod": _over_axes(anp.prod),
    "std": _spread(anp.std),
    "sum": _over_axes(anp.sum),
    "var": _spread(anp.var),
}
