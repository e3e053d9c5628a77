"""Linear layers, embeddings, convolutions, unfold and fold, pooling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from harness.errors import Unsupported
from harness.implementations.keras.shared import (
    batched,
    channels_first,
    channels_last,
    dtype_of,
    layer_with,
    no,
    per_axis,
)


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """keras.layers.Dense, its kernel transposed."""
    single = len(weight.shape) == 1
    kernel = ops.expand_dims(weight, -1) if single else ops.transpose(weight)
    layer = keras.layers.Dense(kernel.shape[-1], use_bias=bias is not None, dtype=dtype_of(input))
    weights = {"kernel": kernel, "bias": None if bias is None else ops.reshape(bias, (-1,))}
    rows = input if len(input.shape) > 1 else ops.expand_dims(input, 0)
    answer = layer_with(layer, rows, weights)
    answer = answer if len(input.shape) > 1 else ops.squeeze(answer, 0)
    return ops.squeeze(answer, -1) if single else answer


def embedding(input: Any, weight: Any, padding_idx: int | None = None, scale_grad_by_freq: bool = False) -> Any:
    """keras.layers.Embedding."""
    no(padding_idx is not None, "row of an embedding without a gradient")
    no(scale_grad_by_freq, "gradient of an embedding by frequency")
    layer = keras.layers.Embedding(*weight.shape, dtype=dtype_of(weight))
    return layer_with(layer, input, {"embeddings": weight})


# -- convolutions: (N, ..., C) and (..., in, out) to Keras


def _convolution(rank: int) -> Callable[..., Any]:
    def operator(
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Any:
        del groups  # Keras takes them from the shape of the kernel

        def run(x: Any) -> Any:
            x = channels_last(x)
            same = padding == "same"
            if not isinstance(padding, str):
                x = ops.pad(x, [(0, 0), *((p, p) for p in per_axis(padding, rank)), (0, 0)])
            kernel = ops.transpose(weight, (*range(2, rank + 2), 1, 0))
            answer = ops.conv(
                x,
                kernel,
                strides=per_axis(stride, rank),
                padding="same" if same else "valid",
                data_format="channels_last",
                dilation_rate=per_axis(dilation, rank),
            )
            return channels_first(answer if bias is None else ops.add(answer, bias))

        return batched(run, input, rank + 2)

    return operator


def _transposed(rank: int) -> Callable[..., Any]:
    """keras.ops.conv_transpose without padding, which torch's `padding` then takes away at both ends."""

    def operator(
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> Any:
        no(groups > 1, "transposed convolution in groups")
        strides, paddings, extra, dilations = (per_axis(v, rank) for v in (stride, padding, output_padding, dilation))

        def run(x: Any) -> Any:
            whole = ops.conv_transpose(
                channels_last(x),
                ops.transpose(weight, (*range(2, rank + 2), 1, 0)),
                strides=strides,
                padding="valid",
                output_padding=extra,
                data_format="channels_last",
                dilation_rate=dilations,
            )
            sizes = [n - 2 * p for n, p in zip(whole.shape[1:-1], paddings, strict=True)]
            answer = ops.slice(whole, (0, *paddings, 0), (whole.shape[0], *sizes, whole.shape[-1]))
            return channels_first(answer if bias is None else ops.add(answer, bias))

        return batched(run, input, rank + 2)

    return operator


def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """keras.ops.unfold."""
    return batched(lambda x: ops.unfold(x, *(_pairs(kernel_size, dilation, padding, stride))), input, 4)


def fold(input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """keras.ops.fold."""
    return batched(lambda x: ops.fold(x, *(_pairs(output_size, kernel_size, dilation, padding, stride))), input, 3)


def _pairs(*values: Any) -> list[tuple[int, ...]]:
    return [per_axis(value, 2) for value in values]


# -- pooling


def _max_pool(rank: int) -> Callable[..., Any]:
    def operator(
        input: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        no(return_indices, "indices of a pool")
        no(ceil_mode, "ceil_mode")
        no(set(per_axis(dilation, rank)) != {1}, "dilation of a pool")
        no(any(per_axis(padding, rank)), "padding of max_pool but 'same'")
        return _pool(ops.max_pool, input, rank, kernel_size, stride)

    return operator


def _avg_pool(rank: int) -> Callable[..., Any]:
    def operator(
        input: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Any:
        no(ceil_mode, "ceil_mode")
        no(divisor_override, "divisor of a pool")
        amounts = per_axis(padding, rank)
        no(any(amounts) and not count_include_pad, "mean of what is no padding but with 'same'")
        front = [(0, 0)] * (len(input.shape) - rank)
        padded = ops.pad(input, [*front, *((p, p) for p in amounts)]) if any(amounts) else input
        return _pool(ops.average_pool, padded, rank, kernel_size, stride)

    return operator


def _pool(pool: Callable[..., Any], input: Any, rank: int, kernel_size: Any, stride: Any) -> Any:
    size = per_axis(kernel_size, rank)
    strides = per_axis(stride or kernel_size, rank)
    return batched(
        lambda x: channels_first(pool(channels_last(x), size, strides, "valid", "channels_last")), input, rank + 2
    )


def _adaptive(pool: Callable[..., Any], rank: int) -> Callable[..., Any]:
    def operator(input: Any, output_size: Any, return_indices: bool = False) -> Any:
        no(return_indices, "indices of a pool")
        sizes = per_axis(output_size, rank) if not isinstance(output_size, Sequence) else tuple(output_size)
        if None in sizes:
            raise Unsupported("Keras takes a size for every axis")
        return batched(lambda x: channels_first(pool(channels_last(x), sizes, "channels_last")), input, rank + 2)

    return operator


CONVOLUTIONS = {
    "embedding": embedding,
    "fold": fold,
    "linear": linear,
    "unfold": unfold,
    **{f"conv{rank}d": _convolution(rank) for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": _transposed(rank) for rank in (1, 2, 3)},
    **{f"max_pool{rank}d": _max_pool(rank) for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d": _avg_pool(rank) for rank in (1, 2, 3)},
    **{f"adaptive_avg_pool{rank}d": _adaptive(ops.adaptive_average_pool, rank) for rank in (1, 2, 3)},
    **{f"adaptive_max_pool{rank}d": _adaptive(ops.adaptive_max_pool, rank) for rank in (1, 2, 3)},
}
