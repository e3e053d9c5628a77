"""JAX's arrays and its reverse-mode differentiation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from harness.implementations.framework import Framework
from harness.implementations.jax.activation import ACTIVATIONS
from harness.implementations.jax.attention import ATTENTION
from harness.implementations.jax.compiled import compiled, compiled_once
from harness.implementations.jax.convolution import CONVOLUTIONS
from harness.implementations.jax.elementwise import ELEMENTWISE
from harness.implementations.jax.fft import FFTS
from harness.implementations.jax.indexing import INDEXING
from harness.implementations.jax.linalg import LINALG
from harness.implementations.jax.loss import LOSSES
from harness.implementations.jax.normalization import NORMALIZATIONS
from harness.implementations.jax.pooling import POOLING
from harness.implementations.jax.reduction import REDUCTIONS
from harness.implementations.jax.regularization import REGULARIZATION
from harness.implementations.jax.shape import SHAPES
from harness.implementations.jax.special import SPECIAL
from harness.implementations.jax.vision import VISION
from harness.model import Array, Call, Outputs

_TABLES: tuple[Mapping[str, Any], ...] = (
    ACTIVATIONS,
    ATTENTION,
    CONVOLUTIONS,
    ELEMENTWISE,
    FFTS,
    INDEXING,
    LINALG,
    LOSSES,
    NORMALIZATIONS,
    POOLING,
    REDUCTIONS,
    REGULARIZATION,
    SHAPES,
    SPECIAL,
    VISION,
)
#: how lax and jnp say that they do not take a dtype, or no such shape: to JAX a scalar has no axis
_REFUSALS = (
    "does not accept dtype",
    "is out of bounds for array of dimension 0",
    "is out of bounds for array of shape ()",
    "must be 1D",
    "must be a float",
    "not implemented",
    "not supported",
    "Unsupported dtype",
)


class JaxImplementation(Framework):
    """Operators of JAX, each under `jax.jit`, on the CPU with 64-bit types on."""

    name = "jax"
    package = "jax"

    def __init__(self) -> None:
        """Turn on 64-bit types: without them JAX makes every float64 a float32."""
        jax.config.update("jax_platforms", "cpu")
        jax.config.update("jax_enable_x64", True)
        super().__init__({name: compiled(function) for table in _TABLES for name, function in table.items()})
        self._draws = False

    def run(self, call: Call) -> Outputs:
        """Answer a call; noise that is drawn must leave the function, which it cannot when all is compiled as one."""
        self._draws = bool(call.noise_names) and not call.noise
        return super().run(call)

    def to_own(self, array: Array) -> Any:
        """Return a JAX array."""
        return jax.device_put(array)

    def to_numpy(self, value: Any) -> Array:
        """Return a NumPy array of its own memory."""
        return np.array(value)

    def vjp(
        self, function: Callable[..., tuple[Any, ...]], primals: Sequence[Any], upstream: Callable[[int], Any]
    ) -> tuple[tuple[Any, ...], Sequence[Any]]:
        """Differentiate by `jax.vjp`, compiled together with the function."""

        def both(*primals: Any) -> tuple[tuple[Any, ...], Sequence[Any]]:
            values, pull = jax.vjp(function, *primals)
            return values, pull(tuple(_cotangent(value, upstream(i)) for i, value in enumerate(values)))

        answer: tuple[tuple[Any, ...], Sequence[Any]]
        answer = both(*primals) if self._draws else compiled_once(both, *primals)
        return answer

    def as_complex(self, pairs: Any) -> Any:
        """Return complex numbers from pairs."""
        return jax.lax.complex(pairs[..., 0], pairs[..., 1])

    def as_pairs(self, value: Any) -> Any:
        """Return complex numbers as pairs."""
        return jnp.stack([value.real, value.imag], axis=-1) if jnp.iscomplexobj(value) else value

    def refused(self, error: Exception) -> str:
        """Return why JAX refuses a call: it says so by a TypeError or a ValueError, too."""
        if isinstance(error, TypeError | ValueError) and any(words in str(error) for words in _REFUSALS):
            return f"{type(error).__name__}: {str(error).splitlines()[0]}"
        return super().refused(error)


def _cotangent(value: Any, upstream: Any) -> Any:
    """Return the upstream gradient in the dtype of the output, which `jax.vjp` insists on."""
    if not jnp.issubdtype(value.dtype, jnp.inexact):
        return np.zeros(value.shape, dtype=jax.dtypes.float0)
    return jnp.zeros_like(value) if upstream is None else upstream.astype(value.dtype)
