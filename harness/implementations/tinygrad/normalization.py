"""Normalizations: modules of tinygrad.nn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad import nn
from tinygrad.helpers import Context

from harness.errors import Unsupported
from harness.implementations.framework import Operator


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    *,
    momentum: float | None = 0.1,
    eps: float = 1e-5,
    training: bool = True,
) -> Any:
    """nn.BatchNorm."""
    if momentum is None:
        raise Unsupported("nn.BatchNorm has no cumulative average")
    layer = nn.BatchNorm(input.shape[1], eps, affine=False, momentum=momentum)
    layer.weight, layer.bias = weight, bias
    layer.running_mean, layer.running_var = running_mean.clone(), running_var.clone()
    with Context(TRAINING=int(training)):
        output = layer(input)
    return (output, layer.running_mean, layer.running_var) if training else output


def group_norm(input: Any, *, weight: Any = None, bias: Any = None, num_groups: int, eps: float = 1e-5) -> Any:
    """nn.GroupNorm."""
    layer = nn.GroupNorm(num_groups, input.shape[1], eps, affine=False)
    _weigh(layer, weight, bias)
    return layer(input)


def instance_norm(input: Any, *, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """nn.InstanceNorm."""
    layer = nn.InstanceNorm(input.shape[1], eps, affine=False)
    _weigh(layer, weight, bias)
    return layer(input)


def layer_norm(
    input: Any, *, weight: Any = None, bias: Any = None, normalized_shape: Sequence[int], eps: float = 1e-5
) -> Any:
    """nn.LayerNorm."""
    layer = nn.LayerNorm(tuple(normalized_shape), eps, elementwise_affine=False)
    _weigh(layer, weight, bias)
    return layer(input)


def rms_norm(input: Any, *, weight: Any = None, normalized_shape: Sequence[int], eps: float | None = None) -> Any:
    """nn.RMSNorm, of the last dimension."""
    if len(normalized_shape) != 1 or eps is None:
        raise Unsupported("nn.RMSNorm normalizes the last dimension, with an eps of its own")
    layer = nn.RMSNorm(normalized_shape[0], eps, elementwise_affine=False)
    layer.weight = weight
    return layer(input)


def normalize(input: Any, *, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Any:
    """Tensor.normalize."""
    return input.normalize(p, dim, eps)


def _weigh(layer: Any, weight: Any, bias: Any) -> None:
    if (weight is None) != (bias is None):
        raise Unsupported(f"nn.{type(layer).__name__} has both weight and bias, or neither")
    layer.weight, layer.bias = weight, bias


NORMALIZATIONS: dict[str, Operator] = {
    "batch_norm": batch_norm,
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    "layer_norm": layer_norm,
    "normalize": normalize,
    "rms_norm": rms_norm,
}
