"""Normalization layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import ml_dtypes
from keras import ops

from harness.implementations.keras.shared import axis_of, dtype_of, layer_with, no, run_layer


def batch_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    momentum: float = 0.1,
    eps: float = 1e-5,
    training: bool = True,
) -> Any:
    """keras.layers.BatchNormalization; its momentum is the share of the old statistics."""
    layer = keras.layers.BatchNormalization(
        axis=1,
        momentum=1 - momentum,
        epsilon=eps,
        center=bias is not None,
        scale=weight is not None,
        dtype=dtype_of(input),
    )
    layer.build(tuple(input.shape))
    given = {"gamma": weight, "beta": bias, "moving_mean": running_mean, "moving_variance": running_var}
    output, state = run_layer(
        layer,
        input,
        weights=[given[v.name] for v in layer.trainable_variables],
        state=[given[v.name] if given[v.name] is not None else v.value for v in layer.non_trainable_variables],
        training=training or running_mean is None,
    )
    if not training or running_mean is None:
        return output
    return {"output": output, "running_mean": state[0], "running_var": state[1]}


def group_norm(input: Any, weight: Any = None, bias: Any = None, *, num_groups: int, eps: float = 1e-5) -> Any:
    """keras.layers.GroupNormalization."""
    layer = keras.layers.GroupNormalization(
        groups=num_groups,
        axis=1,
        epsilon=eps,
        center=bias is not None,
        scale=weight is not None,
        dtype=dtype_of(input),
    )
    return layer_with(layer, input, {"gamma": weight, "beta": bias})


def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """keras.layers.GroupNormalization with a group for each channel, as its documentation says."""
    del momentum, use_input_stats
    no(running_mean is not None or running_var is not None, "running statistics of a group")
    return group_norm(input, weight, bias, num_groups=-1, eps=eps)


def layer_norm(
    input: Any, weight: Any = None, bias: Any = None, *, normalized_shape: Sequence[int], eps: float = 1e-5
) -> Any:
    """keras.layers.LayerNormalization."""
    layer = keras.layers.LayerNormalization(
        axis=list(range(-len(normalized_shape), 0)),
        epsilon=eps,
        center=bias is not None,
        scale=weight is not None,
        dtype=dtype_of(input),
    )
    return layer_with(layer, input, {"gamma": weight, "beta": bias})


def rms_norm(input: Any, weight: Any = None, *, normalized_shape: Sequence[int], eps: float | None = None) -> Any:
    """keras.ops.rms_normalization; torch's default epsilon is that of the dtype."""
    axes = list(range(-len(normalized_shape), 0))
    epsilon = float(ml_dtypes.finfo(dtype_of(input)).eps) if eps is None else eps
    return ops.rms_normalization(input, scale=weight, axis=axes, epsilon=epsilon)


def normalize(input: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Any:
    """keras.ops.normalize."""
    no(p == 0 or math.isinf(p), "normalization by the 0-norm or the largest element")
    no(p != int(p), "normalization by a norm of broken order")
    return ops.normalize(input, axis=axis_of(dim), order=int(p), epsilon=eps)


NORMALIZATION = {
    "batch_norm": batch_norm,
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    "layer_norm": layer_norm,
    "normalize": normalize,
    "rms_norm": rms_norm,
}
