"""Reductions, scans and order of keras.ops."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from harness.errors import Unsupported
from harness.implementations.keras.shared import axis_of, no


def _over(function: Callable[..., Any]) -> Callable[..., Any]:
    def operator(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
        return function(input, axis=axis_of(dim), keepdims=keepdim)

    return operator


def _with_index(values: Callable[..., Any], indices: Callable[..., Any]) -> Callable[..., Any]:
    def operator(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
        if dim is None:
            return values(input)
        return values(input, axis=dim, keepdims=keepdim), indices(input, axis=dim, keepdims=keepdim)

    return operator


def aminmax(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """keras.ops.amin and amax."""
    return ops.amin(input, axis=dim, keepdims=keepdim), ops.amax(input, axis=dim, keepdims=keepdim)


def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """keras.ops.argsort, which is stable and ascends."""
    del stable
    no(descending, "descending order")
    return ops.argsort(input, axis=dim)


def bincount(input: Any, weights: Any = None, minlength: int = 0) -> Any:
    """keras.ops.bincount."""
    return ops.bincount(input, weights=weights, minlength=minlength)


def bucketize(input: Any, boundaries: Any, right: bool = False, out_int32: bool = False) -> Any:
    """keras.ops.searchsorted."""
    return searchsorted(boundaries, input, right=right, out_int32=out_int32)


def count_nonzero(input: Any, dim: Any = None) -> Any:
    """keras.ops.count_nonzero."""
    return ops.count_nonzero(input, axis=axis_of(dim))


def cumprod(input: Any, dim: int) -> Any:
    """keras.ops.cumprod."""
    return ops.cumprod(input, axis=dim)


def cumsum(input: Any, dim: int) -> Any:
    """keras.ops.cumsum."""
    return ops.cumsum(input, axis=dim)


def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """keras.ops.diff."""
    no(prepend is not None or append is not None, "diff with ends")
    return ops.diff(input, n=n, axis=dim)


def histc(input: Any, bins: int = 100, min: float = 0, max: float = 0) -> Any:
    """keras.ops.histogram, the counts alone."""
    return ops.histogram(ops.reshape(input, (-1,)), bins=bins, range=None if min == max == 0 else (min, max))[0]


def nanquantile(
    input: Any, q: Any, dim: int | None = None, keepdim: bool = False, interpolation: str = "linear"
) -> Any:
    """keras.ops.nanquantile."""
    return ops.nanquantile(input, q, axis=dim, method=interpolation, keepdims=keepdim)


def quantile(input: Any, q: Any, dim: int | None = None, keepdim: bool = False, interpolation: str = "linear") -> Any:
    """keras.ops.quantile."""
    return ops.quantile(input, q, axis=dim, method=interpolation, keepdims=keepdim)


def searchsorted(
    sorted_sequence: Any,
    input: Any,
    sorter: Any = None,
    right: bool = False,
    side: str | None = None,
    out_int32: bool = False,
) -> Any:
    """keras.ops.searchsorted; it answers in int32."""
    del out_int32
    no(sorter is not None, "sorter of searchsorted")
    no(len(sorted_sequence.shape) > 1, "searchsorted in rows")
    return ops.searchsorted(sorted_sequence, input, side=side or ("right" if right else "left"))


def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """keras.ops.sort and argsort."""
    return ops.sort(input, axis=dim), argsort(input, dim, descending, stable)


def topk(input: Any, k: int, dim: int = -1, largest: bool = True) -> Any:
    """keras.ops.top_k, of the last axis."""
    no(not largest, "smallest k")
    if not input.shape:
        raise Unsupported("Keras takes the k largest along an axis")
    found = ops.top_k(ops.moveaxis(input, dim, -1), k)
    return tuple(ops.moveaxis(part, -1, dim) for part in found)


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, dim: int = -1) -> Any:
    """keras.ops.trapezoid."""
    return ops.trapezoid(y, x, dx, dim)


def unique(input: Any, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None) -> Any:
    """keras.ops.unique."""
    return ops.unique(input, return_inverse=return_inverse, return_counts=return_counts, axis=dim)


def _population(correction: float) -> None:
    no(correction, "correction of the variance: it divides by n")


def var(input: Any, dim: Any = None, correction: float = 1, keepdim: bool = False) -> Any:
    """keras.ops.var."""
    _population(correction)
    return ops.var(input, axis=axis_of(dim), keepdims=keepdim)


def std(input: Any, dim: Any = None, correction: float = 1, keepdim: bool = False) -> Any:
    """keras.ops.std."""
    _population(correction)
    return ops.std(input, axis=axis_of(dim), keepdims=keepdim)


def var_mean(input: Any, dim: Any = None, correction: float = 1, keepdim: bool = False) -> Any:
    """keras.ops.moments."""
    _population(correction)
    axes = tuple(range(len(input.shape))) if dim is None else axis_of(dim)
    mean, variance = ops.moments(input, axes if isinstance(axes, tuple) else (axes,), keepdims=keepdim)
    return variance, mean


def std_mean(input: Any, dim: Any = None, correction: float = 1, keepdim: bool = False) -> Any:
    """keras.ops.std and mean."""
    return std(input, dim, correction, keepdim), ops.mean(input, axis=axis_of(dim), keepdims=keepdim)


def vector_norm(x: Any, ord: float = 2, dim: Any = None, keepdim: bool = False) -> Any:
    """keras.ops.norm of one axis, or of all in a row."""
    if isinstance(dim, list):
        raise Unsupported("Keras takes the norm of a vector along one axis")
    flat = dim is None and (len(x.shape) != 1)
    no(flat and keepdim, "norm over all axes that keeps them")
    return ops.norm(ops.reshape(x, (-1,)) if flat else x, ord=ord, axis=-1 if flat else dim, keepdims=keepdim)


def pairwise_cosine(x1: Any, x2: Any, dim: int = 1) -> Any:
    """keras.losses.cosine_similarity, which is the negated similarity."""
    no(tuple(x1.shape) != tuple(x2.shape), "cosine similarity across shapes")
    return ops.negative(keras.losses.cosine_similarity(x1, x2, axis=dim))


def renorm(input: Any, p: float, dim: int, maxnorm: float) -> Any:
    """keras.constraints.MaxNorm, of the slices of one axis."""
    no(p != 2, "MaxNorm but of the 2-norm")  # noqa: PLR2004
    no(math.isinf(maxnorm), "MaxNorm without a limit")
    rank = len(input.shape)
    axes = [axis for axis in range(rank) if axis != dim % rank]
    return keras.constraints.MaxNorm(max_value=maxnorm, axis=axes)(input)


REDUCTIONS = {
    "all": _over(ops.all),
    "amax": _over(ops.amax),
    "amin": _over(ops.amin),
    "aminmax": aminmax,
    "any": _over(ops.any),
    "argmax": _over(ops.argmax),
    "argmin": _over(ops.argmin),
    "argsort": argsort,
    "bincount": bincount,
    "bucketize": bucketize,
    "cosine_similarity": pairwise_cosine,
    "count_nonzero": count_nonzero,
    "cumprod": cumprod,
    "cumsum": cumsum,
    "diff": diff,
    "histc": histc,
    "logsumexp": _over(ops.logsumexp),
    "max": _with_index(ops.max, ops.argmax),
    "mean": _over(ops.mean),
    "min": _with_index(ops.min, ops.argmin),
    "nanmean": _over(ops.nanmean),
    "nanquantile": nanquantile,
    "nansum": _over(ops.nansum),
    "prod": _over(ops.prod),
    "quantile": quantile,
    "renorm": renorm,
    "searchsorted": searchsorted,
    "sort": sort,
    "std": std,
    "std_mean": std_mean,
    "sum": _over(ops.sum),
    "topk": topk,
    "trapezoid": trapezoid,
    "unique": unique,
    "var": var,
    "var_mean": var_mean,
    "vector_norm": vector_norm,
}
