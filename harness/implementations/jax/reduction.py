"""Reductions, scans and what is sorted: jax.numpy under torch's names."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from harness.errors import Unsupported
from harness.implementations.framework import Operator

Dim = Any


def _over_axes(function: Operator) -> Operator:
    """Return a reduction of jnp over torch's `dim`."""

    def reduce(input: Any, *, dim: Dim = None, keepdim: bool = False) -> Any:
        return function(input, axis=dim, keepdims=keepdim)

    return reduce


def _both(one: Operator, other: Operator) -> Operator:
    """Return two reductions side by side."""

    def reduce(input: Any, *, dim: Dim = None, keepdim: bool = False) -> tuple[Any, Any]:
        return one(input, axis=dim, keepdims=keepdim), other(input, axis=dim, keepdims=keepdim)

    return reduce


def _along(function: Operator) -> Operator:
    """Return a scan along torch's `dim`."""

    def scan(input: Any, *, dim: int) -> Any:
        return function(input, axis=dim)

    return scan


def _extreme(values: Operator, indices: Operator) -> Operator:
    """Return the extreme of all, or along an axis the first extreme with its index."""

    def reduce(input: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
        if dim is None:
            return values(input)
        if input.ndim == 0:
            raise Unsupported("JAX's scalars have no axis")
        index = indices(input, axis=dim, keepdims=True)
        taken = jnp.take_along_axis(input, index, axis=dim)
        return (taken, index) if keepdim else (jnp.squeeze(taken, dim), jnp.squeeze(index, dim))

    return reduce


def argsort(input: Any, *, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """jnp.argsort."""
    return jnp.argsort(input, axis=dim, descending=descending, stable=stable)


def bincount(input: Any, weights: Any = None, *, minlength: int = 0) -> Any:
    """jnp.bincount."""
    return jnp.bincount(input, weights, minlength)


def bucketize(input: Any, boundaries: Any, *, right: bool = False, out_int32: bool = False) -> Any:
    """jnp.searchsorted, whose indices are 32-bit where they suffice."""
    return _indices(jnp.searchsorted(boundaries, input, side="right" if right else "left"), out_int32)


def _cumlogsumexp(array: Any, axis: int) -> Any:
    return jax.lax.cumlogsumexp(array, axis % array.ndim if array.ndim else axis)


def count_nonzero(input: Any, *, dim: Dim = None) -> Any:
    """jnp.count_nonzero."""
    return jnp.count_nonzero(input, axis=dim)


def diff(input: Any, prepend: Any = None, append: Any = None, *, dim: int = -1, n: int = 1) -> Any:
    """jnp.diff."""
    return jnp.diff(input, n, dim, prepend, append)


def histc(input: Any, *, bins: int = 100, min: float = 0, max: float = 0) -> Any:
    """jnp.histogram, between the extremes of the input when no limits are given."""
    return jnp.histogram(input, bins, None if min == max else (min, max))[0]


def kthvalue(input: Any, *, k: int, dim: int = -1, keepdim: bool = False) -> tuple[Any, Any]:
    """jnp.argsort, and what stands at one of its indices."""
    index = jnp.take(jnp.argsort(input, axis=dim), jnp.asarray([k - 1]), axis=dim)
    values = jnp.take_along_axis(input, index, axis=dim)
    return (values, index) if keepdim else (jnp.squeeze(values, dim), jnp.squeeze(index, dim))


def logsumexp(input: Any, *, dim: Dim, keepdim: bool = False) -> Any:
    """jax.nn.logsumexp."""
    return jax.nn.logsumexp(input, axis=dim, keepdims=keepdim)


def quantile(
    input: Any, q: Any, *, dim: int | None = None, interpolation: str = "linear", keepdim: bool = False
) -> Any:
    """jnp.quantile."""
    return jnp.quantile(input, q, axis=dim, method=interpolation, keepdims=keepdim)


def nanquantile(
    input: Any, q: Any, *, dim: int | None = None, interpolation: str = "linear", keepdim: bool = False
) -> Any:
    """jnp.nanquantile."""
    return jnp.nanquantile(input, q, axis=dim, method=interpolation, keepdims=keepdim)


def searchsorted(
    sorted_sequence: Any,
    input: Any,
    sorter: Any = None,
    *,
    right: bool = False,
    out_int32: bool = False,
    side: str | None = None,
) -> Any:
    """jnp.searchsorted, over the rows by jax.vmap."""
    where = side or ("right" if right else "left")

    def search(row: Any, values: Any, order: Any) -> Any:
        return jnp.searchsorted(row, values, side=where, sorter=order)

    for _ in sorted_sequence.shape[:-1]:
        search = jax.vmap(search, in_axes=(0, 0, None if sorter is None else 0))
    return _indices(search(sorted_sequence, input, sorter), out_int32)


def _indices(found: Any, out_int32: bool) -> Any:
    return found.astype(jnp.int32) if out_int32 else found


def sort(input: Any, *, dim: int = -1, descending: bool = False, stable: bool = False) -> tuple[Any, Any]:
    """jnp.sort and jnp.argsort."""
    return (
        jnp.sort(input, axis=dim, descending=descending, stable=stable),
        jnp.argsort(input, axis=dim, descending=descending, stable=stable),
    )


def std(input: Any, *, dim: Dim = None, correction: float = 1, keepdim: bool = False) -> Any:
    """jnp.std."""
    return jnp.std(input, axis=dim, correction=correction, keepdims=keepdim)


def std_mean(input: Any, *, dim: Dim = None, correction: float = 1, keepdim: bool = False) -> tuple[Any, Any]:
    """jnp.std and jnp.mean."""
    return std(input, dim=dim, correction=correction, keepdim=keepdim), jnp.mean(input, axis=dim, keepdims=keepdim)


def topk(input: Any, *, k: int, dim: int = -1, largest: bool = True) -> Any:
    """jax.lax.top_k, which finds the largest only."""
    if not largest:
        raise Unsupported("jax.lax.top_k finds the largest only")
    return jax.lax.top_k(input, k, axis=dim)


def trapezoid(y: Any, x: Any = None, *, dim: int = -1, dx: float = 1.0) -> Any:
    """jnp.trapezoid."""
    return jnp.trapezoid(y, x, dx, dim)


def unique(input: Any, *, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None) -> Any:
    """jnp.unique, in which nan differs from nan, as in torch."""
    return jnp.unique(input, return_inverse=return_inverse, return_counts=return_counts, axis=dim, equal_nan=False)


def var(input: Any, *, dim: Dim = None, correction: float = 1, keepdim: bool = False) -> Any:
    """jnp.var."""
    return jnp.var(input, axis=dim, correction=correction, keepdims=keepdim)


def var_mean(input: Any, *, dim: Dim = None, correction: float = 1, keepdim: bool = False) -> tuple[Any, Any]:
    """jnp.var and jnp.mean."""
    return var(input, dim=dim, correction=correction, keepdim=keepdim), jnp.mean(input, axis=dim, keepdims=keepdim)


def vector_norm(x: Any, *, dim: Dim = None, ord: float = 2, keepdim: bool = False) -> Any:
    """jnp.linalg.vector_norm."""
    return jnp.linalg.vector_norm(x, axis=dim, keepdims=keepdim, ord=ord)


REDUCTIONS = {
    "all": _over_axes(jnp.all),
    "amax": _over_axes(jnp.max),
    "amin": _over_axes(jnp.min),
    "aminmax": _both(jnp.min, jnp.max),
    "any": _over_axes(jnp.any),
    "argmax": _over_axes(jnp.argmax),
    "argmin": _over_axes(jnp.argmin),
    "argsort": argsort,
    "bincount": bincount,
    "bucketize": bucketize,
    "count_nonzero": count_nonzero,
    "cumprod": _along(jnp.cumprod),
    "cumsum": _along(jnp.cumsum),
    "diff": diff,
    "histc": histc,
    "kthvalue": kthvalue,
    "logcumsumexp": _along(_cumlogsumexp),
    "logsumexp": logsumexp,
    "max": _extreme(jnp.max, jnp.argmax),
    "mean": _over_axes(jnp.mean),
    "min": _extreme(jnp.min, jnp.argmin),
    "nanmean": _over_axes(jnp.nanmean),
    "nanquantile": nanquantile,
    "nansum": _over_axes(jnp.nansum),
    "prod": _over_axes(jnp.prod),
    "quantile": quantile,
    "searchsorted": searchsorted,
    "sort": sort,
    "std": std,
    "std_mean": std_mean,
    "sum": _over_axes(jnp.sum),
    "topk": topk,
    "trapezoid": trapezoid,
    "unique": unique,
    "var": var,
    "var_mean": var_mean,
    "vector_norm": vector_norm,
}
