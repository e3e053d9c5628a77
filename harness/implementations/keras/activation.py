"""Activations: keras.ops, keras.activations and the layer PReLU."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from harness.implementations.keras.shared import dtype_of, layer_with, no

_DEFAULT_THRESHOLD = 20


def celu(input: Any, alpha: float = 1.0) -> Any:
    """keras.ops.celu."""
    return ops.celu(input, alpha)


def elu(input: Any, alpha: float = 1.0) -> Any:
    """keras.ops.elu."""
    return ops.elu(input, alpha)


def gelu(input: Any, approximate: str = "none") -> Any:
    """keras.ops.gelu."""
    return ops.gelu(input, approximate=approximate == "tanh")


def glu(input: Any, dim: int = -1) -> Any:
    """keras.ops.glu."""
    return ops.glu(input, axis=dim)


def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """keras.ops.hard_shrink."""
    return ops.hard_shrink(input, lambd)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """keras.ops.hard_tanh, which is for -1 and 1; keras.ops.clip between others."""
    return ops.hard_tanh(input) if (min_val, max_val) == (-1.0, 1.0) else ops.clip(input, min_val, max_val)


def leaky_relu(input: Any, negative_slope: float = 0.01) -> Any:
    """keras.ops.leaky_relu."""
    return ops.leaky_relu(input, negative_slope)


def log_softmax(input: Any, dim: int) -> Any:
    """keras.ops.log_softmax."""
    return ops.log_softmax(input, axis=dim)


def prelu(input: Any, weight: Any) -> Any:
    """keras.layers.PReLU, its slope shared along all axes but the channels, or along all."""
    rank, channels = len(input.shape), int(ops.size(weight))
    no(rank < 2, "PReLU without a batch axis")  # noqa: PLR2004
    own = channels > 1
    layer = keras.layers.PReLU(shared_axes=list(range(2 if own else 1, rank)) or None, dtype=dtype_of(input))
    shape = (channels,) + (1,) * (rank - 2)
    return layer_with(layer, input, {"alpha": ops.reshape(weight, shape if own else (1,) * (rank - 1))})


def softmax(input: Any, dim: int) -> Any:
    """keras.ops.softmax."""
    return ops.softmax(input, axis=dim)


def softmin(input: Any, dim: int) -> Any:
    """keras.ops.softmax of the negated input."""
    return ops.softmax(ops.negative(input), axis=dim)


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """keras.ops.softplus, scaled by beta; there is no threshold in it."""
    no(threshold != _DEFAULT_THRESHOLD, "threshold of softplus")
    return ops.softplus(input) if beta == 1.0 else ops.divide(ops.softplus(ops.multiply(input, beta)), beta)


def softshrink(input: Any, lambd: float = 0.5) -> Any:
    """keras.ops.soft_shrink."""
    return ops.soft_shrink(input, lambd)


def threshold(input: Any, threshold: float, value: float) -> Any:
    """keras.ops.threshold."""
    return ops.threshold(input, threshold, value)


ACTIVATIONS = {
    "celu": celu,
    "elu": elu,
    "gelu": gelu,
    "glu": glu,
    "hardshrink": hardshrink,
    "hardsigmoid": ops.hard_sigmoid,
    "hardswish": ops.hard_swish,
    "hardtanh": hardtanh,
    "leaky_relu": leaky_relu,
    "log_softmax": log_softmax,
    "logsigmoid": ops.log_sigmoid,
    "mish": keras.activations.mish,
    "prelu": prelu,
    "relu": ops.relu,
    "relu6": ops.relu6,
    "selu": ops.selu,
    "sigmoid": ops.sigmoid,
    "silu": ops.silu,
    "softmax": softmax,
    "softmin": softmin,
    "softplus": softplus,
    "softshrink": softshrink,
    "softsign": ops.softsign,
    "tanh": ops.tanh,
    "tanhshrink": ops.tanh_shrink,
    "threshold": threshold,
}
