"""Activations: methods of Tensor."""

from __future__ import annotations

from typing import Any

from tinygrad import Tensor

from harness.errors import Unsupported
from harness.implementations.framework import Operator


def celu(input: Any, *, alpha: float = 1.0) -> Any:
    """Tensor.celu."""
    return input.celu(alpha)


def elu(input: Any, *, alpha: float = 1.0) -> Any:
    """Tensor.elu."""
    return input.elu(alpha)


def gelu(input: Any, *, approximate: str = "none") -> Any:
    """Tensor.gelu, whose own default is the tanh form."""
    return input.gelu(approximate)


def hardsigmoid(input: Any) -> Any:
    """Tensor.hardsigmoid."""
    return input.hardsigmoid()


def hardtanh(input: Any, *, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """Tensor.hardtanh."""
    return input.hardtanh(min_val, max_val)


def leaky_relu(input: Any, *, negative_slope: float = 0.01) -> Any:
    """Tensor.leaky_relu."""
    return input.leaky_relu(negative_slope)


def log_softmax(input: Any, *, dim: int) -> Any:
    """Tensor.log_softmax."""
    return input.log_softmax(dim)


def selu(input: Any) -> Any:
    """Tensor.selu."""
    return input.selu()


def softmax(input: Any, *, dim: int) -> Any:
    """Tensor.softmax."""
    return input.softmax(dim)


def softmin(input: Any, *, dim: int) -> Any:
    """Tensor.softmin."""
    return input.softmin(dim)


def softplus(input: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """Tensor.softplus, which has no threshold: torch's default is one that no rounding shows."""
    if threshold != 20.0:  # noqa: PLR2004 - torch's default
        raise Unsupported("Tensor.softplus has no threshold")
    return input.softplus(beta)


ACTIVATIONS: dict[str, Operator] = {
    "celu": celu,
    "elu": elu,
    "erf": Tensor.erf,
    "gelu": gelu,
    "hardsigmoid": hardsigmoid,
    "hardswish": Tensor.hardswish,
    "hardtanh": hardtanh,
    "leaky_relu": leaky_relu,
    "log_softmax": log_softmax,
    "logsigmoid": Tensor.logsigmoid,
    "mish": Tensor.mish,
    "relu": Tensor.relu,
    "relu6": Tensor.relu6,
    "selu": selu,
    "sigmoid": Tensor.sigmoid,
    "silu": Tensor.silu,
    "softmax": softmax,
    "softmin": softmin,
    "softplus": softplus,
    "softsign": Tensor.softsign,
    "tanh": Tensor.tanh,
}
