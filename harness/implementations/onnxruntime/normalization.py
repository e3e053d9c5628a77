"""Normalization. The scale and the bias, which torch lets out, are ones and zeros there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.onnxruntime.graph import Value, node, nodes


def _or(given: Value | None, shape: Sequence[int], number: float, input: Value) -> Any:
    return np.full(shape, number, dtype=input.dtype) if given is None else given


def batch_norm(
    input: Value,
    running_mean: Value,
    running_var: Value,
    weight: Value | None = None,
    bias: Value | None = None,
    *,
    momentum: float = 0.1,
    eps: float = 1e-5,
    training: bool = True,
) -> Any:
    """BatchNormalization, whose momentum is the share of the old value."""
    channels = input.shape[1:2]
    given = (input, _or(weight, channels, 1, input), _or(bias, channels, 0, input), running_mean, running_var)
    how: dict[str, Any] = {"epsilon": float(eps), "momentum": 1 - momentum}
    if not training:
        return node("BatchNormalization", *given, **how)
    dtypes = [input.dtype, running_mean.dtype, running_var.dtype]
    return nodes("BatchNormalization", *given, dtypes=dtypes, training_mode=1, **how)


def group_norm(
    input: Value, weight: Value | None = None, bias: Value | None = None, *, num_groups: int, eps: float = 1e-5
) -> Value:
    """GroupNormalization."""
    channels = input.shape[1:2]
    scale, shift = _or(weight, channels, 1, input), _or(bias, channels, 0, input)
    return node("GroupNormalization", input, scale, shift, num_groups=num_groups, epsilon=float(eps))


def instance_norm(
    input: Value,
    weight: Value | None = None,
    bias: Value | None = None,
    running_mean: Value | None = None,
    running_var: Value | None = None,
    *,
    momentum: float = 0.1,
    eps: float = 1e-5,
    use_input_stats: bool = True,
) -> Value:
    """InstanceNormalization."""
    del momentum
    if running_mean is not None or running_var is not None or not use_input_stats:
        raise Unsupported("InstanceNormalization keeps no statistics")
    channels = input.shape[1:2]
    scale, shift = _or(weight, channels, 1, input), _or(bias, channels, 0, input)
    return node("InstanceNormalization", input, scale, shift, epsilon=float(eps))


def layer_norm(
    input: Value,
    weight: Value | None = None,
    bias: Value | None = None,
    *,
    normalized_shape: Sequence[int],
    eps: float = 1e-5,
) -> Value:
    """LayerNormalization."""
    scale = _or(weight, normalized_shape, 1, input)
    return node("LayerNormalization", input, scale, bias, axis=-len(normalized_shape), epsilon=float(eps))


def rms_norm(
    input: Value, weight: Value | None = None, *, normalized_shape: Sequence[int], eps: float | None = None
) -> Value:
    """RMSNormalization, with torch's default of eps."""
    scale = _or(weight, normalized_shape, 1, input)
    small = float(ml_dtypes.finfo(input.dtype).eps) if eps is None else float(eps)
    return node("RMSNormalization", input, scale, axis=-len(normalized_shape), epsilon=small)


def local_response_norm(input: Value, *, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Value:
    """LRN."""
    if not size % 2 or input.rank != 4:  # noqa: PLR2004
        raise Unsupported("the kernel of LRN takes odd sizes and images")
    return node("LRN", input, size=size, alpha=float(alpha), beta=float(beta), bias=float(k))


def normalize(input: Value, *, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Value:
    """LpNormalization, which leaves zeros and takes no eps."""
    if p not in {1, 2} or not isinstance(dim, int) or eps != 1e-12:  # noqa: PLR2004
        raise Unsupported("LpNormalization takes the order 1 or 2, one axis and no eps")
    return node("LpNormalization", input, axis=dim, p=int(p))


NORMALIZATIONS: dict[str, Operator] = {
    "batch_norm": batch_norm,
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    "layer_norm": layer_norm,
    "local_response_norm": local_response_norm,
    "normalize": normalize,
    "rms_norm": rms_norm,
}
