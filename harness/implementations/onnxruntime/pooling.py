"""Pooling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.onnxruntime.convolution import Sizes, batched
from harness.implementations.onnxruntime.graph import Value, each, node, nodes


def _window(spatial: int, kernel_size: Sizes, stride: Sizes | None, padding: Sizes = 0) -> dict[str, Any]:
    kernel = each("kernel_size", spatial, kernel_size)
    return {
        "kernel_shape": kernel,
        "strides": kernel if stride is None or stride == [] else each("stride", spatial, stride),
        "pads": each("padding", spatial, padding) * 2,
    }


def _avg_pool(spatial: int) -> Callable[..., Value]:
    def operator(
        input: Value,
        *,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Value:
        if divisor_override is not None:
            raise Unsupported("AveragePool has no divisor of its own")
        how: dict[str, Any] = {"ceil_mode": int(ceil_mode), "count_include_pad": int(count_include_pad)}
        window = _window(spatial, kernel_size, stride, padding)
        return batched(input, spatial, lambda x: node("AveragePool", x, **window, **how))

    operator.__doc__ = f"AveragePool in {spatial} dimensions."
    return operator


def _lp_pool(spatial: int) -> Callable[..., Value]:
    def operator(
        input: Value, *, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
    ) -> Value:
        if not float(norm_type).is_integer() or norm_type < 1:
            raise Unsupported("LpPool takes whole orders")
        window = _window(spatial, kernel_size, stride)
        return batched(
            input, spatial, lambda x: node("LpPool", x, **window, p=int(norm_type), ceil_mode=int(ceil_mode))
        )

    operator.__doc__ = f"LpPool in {spatial} dimensions."
    return operator


def _max_pool(spatial: int) -> Callable[..., Any]:
    def operator(
        input: Value,
        *,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        how = {
            **_window(spatial, kernel_size, stride, padding),
            "dilations": each("dilation", spatial, dilation),
            "ceil_mode": int(ceil_mode),
        }
        if not return_indices:
            return batched(input, spatial, lambda x: node("MaxPool", x, **how))
        alone = input.rank == spatial + 1
        given = node("Unsqueeze", input, [0]) if alone else input
        values, places = nodes("MaxPool", given, dtypes=[input.dtype, np.int64], **how)
        # torch counts within a channel, ONNX within the whole tensor
        indices = node("Mod", places, int(np.prod(input.shape[-spatial:])))
        return tuple(node("Squeeze", x, [0]) if alone else x for x in (values, indices))

    operator.__doc__ = f"MaxPool in {spatial} dimensions."
    return operator


def _max_unpool(spatial: int) -> Callable[..., Value]:
    def operator(
        input: Value,
        indices: Value,
        *,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        output_size: Sequence[int] | None = None,
    ) -> Value:
        window = _window(spatial, kernel_size, stride, padding)
        parts = zip(
            input.shape[-spatial:], window["strides"], window["kernel_shape"], window["pads"][:spatial], strict=True
        )
        sizes = [(n - 1) * step + kernel - 2 * pad for n, step, kernel, pad in parts]
        if output_size is not None:
            sizes = list(output_size)[-spatial:]
        lead = input.shape[:-spatial] if input.rank == spatial + 2 else (1, *input.shape[:-spatial])
        # torch counts within a channel, ONNX within the whole tensor
        first = np.arange(np.prod(lead), dtype=np.int64).reshape(*lead, *[1] * spatial) * int(np.prod(sizes))

        def unpool(x: Value) -> Value:
            places = indices if indices.rank == spatial + 2 else node("Unsqueeze", indices, [0])
            return node("MaxUnpool", x, node("Add", places, first), [*lead, *sizes], **window)

        return batched(input, spatial, unpool)

    operator.__doc__ = f"MaxUnpool in {spatial} dimensions."
    return operator


def _adaptive(op: str, spatial: int) -> Callable[..., Value]:
    def operator(input: Value, *, output_size: Sizes, return_indices: bool = False) -> Value:
        if return_indices or set(each("output_size", spatial, output_size)) != {1}:
            raise Unsupported(f"{op} pools to one element, without its index")
        return batched(input, spatial, lambda x: node(op, x))

    operator.__doc__ = f"{op}, to one element."
    return operator


POOLING: dict[str, Operator] = {
    **{f"adaptive_avg_pool{n}d": _adaptive("GlobalAveragePool", n) for n in (1, 2, 3)},
    **{f"avg_pool{n}d": _avg_pool(n) for n in (1, 2, 3)},
    **{f"lp_pool{n}d": _lp_pool(n) for n in (1, 2, 3)},
    **{f"max_pool{n}d": _max_pool(n) for n in (1, 2, 3)},
    **{f"max_unpool{n}d": _max_unpool(n) for n in (1, 2, 3)},
}
