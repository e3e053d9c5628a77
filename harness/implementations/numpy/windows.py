"""Sliding windows over the last axes of an array, for convolution and pooling in any number of dimensions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from harness.implementations.numpy.precision import Array

__all__ = ["PerAxis", "last", "pad", "pad_pooled", "per_axis", "scatter_windows", "windows"]

PerAxis: TypeAlias = int | Sequence[int]


def per_axis(value: Any, axes: int) -> tuple[Any, ...]:
    """Return `value` once for each axis; torch takes one number for all of them."""
    values = tuple(value) if isinstance(value, list | tuple) else (value,)
    return values * axes if len(values) == 1 else values


def last(at: Iterable[int | slice]) -> tuple[Any, ...]:
    """Return the index that takes `at` from the last axes and all of the others."""
    return (..., *at)


def pad(x: Array, before: Sequence[int], after: Sequence[int], value: float = 0.0) -> Array:
    """Return `x` with `value` put before and after each of its last axes."""
    widths = [(0, 0)] * (x.ndim - len(before)) + list(zip(before, after, strict=True))
    return np.pad(x, widths, constant_values=value)


def windows(x: Array, size: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> Array:
    """Return a view (..., *places, *size) of the windows that slide over the last axes of `x`.

    windows(x)[..., i, k] = x[..., i * stride + k * dilation]
    """
    spans = [d * (k - 1) + 1 for k, d in zip(size, dilation, strict=True)]
    axes = tuple(range(-len(spans), 0))
    view: Array = sliding_window_view(x, spans, axis=axes)
    return np.asarray(view[last(slice(None, None, step) for step in (*stride, *dilation))])


def scatter_windows(
    values: Array, length: Sequence[int], size: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> Array:
    """Add each window's values to where the window lay: the transpose of `windows`, and so its gradient.

    values: (..., *places, *size); the result: (..., *length).
    """
    axes = len(size)
    places = values.shape[-2 * axes : -axes]
    result = np.zeros((*values.shape[: -2 * axes], *length), dtype=values.dtype)
    for k in np.ndindex(*size):
        starts = [i * d for i, d in zip(k, dilation, strict=True)]
        at = [slice(a, a + s * n, s) for a, s, n in zip(starts, stride, places, strict=True)]
        result[last(at)] += values[last(k)]
    return result


def pad_pooled(
    x: Array,
    size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    ceil_mode: bool,
    *,
    inside: float,
    beyond: float | None = None,
) -> Array:
    """Return `x` padded by `padding` with `inside`, and, to make room for the last window, by more with `beyond`.

    The number of windows along an axis of length L is

        (L + 2 padding - dilation (size - 1) - 1) / stride + 1

    rounded down, or up in ceil_mode; but a window that would start behind the input and its left padding is left out.
    """
    more = []
    lengths = x.shape[x.ndim - len(size) :]
    for length, k, s, p, d in zip(lengths, size, stride, padding, dilation, strict=True):
        span = d * (k - 1) + 1
        room = length + 2 * p - span
        count = (math.ceil(room / s) if ceil_mode else room // s) + 1
        if ceil_mode and (count - 1) * s >= length + p:
            count -= 1
        more.append(max((count - 1) * s + span - length - 2 * p, 0))
    padded = pad(x, padding, padding, inside)
    return pad(padded, [0] * len(more), more, inside if beyond is None else beyond)
