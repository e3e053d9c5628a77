"""Activations: one node each, where ONNX has it."""

from __future__ import annotations

import numpy as np

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.onnxruntime.graph import Value, node, nodes


def celu(input: Value, *, alpha: float = 1.0) -> Value:
    """Celu."""
    return node("Celu", input, alpha=alpha)


def elu(input: Value, *, alpha: float = 1.0) -> Value:
    """Elu."""
    return node("Elu", input, alpha=alpha)


def gelu(input: Value, *, approximate: str = "none") -> Value:
    """Gelu."""
    return node("Gelu", input, approximate=approximate)


def glu(input: Value, *, dim: int = -1) -> Value:
    """Split, Sigmoid and Mul."""
    left, right = nodes("Split", input, dtypes=[input.dtype] * 2, axis=dim, num_outputs=2)
    return left * node("Sigmoid", right)


def hardshrink(input: Value, *, lambd: float = 0.5) -> Value:
    """Shrink without a bias."""
    return node("Shrink", input, lambd=float(lambd))


def hardsigmoid(input: Value) -> Value:
    """HardSigmoid with the slope of torch, 1/6."""
    return node("HardSigmoid", input, alpha=1 / 6, beta=0.5)


def hardswish(input: Value) -> Value:
    """HardSwish."""
    return node("HardSwish", input)


def hardtanh(input: Value, *, min_val: float = -1.0, max_val: float = 1.0) -> Value:
    """Clip."""
    return node("Clip", input, min_val, max_val)


def leaky_relu(input: Value, *, negative_slope: float = 0.01) -> Value:
    """LeakyRelu."""
    return node("LeakyRelu", input, alpha=float(negative_slope))


def log_softmax(input: Value, *, dim: int) -> Value:
    """LogSoftmax."""
    return node("LogSoftmax", input, axis=dim)


def logsigmoid(input: Value) -> Value:
    """Softplus between two Neg."""
    return -node("Softplus", -input)


def mish(input: Value) -> Value:
    """Mish."""
    return node("Mish", input)


def prelu(input: Value, weight: Value) -> Value:
    """PRelu; a weight a channel is laid along axis 1, where torch has it."""
    if weight.rank == 1 and input.rank > 2:  # noqa: PLR2004
        weight = node("Unsqueeze", weight, list(range(1, input.rank - 1)))
    return node("PRelu", input, weight)


def relu(input: Value) -> Value:
    """Relu."""
    return node("Relu", input)


def relu6(input: Value) -> Value:
    """Clip between 0 and 6."""
    return node("Clip", input, 0, 6)


def selu(input: Value) -> Value:
    """Selu."""
    return node("Selu", input)


def sigmoid(input: Value) -> Value:
    """Sigmoid."""
    return node("Sigmoid", input)


def silu(input: Value) -> Value:
    """Mul of Sigmoid: beyond opset 24 the node Swish finds no kernel."""
    return input * node("Sigmoid", input)


def softmax(input: Value, *, dim: int) -> Value:
    """Softmax."""
    return node("Softmax", input, axis=dim)


def softmin(input: Value, *, dim: int) -> Value:
    """Softmax of Neg."""
    return node("Softmax", -input, axis=dim)


def softplus(input: Value, *, beta: float = 1.0, threshold: float = 20.0) -> Value:
    """Softplus, scaled before and after by beta."""
    if threshold != 20.0:  # noqa: PLR2004
        raise Unsupported("Softplus has no threshold")
    return node("Softplus", input) if beta == 1.0 else node("Softplus", input * beta) / beta


def softshrink(input: Value, *, lambd: float = 0.5) -> Value:
    """Shrink with the threshold as its bias."""
    return node("Shrink", input, lambd=float(lambd), bias=float(lambd))


def softsign(input: Value) -> Value:
    """Softsign."""
    return node("Softsign", input)


def tanh(input: Value) -> Value:
    """Tanh."""
    return node("Tanh", input)


def tanhshrink(input: Value) -> Value:
    """Sub of Tanh."""
    return input - node("Tanh", input)


def threshold(input: Value, *, threshold: float, value: float) -> Value:
    """ThresholdedRelu, or Where when what is below becomes another number than 0."""
    if value == 0:
        return node("ThresholdedRelu", input, alpha=float(threshold))
    below = node("LessOrEqual", input, threshold, dtype=bool)
    return node("Where", below, np.array(value, dtype=input.dtype), input, dtype=input.dtype)


ACTIVATIONS: dict[str, Operator] = {
    "celu": celu,
    "elu": elu,
    "gelu": gelu,
    "glu": glu,
    "hardshrink": hardshrink,
    "hardsigmoid": hardsigmoid,
    "hardswish": hardswish,
    "hardtanh": hardtanh,
    "leaky_relu": leaky_relu,
    "log_softmax": log_softmax,
    "logsigmoid": logsigmoid,
    "mish": mish,
    "prelu": prelu,
    "relu": relu,
    "relu6": relu6,
    "selu": selu,
    "sigmoid": sigmoid,
    "silu": silu,
    "softmax": softmax,
    "softmin": softmin,
    "softplus": softplus,
    "softshrink": softshrink,
    "softsign": softsign,
    "tanh": tanh,
    "tanhshrink": tanhshrink,
    "threshold": threshold,
}
