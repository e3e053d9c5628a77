"""Convolutions, embedding and resizing: mlx.core and mlx.nn, whose channels are last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx
from mlx import nn

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.mlx.layout import Size, channels_last, each


def _convolution(rank: int, function: Callable[..., Any]) -> Operator:
    def operator(
        input: Any,
        weight: Any,
        bias: Any = None,
        *,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
    ) -> Any:
        if isinstance(padding, str):
            if padding != "valid":
                raise Unsupported(f"mlx has no padding {padding!r}")
            padding = 0
        own = mx.moveaxis(weight, 1, -1)
        steps, around, spread = (_plain(each(value, rank)) for value in (stride, padding, dilation))
        output = channels_last(rank, input, lambda x: function(x, own, steps, around, spread, groups))
        return output if bias is None else output + bias.reshape(-1, *[1] * rank)

    return operator


def _transposed(rank: int, function: Callable[..., Any]) -> Operator:
    def operator(
        input: Any,
        weight: Any,
        bias: Any = None,
        *,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        dilation: Size = 1,
    ) -> Any:
        # torch: (in, out / groups, ...); MLX: (out, ..., in / groups)
        parts = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
        own = mx.moveaxis(parts, 1, -1).reshape(-1, *weight.shape[2:], weight.shape[0] // groups)
        steps, around, spread, beyond = (
            _plain(each(value, rank)) for value in (stride, padding, dilation, output_padding)
        )
        output = channels_last(rank, input, lambda x: function(x, own, steps, around, spread, beyond, groups))
        return output if bias is None else output + bias.reshape(-1, *[1] * rank)

    return operator


def _plain(sizes: tuple[int, ...]) -> Any:
    """Return what the functions of one dimension take: a number."""
    return sizes[0] if len(sizes) == 1 else sizes


def embedding(input: Any, weight: Any) -> Any:
    """nn.Embedding."""
    layer = nn.Embedding(*weight.shape)
    layer.weight = weight
    return layer(input)


def interpolate(
    input: Any,
    *,
    size: Size | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    scale_factor: Any = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """nn.Upsample, by a factor."""
    own = {"linear": "linear", "bilinear": "linear", "trilinear": "linear", "bicubic": "cubic"}.get(mode, mode)
    if own not in ("nearest", "linear", "cubic"):
        raise Unsupported(f"nn.Upsample has no mode {mode!r}")
    if recompute_scale_factor:
        raise Unsupported("nn.Upsample keeps its scale_factor")
    if size is not None:
        raise Unsupported("nn.Upsample takes a scale_factor, no size")
    factors = scale_factor if isinstance(scale_factor, int | float) else tuple(scale_factor)
    layer = nn.Upsample(factors, own, bool(align_corners), antialias)
    return channels_last(input.ndim - 2, input, layer)


CONVOLUTIONS: dict[str, Operator] = {
    "conv1d": _convolution(1, mx.conv1d),
    "conv2d": _convolution(2, mx.conv2d),
    "conv3d": _convolution(3, mx.conv3d),
    "conv_transpose1d": _transposed(1, mx.conv_transpose1d),
    "conv_transpose2d": _transposed(2, mx.conv_transpose2d),
    "conv_transpose3d": _transposed(3, mx.conv_transpose3d),
    "embedding": embedding,
    "interpolate": interpolate,
}
