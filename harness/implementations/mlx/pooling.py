"""Pooling of mlx.nn, whose channels are last."""

from __future__ import annotations

from typing import Any

from mlx import nn

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.mlx.layout import Size, channels_last, each


def _average(rank: int, layer: type[Any]) -> Operator:
    def operator(
        input: Any,
        *,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> Any:
        around = each(padding, rank)
        if ceil_mode or (not count_include_pad and any(around)):
            raise Unsupported(f"nn.{layer.__name__} rounds down, and counts what it padded")
        return _pooled(rank, layer, input, kernel_size, stride, around)

    return operator


def _maximum(rank: int, layer: type[Any]) -> Operator:
    def operator(
        input: Any,
        *,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        if ceil_mode or return_indices or set(each(dilation, rank)) != {1}:
            raise Unsupported(f"nn.{layer.__name__} rounds down, gives no places and has no dilation")
        return _pooled(rank, layer, input, kernel_size, stride, each(padding, rank))

    return operator


def _pooled(
    rank: int, layer: type[Any], input: Any, kernel_size: Size, stride: Size | None, around: tuple[int, ...]
) -> Any:
    kernel = each(kernel_size, rank)
    pool = layer(kernel, kernel if stride is None else each(stride, rank), around)
    return channels_last(rank, input, pool)


POOLING: dict[str, Operator] = {
    "avg_pool1d": _average(1, nn.AvgPool1d),
    "avg_pool2d": _average(2, nn.AvgPool2d),
    "avg_pool3d": _average(3, nn.AvgPool3d),
    "max_pool1d": _maximum(1, nn.MaxPool1d),
    "max_pool2d": _maximum(2, nn.MaxPool2d),
    "max_pool3d": _maximum(3, nn.MaxPool3d),
}
