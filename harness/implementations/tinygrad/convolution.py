"""Convolutions, pooling, embedding and resizing: methods of Tensor and modules of tinygrad.nn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from tinygrad import nn

from harness.errors import Unsupported
from harness.implementations.framework import Operator

Size: TypeAlias = "int | Sequence[int]"


def _each(value: Size, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value) * (rank // len(value))


def _batched(rank: int, input: Any, work: Callable[[Any], Any]) -> Any:
    """Return what `work` makes of a batch: torch also takes one sample alone, tinygrad does not."""
    if input.ndim == rank + 2:
        return work(input)
    answer = work(input.unsqueeze(0))
    return tuple(part.squeeze(0) for part in answer) if isinstance(answer, tuple) else answer.squeeze(0)


def _around(rank: int, weight: Any, padding: Size | str, spread: tuple[int, ...], groups: int) -> Any:
    """Return the padding that Tensor.conv2d takes; nn.Conv2d alone knows what "same" is."""
    if not isinstance(padding, str):
        return _each(padding, rank)
    if padding == "valid":
        return 0
    return nn.Conv2d(weight.shape[1] * groups, weight.shape[0], weight.shape[2:], 1, padding, spread).padding


def _convolution(rank: int) -> Callable[..., Any]:
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
        steps, spread = _each(stride, rank), _each(dilation, rank)
        around = _around(rank, weight, padding, spread, groups)
        return _batched(rank, input, lambda x: x.conv2d(weight, bias, groups, steps, spread, around))

    return operator


def _transposed(rank: int) -> Callable[..., Any]:
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
        steps, spread, around, beyond = (_each(value, rank) for value in (stride, dilation, padding, output_padding))
        return _batched(rank, input, lambda x: x.conv_transpose2d(weight, bias, groups, steps, spread, around, beyond))

    return operator


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """Tensor.linear, whose weight is the transpose of torch's."""
    if weight.ndim == 1:
        raise Unsupported("Tensor.linear multiplies by a vector element by element")
    return input.linear(weight.transpose(), bias)


def embedding(input: Any, weight: Any) -> Any:
    """nn.Embedding."""
    layer = nn.Embedding(*weight.shape)
    layer.weight = weight
    return layer(input)


def lstm_cell(
    input: Any,
    weight_ih: Any,
    weight_hh: Any,
    bias_ih: Any = None,
    bias_hh: Any = None,
    hx: Any = None,
    *,
    input_size: int,
    hidden_size: int,
    bias: bool = True,
) -> Any:
    """nn.LSTMCell, which takes batches only."""
    layer = nn.LSTMCell(input_size, hidden_size, bias)
    layer.weight_ih, layer.weight_hh, layer.bias_ih, layer.bias_hh = weight_ih, weight_hh, bias_ih, bias_hh
    if input.ndim > 1:
        return layer(input, hx)
    state = None if hx is None else tuple(part.unsqueeze(0) for part in hx)
    return tuple(part.squeeze(0) for part in layer(input.unsqueeze(0), state))


# -- pooling


def _average(rank: int) -> Callable[..., Any]:
    def operator(
        input: Any,
        *,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Any:
        if divisor_override is not None:
            raise Unsupported("Tensor.avg_pool2d has no divisor_override")
        kernel, around = _each(kernel_size, rank), _each(padding, rank)
        step = None if stride is None else _each(stride, rank)
        return _batched(rank, input, lambda x: x.avg_pool2d(kernel, step, 1, around, ceil_mode, count_include_pad))

    return operator


def _maximum(rank: int) -> Callable[..., Any]:
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
        kernel, around, spread = (_each(value, rank) for value in (kernel_size, padding, dilation))
        step = None if stride is None else _each(stride, rank)
        return _batched(rank, input, lambda x: x.max_pool2d(kernel, step, spread, around, ceil_mode, return_indices))

    return operator


def _unpool(rank: int) -> Callable[..., Any]:
    def operator(
        input: Any,
        indices: Any,
        *,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        output_size: Sequence[int] | None = None,
    ) -> Any:
        kernel, around = _each(kernel_size, rank), _each(padding, rank)
        step = None if stride is None else _each(stride, rank)
        size = None if output_size is None else tuple(output_size)
        places = indices if indices.ndim == rank + 2 else indices.unsqueeze(0)
        return _batched(rank, input, lambda x: x.max_unpool2d(places, kernel, step, 1, around, output_size=size))

    return operator


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
    """Tensor.interpolate, to a size."""
    del scale_factor, recompute_scale_factor
    if size is None:
        raise Unsupported("Tensor.interpolate takes a size, no scale_factor")
    if antialias:
        raise Unsupported("Tensor.interpolate has no antialias")
    rank = input.ndim - 2
    own = "linear" if mode in ("linear", "bilinear", "trilinear") else mode
    if own not in ("linear", "nearest", "nearest-exact"):
        raise Unsupported(f"Tensor.interpolate has no mode {mode!r}")
    return input.interpolate(_each(size, rank), own, bool(align_corners))


CONVOLUTIONS: dict[str, Operator] = {
    "avg_pool1d": _average(1),
    "avg_pool2d": _average(2),
    "avg_pool3d": _average(3),
    "conv1d": _convolution(1),
    "conv2d": _convolution(2),
    "conv3d": _convolution(3),
    "conv_transpose1d": _transposed(1),
    "conv_transpose2d": _transposed(2),
    "conv_transpose3d": _transposed(3),
    "embedding": embedding,
    "interpolate": interpolate,
    "linear": linear,
    "lstm_cell": lstm_cell,
    "max_pool1d": _maximum(1),
    "max_pool2d": _maximum(2),
    "max_pool3d": _maximum(3),
    "max_unpool1d": _unpool(1),
    "max_unpool2d": _unpool(2),
    "max_unpool3d": _unpool(3),
}
