"""Rounding in NumPy, and what looks at a number's sign or its parts."""

from __future__ import annotations

import ml_dtypes
import numpy as np

from harness.implementations.numpy.elementwise import Real, is_whole, promoted, together
from harness.implementations.numpy.pointwise import Pointwise
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["Ceil", "Copysign", "Floor", "Frac", "Frexp", "NanToNum", "Round", "Sign", "Trunc", "heaviside", "nextafter"]


class _Stepped(Pointwise):
    """A function of steps: dx = 0, whatever comes down. Integers are left as they are."""

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.zeros_like(x)

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input; 0 times inf would be nan."""
        return np.zeros_like(grad_output)


class Floor(_Stepped):
    """y = the largest integer that is at most x. torch.floor."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.floor(x)


class Ceil(_Stepped):
    """y = the smallest integer that is at least x. torch.ceil."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.ceil(x)


class Trunc(_Stepped):
    """y = x without its fraction. torch.trunc."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.trunc(x)


class Round(_Stepped):
    """y = the integer nearest to x 10^decimals, divided by 10^decimals; half is rounded to even. torch.round."""

    def __init__(self, decimals: int = 0) -> None:
        """Take the number of decimals to keep, negative for zeros before the point."""
        self.decimals = decimals

    def value(self, x: Array) -> Array:
        """Return y; the power is an integer on both sides of the point, and so exact."""
        power = 10 ** abs(self.decimals)
        return np.asarray(np.rint(x * power) / power if self.decimals >= 0 else np.rint(x / power) * power)


class Sign(_Stepped):
    """y = 1 where x > 0, -1 where x < 0, else 0, also of nan. torch.sign."""

    def value(self, x: Array) -> Array:
        """Return y; NumPy's own leaves nan, torch does not."""
        return (x > 0).astype(np.int8) - (x < 0).astype(np.int8)


class Frac(Pointwise):
    """y = x - trunc(x), dy/dx = 1. torch.frac."""

    def value(self, x: Array) -> Array:
        """Return y; at inf it is nan."""
        return x - np.trunc(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.ones_like(x)


class NanToNum:
    """Numbers in the place of nan and inf. torch.nan_to_num.

    y = nan where x is nan, posinf where it is inf, neginf where it is -inf, else x
    dx = dy * 1 where x is finite, else dy * 0
    """

    def __init__(self, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> None:
        """Take the three numbers; left out they are 0, and the largest and lowest number of the type."""
        self.nan, self.posinf, self.neginf = nan or 0.0, posinf, neginf

    def forward(self, input: Array) -> Array:
        """Return y; integers are left as they are."""
        self.finite = np.isfinite(widen(input))
        if is_whole(input.dtype):
            return input
        limits = ml_dtypes.finfo(input.dtype)
        y = np.where(np.isnan(widen(input)), self.nan, widen(input))
        y = np.where(y == np.inf, float(limits.max) if self.posinf is None else self.posinf, y)
        y = np.where(y == -np.inf, float(limits.min) if self.neginf is None else self.neginf, y)
        return narrow(y, like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input; of nan it is nan, for it is a product."""
        return narrow(widen(grad_output) * self.finite, like=grad_output)


class Frexp:
    """x = mantissa 2^exponent with 0.5 <= |mantissa| < 1, dx = dmantissa / 2^exponent. torch.frexp.

    0, inf and nan are their own mantissa, with an exponent of 0.
    """

    def forward(self, input: Array) -> tuple[Array, Array]:
        """Return mantissa and exponent."""
        mantissa, exponent = np.frexp(widen(input))
        self.exponent = np.asarray(exponent, dtype=np.int32)
        return narrow(mantissa, like=input), self.exponent

    @nan_is_meant
    def backward(self, grad_mantissa: Array) -> Array:
        """Return the gradient of the input."""
        return narrow(np.ldexp(widen(grad_mantissa), -self.exponent), like=grad_mantissa)


# -- two inputs


class Copysign(Real):
    """y = |x| with the sign of z, dx = dy y / x, 0 where x is 0, dz = 0. torch.copysign."""

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        return np.copysign(x, z)

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        ratio = np.where(x == 0, 0.0, np.copysign(x, z) / x)
        return dy * ratio, np.zeros_like(dy)


def heaviside(input: Array, values: Array) -> Array:
    """Return 0 left of 0, 1 right of it, and `values` at 0. torch.heaviside: it has no gradient."""
    dtype = promoted(input, values)
    x, at_zero = together(dtype, input, values)
    return np.where(x == 0, at_zero, x > 0).astype(dtype)


@nan_is_meant
def nextafter(input: Array, other: Array) -> Array:
    """Return the neighbour of `input` on the side of `other`; that of the largest number is inf. torch.nextafter."""
    dtype = promoted(input, other)
    return np.asarray(np.nextafter(input.astype(dtype), other.astype(dtype)), dtype=dtype)
