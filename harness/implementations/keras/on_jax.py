"""Arrays and differentiation of Keras on JAX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from harness.model import Array

REFUSALS: tuple[type[Exception], ...] = ()

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)  # Keras leaves it to its user; without it every float64 is a float32


def to_own(array: Array) -> Any:
    """Return a JAX array."""
    return jnp.asarray(array)


def to_numpy(value: Any) -> Array:
    """Return a NumPy array of its own memory."""
    return np.array(value)


def vjp(
    function: Callable[..., tuple[Any, ...]], primals: Sequence[Any], upstream: Callable[[int], Any]
) -> tuple[tuple[Any, ...], Sequence[Any]]:
    """Differentiate by `jax.vjp`."""
    values, pull = jax.vjp(function, *primals)
    return values, pull(tuple(_cotangent(value, upstream(i)) for i, value in enumerate(values)))


def _cotangent(value: Any, upstream: Any) -> Any:
    if not jnp.issubdtype(value.dtype, jnp.inexact):
        return np.zeros(value.shape, dtype=jax.dtypes.float0)
    return jnp.zeros_like(value) if upstream is None else jnp.asarray(upstream, value.dtype)
