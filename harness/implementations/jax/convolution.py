"""Convolutions by jax.lax.conv_general_dilated, and layers of weights."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from harness.errors import Unsupported


def each(value: Any, axes: int) -> tuple[int, ...]:
    """Return a number for each axis."""
    return (value,) * axes if isinstance(value, int) else tuple(value)


def _layout(axes: int) -> tuple[str, str, str]:
    """Return torch's layout: samples, channels, space; kernels: output channels, input channels, space."""
    space = "DHW"[-axes:]
    return f"NC{space}", f"OI{space}", f"NC{space}"


def _with_bias(answer: Any, bias: Any) -> Any:
    return answer if bias is None else answer + bias.reshape(-1, *(1 for _ in answer.shape[2:]))


def conv(
    input: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """jax.lax.conv_general_dilated."""
    axes = weight.ndim - 2
    if input.ndim == axes + 1:  # one sample
        return conv(input[None], weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)[0]
    dilations = each(dilation, axes)
    if padding == "same":  # XLA's "SAME" pads as torch does where the stride is 1, which torch asks for
        around: Any = "SAME"
    elif padding == "valid":
        around = "VALID"
    else:
        around = [(n, n) for n in each(padding, axes)]
    answer = jax.lax.conv_general_dilated(
        input,
        weight,
        each(stride, axes),
        around,
        rhs_dilation=dilations,
        dimension_numbers=_layout(axes),
        feature_group_count=groups,
    )
    return _with_bias(answer, bias)


def conv_transpose(
    input: Any,
    weight: Any,
    bias: Any = None,
    *,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """jax.lax.conv_general_dilated of the input spread by the stride with the kernel turned round."""
    axes = weight.ndim - 2
    if input.ndim == axes + 1:  # one sample
        options: Any = {"stride": stride, "padding": padding, "output_padding": output_padding, "dilation": dilation}
        return conv_transpose(input[None], weight, bias, **options, groups=groups)[0]
    dilations, extra = each(dilation, axes), each(output_padding, axes)
    reach = [d * (k - 1) for d, k in zip(dilations, weight.shape[2:], strict=True)]
    around = [(r - p, r - p + e) for r, p, e in zip(reach, each(padding, axes), extra, strict=True)]
    turned = jnp.flip(weight, tuple(range(2, weight.ndim)))
    parts = turned.reshape(groups, -1, *turned.shape[1:])  # groups, inputs, outputs of a group, space
    kernel = jnp.swapaxes(parts, 1, 2).reshape(-1, parts.shape[1], *turned.shape[2:])
    answer = jax.lax.conv_general_dilated(
        input,
        kernel,
        (1,) * axes,
        around,
        lhs_dilation=each(stride, axes),
        rhs_dilation=dilations,
        dimension_numbers=_layout(axes),
        feature_group_count=groups,
    )
    return _with_bias(answer, bias)


def unfold(input: Any, *, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """jax.lax.conv_general_dilated_patches."""
    if input.ndim == 3:  # noqa: PLR2004 - one sample
        return unfold(input[None], kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride)[0]
    patches = jax.lax.conv_general_dilated_patches(
        input,
        each(kernel_size, 2),
        each(stride, 2),
        [(n, n) for n in each(padding, 2)],
        rhs_dilation=each(dilation, 2),
    )
    return patches.reshape(*patches.shape[:2], math.prod(patches.shape[2:]))


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """jnp.matmul with the transposed weight."""
    answer = jnp.matmul(input, weight.T)
    return answer if bias is None else answer + bias


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """jnp.einsum."""
    answer = jnp.einsum("...i,oij,...j->...o", input1, weight, input2)
    return answer if bias is None else answer + bias


def embedding(input: Any, weight: Any, *, padding_idx: int | None = None, scale_grad_by_freq: bool = False) -> Any:
    """jnp.take of rows; the row of `padding_idx` gets no gradient."""
    if scale_grad_by_freq:
        raise Unsupported("JAX does not scale gradients by frequency")
    if padding_idx is None:
        return jnp.take(weight, input, axis=0)
    still = jax.lax.stop_gradient(weight[padding_idx])
    return jnp.take(weight.at[padding_idx].set(still), input, axis=0)


CONVOLUTIONS = {
    "bilinear": bilinear,
    "conv1d": conv,
    "conv2d": conv,
    "conv3d": conv,
    "conv_transpose1d": conv_transpose,
    "conv_transpose2d": conv_transpose,
    "conv_transpose3d": conv_transpose,
    "embedding": embedding,
    "linear": linear,
    "unfold": unfold,
}
