"""Activations, which autograd's users compose of autograd.numpy and autograd.scipy.special."""

from __future__ import annotations

import math
from typing import Any

import autograd.numpy as anp
import autograd.scipy.special as sp


def elu(input: Any, *, alpha: float = 1.0) -> Any:
    """anp.expm1 below 0."""
    return anp.where(input > 0, input, alpha * anp.expm1(anp.minimum(input, 0)))


def gelu(input: Any, *, approximate: str = "none") -> Any:
    """Multiply by the distribution function of the normal distribution, by autograd.scipy.special.erf."""
    if approximate == "tanh":
        return 0.5 * input * (1 + anp.tanh(math.sqrt(2 / math.pi) * (input + 0.044715 * input**3)))
    return 0.5 * input * (1 + sp.erf(input / math.sqrt(2)))


def hardtanh(input: Any, *, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """anp.clip."""
    return anp.clip(input, min_val, max_val)


def leaky_relu(input: Any, *, negative_slope: float = 0.01) -> Any:
    """anp.where."""
    return anp.where(input > 0, input, negative_slope * input)


def log_softmax(input: Any, *, dim: int) -> Any:
    """Subtract autograd.scipy.special.logsumexp."""
    return input - sp.logsumexp(input, axis=dim, keepdims=True)


def relu(input: Any) -> Any:
    """anp.maximum."""
    return anp.maximum(input, 0)


def silu(input: Any) -> Any:
    """Multiply by autograd.scipy.special.expit."""
    return input * sp.expit(input)


def softmax(input: Any, *, dim: int) -> Any:
    """anp.exp of what log_softmax gives."""
    return anp.exp(log_softmax(input, dim=dim))


def softplus(input: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """anp.logaddexp, and the input itself beyond the threshold, as torch's has it."""
    scaled = beta * input
    return anp.where(scaled > threshold, input, anp.logaddexp(0, scaled) / beta)


def softsign(input: Any) -> Any:
    """Divide by one more than anp.abs."""
    return input / (1 + anp.abs(input))


def tanhshrink(input: Any) -> Any:
    """Subtract anp.tanh."""
    return input - anp.tanh(input)


ACTIVATIONS = {
    "elu": elu,
    "gelu": gelu,
    "hardtanh": hardtanh,
    "leaky_relu": leaky_relu,
    "log_softmax": log_softmax,
    "relu": relu,
    "sigmoid": sp.expit,
    "silu": silu,
    "softmax": softmax,
    "softplus": softplus,
    "softsign": softsign,
    "tanhshrink": tanhshrink,
}
