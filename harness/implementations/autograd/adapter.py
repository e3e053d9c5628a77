"""NumPy's arrays, and autograd's reverse-mode differentiation of what autograd.numpy does with them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import autograd.builtins
import numpy as np
from autograd import make_vjp

from harness.errors import Unsupported
from harness.implementations.autograd.activation import ACTIVATIONS
from harness.implementations.autograd.elementwise import ELEMENTWISE
from harness.implementations.autograd.linalg import LINALG
from harness.implementations.autograd.loss import LOSSES
from harness.implementations.autograd.reduction import REDUCTIONS
from harness.implementations.autograd.shape import SHAPES
from harness.implementations.framework import Framework
from harness.model import Array

_TABLES: tuple[Mapping[str, Any], ...] = (ACTIVATIONS, ELEMENTWISE, LINALG, LOSSES, REDUCTIONS, SHAPES)


class AutogradImplementation(Framework):
    """Operators of autograd.numpy, eagerly."""

    name = "autograd"
    package = "autograd"

    def __init__(self) -> None:
        """Gather the operators."""
        super().__init__({name: function for table in _TABLES for name, function in table.items()})

    def to_own(self, array: Array) -> Any:
        """Return the array itself: autograd's arrays are NumPy's, which have no bfloat16."""
        if array.dtype.name == "bfloat16":
            raise Unsupported("NumPy has no bfloat16")
        return array

    def to_numpy(self, value: Any) -> Array:
        """Return an array of its own memory, of a scalar too."""
        return np.array(value)

    def vjp(
        self, function: Callable[..., tuple[Any, ...]], primals: Sequence[Any], upstream: Callable[[int], Any]
    ) -> tuple[tuple[Any, ...], Sequence[Any]]:
        """Differentiate by `make_vjp`, inputs and outputs each in one of autograd's tuples."""
        with warnings.catch_warnings():  # trunc and its like have the gradient zero: autograd answers so, and warns
            warnings.filterwarnings("ignore", message="Output seems independent of input")
            pull, values = make_vjp(lambda inputs: autograd.builtins.tuple(function(*inputs)))(tuple(primals))
        return values, pull(tuple(_cotangent(value, upstream(i)) for i, value in enumerate(values)))

    def as_complex(self, pairs: Any) -> Any:
        """Return complex numbers from pairs."""
        return pairs[..., 0] + 1j * pairs[..., 1]

    def as_pairs(self, value: Any) -> Any:
        """Return complex numbers as pairs."""
        if not np.iscomplexobj(value):
            return value
        return autograd.numpy.stack([autograd.numpy.real(value), autograd.numpy.imag(value)], axis=-1)

    def refused(self, error: Exception) -> str:
        """Return why NumPy refuses a call: that a function takes no such dtype it says by a TypeError."""
        if isinstance(error, TypeError) and "not supported for the input types" in str(error):
            return str(error)
        return super().refused(error)


def _cotangent(value: Any, upstream: Any) -> Any:
    """Return the upstream gradient in the dtype of the output, which autograd insists on."""
    if upstream is None:
        return np.zeros_like(value)
    return np.asarray(upstream, dtype=np.asarray(value).dtype)
