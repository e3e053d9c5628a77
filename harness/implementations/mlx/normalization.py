"""Normalizations of mlx.nn, whose channels are last, and of mlx.core.fast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mlx.core as mx
from mlx import nn

from harness.errors import Unsupported
from harness.implementations.framework import Operator


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    *,
    momentum: float = 0.1,
    eps: float = 1e-5,
    training: bool = True,
) -> Any:
    """nn.BatchNorm."""
    layer = nn.BatchNorm(input.shape[1], eps, momentum, affine=_affine(weight, bias))
    _weigh(layer, weight, bias)
    layer.running_mean, layer.running_var = running_mean, running_var
    layer.train(training)
    output = mx.moveaxis(layer(mx.moveaxis(input, 1, -1)), -1, 1)
    return (output, layer.running_mean, layer.running_var) if training else output


def group_norm(input: Any, *, weight: Any = None, bias: Any = None, num_groups: int, eps: float = 1e-5) -> Any:
    """nn.GroupNorm, whose groups are torch's where it is told so."""
    layer = nn.GroupNorm(num_groups, input.shape[1], eps, affine=_affine(weight, bias), pytorch_compatible=True)
    _weigh(layer, weight, bias)
    return mx.moveaxis(layer(mx.moveaxis(input, 1, -1)), -1, 1)


def instance_norm(input: Any, *, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """nn.InstanceNorm."""
    layer = nn.InstanceNorm(input.shape[1], eps, affine=_affine(weight, bias))
    _weigh(layer, weight, bias)
    return mx.moveaxis(layer(mx.moveaxis(input, 1, -1)), -1, 1)


def layer_norm(
    input: Any, *, weight: Any = None, bias: Any = None, normalized_shape: Sequence[int], eps: float = 1e-5
) -> Any:
    """mx.fast.layer_norm, of the last dimension."""
    if len(normalized_shape) != 1:
        raise Unsupported("mx.fast.layer_norm normalizes the last dimension")
    return mx.fast.layer_norm(input, weight, bias, eps)


def rms_norm(input: Any, *, weight: Any = None, normalized_shape: Sequence[int], eps: float | None = None) -> Any:
    """mx.fast.rms_norm, of the last dimension."""
    if len(normalized_shape) != 1 or eps is None:
        raise Unsupported("mx.fast.rms_norm normalizes the last dimension, with an eps that it is told")
    return mx.fast.rms_norm(input, weight, eps)


def _affine(weight: Any, bias: Any) -> bool:
    if (weight is None) != (bias is None):
        raise Unsupported("mlx.nn has both weight and bias, or neither")
    return weight is not None


def _weigh(layer: Any, weight: Any, bias: Any) -> None:
    if weight is not None:
        layer.weight, layer.bias = weight, bias


NORMALIZATIONS: dict[str, Operator] = {
    "batch_norm": batch_norm,
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    "layer_norm": layer_norm,
    "rms_norm": rms_norm,
}
