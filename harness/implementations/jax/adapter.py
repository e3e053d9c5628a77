"""JAX's arrays and its reverse-mode differentiation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from harness.implementations.framework import Framework
from harness.implementations.jax.activation import ACTIVATIONS
from harness.model import Array


class JaxImplementation(Framework):
    """Operators of JAX, run eagerly on the CPU with 64-bit types on."""

    name = "jax"
    package = "jax"

    def __init__(self) -> None:
        """Turn on 64-bit types: without them JAX makes every float64 a float32."""
        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_enable_x64", True)
        super().__init__({**ACTIVATIONS})

    def to_own(self, array: Array) -> Any:
        """Return a JAX array."""
        return jnp.asarray(array)

    def to_numpy(self, value: Any) -> Array:
        """Return a NumPy array of its own memory."""
        return np.array(value)

    def vjp(
        self, function: Callable[..., tuple[Any, ...]], primals: Sequence[Any], upstream: Callable[[int], Any]
    ) -> tuple[tuple[Any, ...], Sequence[Any]]:
        """Differentiate by `jax.vjp`."""
        values, pull = jax.vjp(function, *primals)
        return values, pull(tuple(_cotangent(value, upstream(i)) for i, value in enumerate(values)))

    def as_complex(self, pairs: Any) -> Any:
        """Return complex numbers from pairs."""
        return jax.lax.complex(pairs[..., 0], pairs[..., 1])

    def as_pairs(self, value: Any) -> Any:
        """Return complex numbers as pairs."""
        return jnp.stack([value.real, value.imag], axis=-1) if jnp.iscomplexobj(value) else value


def _cotangent(value: Any, upstream: Any) -> Any:
    if upstream is not None:
        return upstream
    if jnp.issubdtype(value.dtype, jnp.inexact):
        return jnp.zeros_like(value)
    return np.zeros(value.shape, dtype=jax.dtypes.float0)
