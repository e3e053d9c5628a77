"""Different values, histograms and places in sorted sequences, in NumPy."""

from __future__ import annotations

from typing import Literal

import numpy as np

from harness.implementations.numpy.precision import Array, widen

__all__ = ["bincount", "bucketize", "histc", "searchsorted", "unique", "unique_consecutive"]


def _wanted(
    answer: Array, inverse: Array, counts: Array, *, return_inverse: bool, return_counts: bool
) -> Array | tuple[Array, ...]:
    """Return the values, and beside them what was asked for."""
    found = [answer]
    if return_inverse:
        found.append(inverse.astype(np.int64))
    if return_counts:
        found.append(counts.astype(np.int64))
    return tuple(found) if len(found) > 1 else answer


def unique(
    input: Array,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Array | tuple[Array, ...]:
    """Return the different elements in ascending order, or slices along dim. torch.unique; numpy.unique."""
    del sorted
    values, inverse, counts = np.unique(widen(input), return_inverse=True, return_counts=True, axis=dim)
    inverse = inverse.reshape(input.shape if dim is None else -1)
    values = values.astype(input.dtype)
    return _wanted(values, inverse, counts, return_inverse=return_inverse, return_counts=return_counts)


def unique_consecutive(
    input: Array, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Array | tuple[Array, ...]:
    """Return the elements, or slices along dim, with each run of equal ones made one. torch.unique_consecutive."""
    rows = input.reshape(-1) if dim is None else np.moveaxis(input, dim, 0)
    differs = (rows[1:] != rows[:-1]).any(axis=tuple(range(1, rows.ndim)))
    first = np.concatenate([np.ones(min(len(rows), 1), dtype=bool), differs])  # where a run begins
    starts = np.flatnonzero(first)
    counts = np.diff(np.append(starts, len(rows)))
    inverse = np.cumsum(first) - 1
    values = rows[starts] if dim is None else np.moveaxis(rows[starts], 0, dim)
    inverse = inverse.reshape(input.shape) if dim is None else inverse
    return _wanted(values, inverse, counts, return_inverse=return_inverse, return_counts=return_counts)


def histc(input: Array, bins: int = 100, min: float = 0, max: float = 0) -> Array:
    """Return how many elements lie in each of the bins between min and max. torch.histc; numpy.histogram.

    The last bin holds max too; what is outside is not counted. min = max stands for the limits of the input.
    """
    x = widen(input)
    low, high = (float(x.min()), float(x.max())) if min == max and x.size else (min, max)
    return np.histogram(x, bins=bins, range=(low, high))[0].astype(input.dtype)


def bincount(input: Array, weights: Array | None = None, minlength: int = 0) -> Array:
    """Return how often each number occurs, or the sum of its weights. torch.bincount; numpy.bincount."""
    counts = np.bincount(input.astype(np.int64), weights=weights, minlength=minlength)
    if weights is None:
        return counts.astype(np.int64)
    return counts.astype(np.float32 if weights.dtype == np.float32 else np.float64)


def searchsorted(
    sorted_sequence: Array,
    input: Array,
    sorter: Array | None = None,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
) -> Array:
    """Return where each value would be inserted, before (right: behind) equal elements. torch.searchsorted.

    sorted_sequence: (n), or (..., n) with input (..., m): numpy.searchsorted, row by row.
    """
    sequence, values = widen(sorted_sequence), widen(input)
    if sorter is not None:
        sequence = np.take_along_axis(sequence, sorter, -1)
    behind: Literal["left", "right"] = "right" if right or side == "right" else "left"
    if sequence.ndim == 1:
        places = np.asarray(np.searchsorted(sequence, values, side=behind))
    else:
        rows = zip(sequence.reshape(-1, sequence.shape[-1]), values.reshape(-1, values.shape[-1]), strict=True)
        places = np.array([np.searchsorted(row, wanted, side=behind) for row, wanted in rows]).reshape(values.shape)
    return places.astype(np.int32 if out_int32 else np.int64)


def bucketize(input: Array, boundaries: Array, out_int32: bool = False, right: bool = False) -> Array:
    """Return the bucket of each value: how many boundaries are below it (right: not above it). torch.bucketize."""
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)
