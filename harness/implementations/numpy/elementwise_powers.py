"""Powers in NumPy."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.elementwise import Binary, Dtype, Number, is_whole
from harness.implementations.numpy.precision import Array

__all__ = ["FloatPower", "Pow"]


class Pow(Binary):
    """y = x^z. torch.pow. The exponent z is an array or a number.

    dx = dy z x^(z - 1), 0 where z is 0;   dz = dy y log(x), 0 where x is 0 and z is not negative
    """

    def __init__(self, exponent: Number | None = None) -> None:
        """Take the exponent where it is a number and no array."""
        super().__init__(exponent)

    def forward(self, input: Array, exponent: Array | None = None) -> Array:
        """Return y; both inputs are kept for `backward`."""
        return super().forward(input, exponent)

    def value(self, x: Array, z: Array) -> Array:
        """Return y; an integer to a negative power is cut off towards 0, which leaves 1 and -1 alone."""
        if not is_whole(x.dtype):
            return np.asarray(np.power(x, z))
        power = np.power(x, np.abs(z))
        return np.where((z < 0) & (np.abs(x) != 1), 0, power)

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        dx = np.where(z == 0, 0.0, dy * (z * np.power(x, z - 1)))
        dz = np.where((x == 0) & (z >= 0), 0.0, dy * (np.power(x, z) * np.log(x)))
        return dx, dz


class FloatPower(Pow):
    """y = x^z, computed and returned in float64. torch.float_power."""

    def result_type(self, *_: Array | Number) -> Dtype:
        """Return the dtype of y."""
        return np.dtype(np.float64)
