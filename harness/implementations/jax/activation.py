"""Activations of jax.nn."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp


def gelu(input: Any, *, approximate: str = "none") -> Any:
    """jax.nn.gelu."""
    return jax.nn.gelu(input, approximate=approximate == "tanh")


def softmax(input: Any, *, dim: int) -> Any:
    """jax.nn.softmax."""
    return jax.nn.softmax(input, axis=dim)


ACTIVATIONS = {
    "gelu": gelu,
    "relu": jax.nn.relu,
    "relu6": jax.nn.relu6,
    "sigmoid": jax.nn.sigmoid,
    "softmax": softmax,
    "softsign": jax.nn.soft_sign,
    "tanh": jnp.tanh,
}
