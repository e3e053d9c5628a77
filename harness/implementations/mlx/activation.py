"""Activations of mlx.nn."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
from mlx import nn

from harness.errors import Unsupported
from harness.implementations.framework import Operator


def celu(input: Any, *, alpha: float = 1.0) -> Any:
    """nn.celu."""
    return nn.celu(input, alpha)


def elu(input: Any, *, alpha: float = 1.0) -> Any:
    """nn.elu."""
    return nn.elu(input, alpha)


def gelu(input: Any, *, approximate: str = "none") -> Any:
    """nn.gelu and nn.gelu_approx."""
    return nn.gelu(input) if approximate == "none" else nn.gelu_approx(input)


def glu(input: Any, *, dim: int = -1) -> Any:
    """nn.glu."""
    return nn.glu(input, dim)


def hardshrink(input: Any, *, lambd: float = 0.5) -> Any:
    """nn.hard_shrink."""
    return nn.hard_shrink(input, lambd)


def hardtanh(input: Any, *, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """nn.hard_tanh."""
    return nn.hard_tanh(input, min_val, max_val)


def leaky_relu(input: Any, *, negative_slope: float = 0.01) -> Any:
    """nn.leaky_relu."""
    return nn.leaky_relu(input, negative_slope)


def log_softmax(input: Any, *, dim: int) -> Any:
    """nn.log_softmax."""
    return nn.log_softmax(input, dim)


def prelu(input: Any, weight: Any) -> Any:
    """nn.prelu, whose channels are last."""
    if weight.size == 1 or input.ndim <= 1:
        return nn.prelu(input, weight)
    return mx.moveaxis(nn.prelu(mx.moveaxis(input, 1, -1), weight), -1, 1)


def softmax(input: Any, *, dim: int) -> Any:
    """nn.softmax."""
    return nn.softmax(input, dim)


def softmin(input: Any, *, dim: int) -> Any:
    """nn.softmin."""
    return nn.softmin(input, dim)


def softplus(input: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """nn.softplus, which has neither beta nor threshold: torch's default is one that no rounding shows."""
    if beta != 1.0 or threshold != 20.0:  # noqa: PLR2004 - torch's defaults
        raise Unsupported("nn.softplus has neither beta nor threshold")
    return nn.softplus(input)


def softshrink(input: Any, *, lambd: float = 0.5) -> Any:
    """nn.softshrink."""
    return nn.softshrink(input, lambd)


def _plain(function: Any) -> Operator:
    """Return a function of one array: what `mlx.core.compile` returns tells no signature."""

    def operator(input: Any) -> Any:
        return function(input)

    return operator


ACTIVATIONS: dict[str, Operator] = {
    "celu": celu,
    "elu": elu,
    "gelu": gelu,
    "glu": glu,
    "hardshrink": hardshrink,
    "hardswish": _plain(nn.hardswish),
    "hardtanh": hardtanh,
    "leaky_relu": leaky_relu,
    "log_softmax": log_softmax,
    "logsigmoid": _plain(nn.log_sigmoid),
    "mish": _plain(nn.mish),
    "prelu": prelu,
    "relu": _plain(nn.relu),
    "relu6": _plain(nn.relu6),
    "selu": _plain(nn.selu),
    "sigmoid": _plain(nn.sigmoid),
    "silu": _plain(nn.silu),
    "softmax": softmax,
    "softmin": softmin,
    "softplus": softplus,
    "softshrink": softshrink,
    "softsign": _plain(nn.softsign),
    "tanh": _plain(nn.tanh),
}
