"""Activations: jax.nn where it has them, and what its users compose of jax.numpy."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from harness.implementations.framework import Drawn


def celu(input: Any, *, alpha: float = 1.0) -> Any:
    """jax.nn.celu."""
    return jax.nn.celu(input, alpha)


def elu(input: Any, *, alpha: float = 1.0) -> Any:
    """jax.nn.elu."""
    return jax.nn.elu(input, alpha)


def gelu(input: Any, *, approximate: str = "none") -> Any:
    """jax.nn.gelu."""
    return jax.nn.gelu(input, approximate=approximate == "tanh")


def glu(input: Any, *, dim: int = -1) -> Any:
    """jax.nn.glu."""
    return jax.nn.glu(input, axis=dim)


def gumbel_softmax(
    logits: Any, gumbels: Any = None, *, tau: float = 1.0, hard: bool = False, dim: int = -1, seed: int = 0
) -> Any:
    """jax.random.gumbel under jax.nn.softmax; straight through, when `hard`."""
    drawn = gumbels is None
    if drawn:
        gumbels = jax.random.gumbel(jax.random.key(seed), logits.shape, logits.dtype)
    answer = jax.nn.softmax((logits + gumbels) / tau, axis=dim)
    if hard:
        chosen = jax.nn.one_hot(jnp.argmax(answer, axis=dim), logits.shape[dim], dtype=answer.dtype, axis=dim)
        answer = chosen - jax.lax.stop_gradient(answer) + answer
    return Drawn(answer=answer, noise={"gumbels": gumbels}) if drawn else answer


def hardshrink(input: Any, *, lambd: float = 0.5) -> Any:
    """Zero between -lambd and lambd."""
    return jnp.where(jnp.abs(input) <= lambd, 0, input)


def hardtanh(input: Any, *, min_val: float = -1.0, max_val: float = 1.0) -> Any:
    """jax.nn.hard_tanh, which has no limits of its own: with others jnp.clip."""
    if (min_val, max_val) == (-1, 1):
        return jax.nn.hard_tanh(input)
    return jnp.clip(input, min_val, max_val)


def leaky_relu(input: Any, *, negative_slope: float = 0.01) -> Any:
    """jax.nn.leaky_relu."""
    return jax.nn.leaky_relu(input, negative_slope)


def log_softmax(input: Any, *, dim: int) -> Any:
    """jax.nn.log_softmax."""
    return jax.nn.log_softmax(input, axis=dim)


def prelu(input: Any, weight: Any) -> Any:
    """jax.nn.leaky_relu with a slope for each channel."""
    channels = weight.reshape(-1, *(1 for _ in input.shape[2:])) if input.ndim > 1 else weight
    return jax.nn.leaky_relu(input, channels if weight.size > 1 else weight.reshape(()))


def rrelu(
    input: Any,
    slope: Any = None,
    *,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = True,
    seed: int = 0,
) -> Any:
    """jax.nn.leaky_relu with slopes of jax.random.uniform."""
    if not training:
        return jax.nn.leaky_relu(input, (lower + upper) / 2)
    if slope is not None:
        return jax.nn.leaky_relu(input, slope)
    drawn = jax.random.uniform(jax.random.key(seed), input.shape, input.dtype, lower, upper)
    slope = jnp.where(input > 0, 1, drawn)
    return Drawn(answer=jax.nn.leaky_relu(input, slope), noise={"slope": slope})


def softmax(input: Any, *, dim: int) -> Any:
    """jax.nn.softmax."""
    return jax.nn.softmax(input, axis=dim)


def softmin(input: Any, *, dim: int) -> Any:
    """jax.nn.softmax of the negative."""
    return jax.nn.softmax(-input, axis=dim)


def softplus(input: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """jax.nn.softplus, and the input itself beyond the threshold, as torch's has it."""
    scaled = beta * input
    return jnp.where(scaled > threshold, input, jax.nn.softplus(scaled) / beta)


def softshrink(input: Any, *, lambd: float = 0.5) -> Any:
    """Move towards zero by lambd."""
    return jnp.where(jnp.abs(input) > lambd, input - lambd * jnp.sign(input), 0 * input)


def tanhshrink(input: Any) -> Any:
    """Subtract jnp.tanh."""
    return input - jnp.tanh(input)


def threshold(input: Any, *, threshold: float, value: float) -> Any:
    """Put a value where the input is not above the threshold."""
    return jnp.where(input <= threshold, value, input)


ACTIVATIONS = {
    "celu": celu,
    "elu": elu,
    "gelu": gelu,
    "glu": glu,
    "gumbel_softmax": gumbel_softmax,
    "hardshrink": hardshrink,
    "hardsigmoid": jax.nn.hard_sigmoid,
    "hardswish": jax.nn.hard_swish,
    "hardtanh": hardtanh,
    "leaky_relu": leaky_relu,
    "log_softmax": log_softmax,
    "logsigmoid": jax.nn.log_sigmoid,
    "mish": jax.nn.mish,
    "prelu": prelu,
    "relu": jax.nn.relu,
    "relu6": jax.nn.relu6,
    "rrelu": rrelu,
    "selu": jax.nn.selu,
    "sigmoid": jax.nn.sigmoid,
    "silu": jax.nn.silu,
    "softmax": softmax,
    "softmin": softmin,
    "softplus": softplus,
    "softshrink": softshrink,
    "softsign": jax.nn.soft_sign,
    "tanh": jnp.tanh,
    "tanhshrink": tanhshrink,
    "threshold": threshold,
}
