"""Convolutions, and Col2Im."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.implementations.framework import Operator
from harness.implementations.onnxruntime.graph import Value, each, node

Sizes = int | Sequence[int]


def batched(input: Value, spatial: int, function: Callable[[Value], Value]) -> Value:
    """Apply what takes a batch of channels; torch lets the batch out."""
    if input.rank == spatial + 2:
        return function(input)
    return node("Squeeze", function(node("Unsqueeze", input, [0])), [0])


def _conv(spatial: int) -> Callable[..., Value]:
    def operator(
        input: Value,
        weight: Value,
        bias: Value | None = None,
        *,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
    ) -> Value:
        steps, apart = each("stride", spatial, stride), each("dilation", spatial, dilation)
        if isinstance(padding, str):
            where = {"auto_pad": {"same": "SAME_UPPER", "valid": "VALID"}[padding]}
        else:
            where = {"pads": each("padding", spatial, padding) * 2}  # type: ignore[dict-item]

        def conv(x: Value) -> Value:
            return node("Conv", x, weight, bias, strides=steps, dilations=apart, group=groups, **where)

        return batched(input, spatial, conv)

    operator.__doc__ = f"Conv in {spatial} dimensions."
    return operator


def _conv_transpose(spatial: int) -> Callable[..., Value]:
    def operator(
        input: Value,
        weight: Value,
        bias: Value | None = None,
        *,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        dilation: Sizes = 1,
        groups: int = 1,
    ) -> Value:
        def conv(x: Value) -> Value:
            return node(
                "ConvTranspose",
                x,
                weight,
                bias,
                strides=each("stride", spatial, stride),
                pads=each("padding", spatial, padding) * 2,
                output_padding=each("output_padding", spatial, output_padding),
                dilations=each("dilation", spatial, dilation),
                group=groups,
            )

        return batched(input, spatial, conv)

    operator.__doc__ = f"ConvTranspose in {spatial} dimensions."
    return operator


def fold(
    input: Value,
    *,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Value:
    """Col2Im."""

    def col2im(x: Value) -> Value:
        return node(
            "Col2Im",
            x,
            each("output_size", 2, output_size),
            each("kernel_size", 2, kernel_size),
            dilations=each("dilation", 2, dilation),
            pads=each("padding", 2, padding) * 2,
            strides=each("stride", 2, stride),
        )

    return batched(input, 1, col2im)


CONVOLUTIONS: dict[str, Operator] = {
    "conv1d": _conv(1),
    "conv2d": _conv(2),
    "conv3d": _conv(3),
    "conv_transpose1d": _conv_transpose(1),
    "conv_transpose2d": _conv_transpose(2),
    "conv_transpose3d": _conv_transpose(3),
    "fold": fold,
}
