"""Pooling by jax.lax.reduce_window."""

from __future__ import annotations

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.jax.convolution import each


def _windows(
    input: Any, axes: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> dict[str, Any]:
    """Return the windows of `reduce_window`; with `ceil_mode` one more, if it begins inside or in the left padding."""
    sizes, pads, gaps = each(kernel_size, axes), each(padding, axes), each(dilation, axes)
    steps = each(stride if stride is not None else kernel_size, axes)
    around = []
    for full, size, step, pad, gap in zip(input.shape[-axes:], sizes, steps, pads, gaps, strict=True):
        rest = full + 2 * pad - gap * (size - 1) - 1
        last = -(-rest // step) if ceil_mode else rest // step
        if ceil_mode and last * step >= full + pad:
            last -= 1
        around.append((pad, max(last * step + gap * (size - 1) + 1 - full - pad, 0)))
    lead = (1,) * (input.ndim - axes)
    return {
        "window_dimensions": (*lead, *sizes),
        "window_strides": (*lead, *steps),
        "padding": [*((0, 0) for _ in lead), *around],
        "window_dilation": (*lead, *gaps),
    }


def _max_pool(axes: int) -> Operator:
    def pool(
        input: Any,
        *,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        if return_indices:
            raise Unsupported("the maximum of jax.lax.reduce_window comes without its index")
        windows = _windows(input, axes, kernel_size, stride, padding, dilation, ceil_mode)
        least = -np.inf if jnp.issubdtype(input.dtype, jnp.inexact) else jnp.iinfo(input.dtype).min
        return jax.lax.reduce_window(input, np.asarray(least, input.dtype), jax.lax.max, **windows)

    return pool


def _sum(input: Any, windows: dict[str, Any]) -> Any:
    return jax.lax.reduce_window(input, np.zeros((), input.dtype), jax.lax.add, **windows)


def _avg_pool(axes: int) -> Operator:
    def pool(
        input: Any,
        *,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Any:
        windows = _windows(input, axes, kernel_size, stride, padding, 1, ceil_mode)
        total = _sum(input, windows)
        if divisor_override is not None:
            return total / divisor_override
        ones = jnp.ones((1,) * (input.ndim - axes) + input.shape[-axes:], jnp.float32)  # bfloat16 counts to 256
        if count_include_pad:  # torch counts its own padding, not what ceil_mode adds beyond
            pads = each(padding, axes)
            ones = jnp.pad(
                ones, [*((0, 0) for _ in range(input.ndim - axes)), *((p, p) for p in pads)], constant_values=1
            )
            beyond = windows["padding"]
            shrunk = [(low - p, high - p) for (low, high), p in zip(beyond[-axes:], pads, strict=True)]
            windows = {**windows, "padding": [*beyond[:-axes], *shrunk]}
        return total / _sum(ones, windows).astype(input.dtype)

    return pool


def _lp_pool(axes: int) -> Operator:
    average = _avg_pool(axes)

    def pool(input: Any, *, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Any:
        """Take the root of the mean power times the size of the window, as torch does at the border, too."""
        if math.isinf(norm_type):
            raise Unsupported("a power of infinity is no norm")
        mean = average(input**norm_type, kernel_size=kernel_size, stride=stride, ceil_mode=ceil_mode)
        return (jnp.sign(mean) * jax.nn.relu(jnp.abs(mean)) * math.prod(each(kernel_size, axes))) ** (1 / norm_type)

    return pool


def _adaptive(axes: int, reduce: Operator) -> Operator:
    """Return pooling of pieces whose bounds are those of torch, reduced one by one."""

    def pool(input: Any, *, output_size: Any, return_indices: bool = False) -> Any:
        if return_indices:
            raise Unsupported("the maximum comes without its index")
        answer = input
        for axis, size in zip(range(-axes, 0), _sizes(output_size, axes), strict=True):
            if size is not None:
                full = input.shape[axis]
                bounds = [(i * full // size, -(-(i + 1) * full // size)) for i in range(size)]
                take = functools.partial(jax.lax.slice_in_dim, answer, axis=axis % input.ndim)
                answer = jnp.concatenate([reduce(take(a, b), axis=axis, keepdims=True) for a, b in bounds], axis=axis)
        return answer

    return pool


def _sizes(output_size: Any, axes: int) -> tuple[int | None, ...]:
    return tuple(output_size) if isinstance(output_size, tuple) else (output_size,) * axes


POOLING = {
    **{f"max_pool{n}d": _max_pool(n) for n in (1, 2, 3)},
    **{f"avg_pool{n}d": _avg_pool(n) for n in (1, 2, 3)},
    **{f"lp_pool{n}d": _lp_pool(n) for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": _adaptive(n, jnp.mean) for n in (1, 2, 3)},
    **{f"adaptive_max_pool{n}d": _adaptive(n, jnp.max) for n in (1, 2, 3)},
}
