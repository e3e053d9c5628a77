"""MLX's arrays and its reverse-mode differentiation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import mlx.core as mx
import numpy as np

from harness.errors import Unsupported
from harness.implementations.framework import Framework
from harness.implementations.mlx.activation import ACTIVATIONS
from harness.implementations.mlx.convolution import CONVOLUTIONS
from harness.implementations.mlx.elementwise import ELEMENTWISE
from harness.implementations.mlx.fft import FFT
from harness.implementations.mlx.linalg import LINALG
from harness.implementations.mlx.loss import LOSSES
from harness.implementations.mlx.normalization import NORMALIZATIONS
from harness.implementations.mlx.optimizer import OPTIMIZERS
from harness.implementations.mlx.pooling import POOLING
from harness.implementations.mlx.recurrent import RECURRENT
from harness.implementations.mlx.reduction import REDUCTIONS
from harness.implementations.mlx.regularization import REGULARIZATIONS
from harness.implementations.mlx.shape import SHAPES
from harness.model import Array

#: what MLX writes where it lacks something
_REFUSALS = (
    "not implemented",
    "not supported",
    "not yet",
    "unsupported",
    "only supports",
    "can only handle",
    "types are supported",
    "cannot calculate vjp",
    "does not match targets shape",
    "does not match vars shape",
    "is not the same as output loss",
    "padding sizes must be non-negative",
    "expected input tensor to have",
    "label smoothing must be in",
    "must be 1-d",
)


class MlxImplementation(Framework):
    """Operators of MLX on the CPU, where it has float64."""

    name = "mlx"
    package = "mlx"

    def __init__(self) -> None:
        """Choose the CPU: MLX has no float64 elsewhere."""
        mx.set_default_device(mx.cpu)
        super().__init__(
            {
                **ACTIVATIONS,
                **CONVOLUTIONS,
                **ELEMENTWISE,
                **FFT,
                **LINALG,
                **LOSSES,
                **NORMALIZATIONS,
                **OPTIMIZERS,
                **POOLING,
                **RECURRENT,
                **REDUCTIONS,
                **REGULARIZATIONS,
                **SHAPES,
            }
        )

    def to_own(self, array: Array) -> Any:
        """Return an MLX array of the same dtype: of its own accord MLX makes every float64 a float32."""
        if array.dtype == ml_dtypes.bfloat16:
            bits = np.ascontiguousarray(array).reshape(-1).view(np.uint16)
            return mx.array(bits).view(mx.bfloat16).reshape(array.shape)
        own = getattr(mx, "bool_" if array.dtype == np.bool_ else array.dtype.name, None)
        if own is None:
            raise Unsupported(f"mlx has no {array.dtype.name}")
        return mx.array(array, dtype=own)

    def to_numpy(self, value: Any) -> Array:
        """Return a NumPy array of its own memory."""
        if value.dtype == mx.bfloat16:
            bits: Array = np.array(value.reshape(-1).view(mx.uint16))
            same: Array = bits.view(ml_dtypes.bfloat16).reshape(value.shape)
            return same
        return np.array(value)

    def vjp(
        self, function: Callable[..., tuple[Any, ...]], primals: Sequence[Any], upstream: Callable[[int], Any]
    ) -> tuple[tuple[Any, ...], Sequence[Any]]:
        """Differentiate by `mlx.core.vjp`, of the outputs alone that have an upstream gradient."""
        values = function(*primals)
        given = {i: each for i in range(len(values)) if (each := upstream(i)) is not None}

        def chosen(*own: Any) -> list[Any]:
            outputs = function(*own)
            return [outputs[i] for i in given]

        try:
            _, gradients = mx.vjp(chosen, list(primals), list(given.values()))
            mx.eval(gradients)
        except (RuntimeError, ValueError) as error:
            reason = self.refused(error)
            if not reason:
                raise
            raise Unsupported(f"mlx: {reason}") from error
        return values, gradients

    def as_complex(self, pairs: Any) -> Any:
        """Return complex numbers from pairs; MLX has complex64 alone."""
        if pairs.dtype != mx.float32:
            raise Unsupported("mlx has complex64 alone")
        return pairs[..., 0] + pairs[..., 1] * mx.array(1j)

    def as_pairs(self, value: Any) -> Any:
        """Return complex numbers as pairs."""
        return mx.stack([mx.real(value), mx.imag(value)], axis=-1) if value.dtype == mx.complex64 else value

    def refused(self, error: Exception) -> str:
        """Return why MLX refuses a call: an error that says it has no such thing."""
        text = str(error)
        if isinstance(error, NotImplementedError) or any(each in text.lower() for each in _REFUSALS):
            return f"{type(error).__name__}: {text}"
        return ""
