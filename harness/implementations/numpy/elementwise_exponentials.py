"""Exponentials, logarithms, roots and powers in NumPy."""

from __future__ import annotations

import math

import numpy as np

from harness.implementations.numpy.elementwise import Real, Unary
from harness.implementations.numpy.precision import Array

__all__ = [
    "Exp",
    "Exp2",
    "Expm1",
    "Ldexp",
    "Log",
    "Log1p",
    "Log2",
    "Log10",
    "Logaddexp",
    "Logaddexp2",
    "Logit",
    "Reciprocal",
    "Rsqrt",
    "Sqrt",
]


class Exp(Unary):
    """y = e^x, dy/dx = y. torch.exp."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.exp(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.exp(x)


class Exp2(Unary):
    """y = 2^x, dy/dx = y log(2). torch.exp2."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.exp2(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.exp2(x) * math.log(2)


class Expm1(Unary):
    """y = e^x - 1, dy/dx = e^x. torch.expm1."""

    def value(self, x: Array) -> Array:
        """Return y; near 0 the difference itself would have lost all of it."""
        return np.expm1(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.exp(x)


class Log(Unary):
    """y = log(x), dy/dx = 1 / x. torch.log."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.log(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return 1 / x


class Log2(Unary):
    """y = log(x) / log(2), dy/dx = 1 / (x log(2)). torch.log2."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.log2(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return 1 / (x * math.log(2))


class Log10(Unary):
    """y = log(x) / log(10), dy/dx = 1 / (x log(10)). torch.log10."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.log10(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return 1 / (x * math.log(10))


class Log1p(Unary):
    """y = log(1 + x), dy/dx = 1 / (1 + x). torch.log1p."""

    def value(self, x: Array) -> Array:
        """Return y; near 0 the sum itself would have lost all of it."""
        return np.log1p(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return 1 / (1 + x)


class Sqrt(Unary):
    """y = sqrt(x), dy/dx = 1 / (2 y). torch.sqrt."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.sqrt(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return 1 / (2 * np.sqrt(x))


class Rsqrt(Unary):
    """y = 1 / sqrt(x), dy/dx = -y^3 / 2. torch.rsqrt."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return 1 / np.sqrt(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        y = 1 / np.sqrt(x)
        return -0.5 * y * y * y


class Reciprocal(Unary):
    """y = 1 / x, dy/dx = -y^2. torch.reciprocal."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return 1 / x

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return -np.square(1 / x)


class Logit(Unary):
    """The inverse of the sigmoid. torch.logit.

    y = log(z / (1 - z)), z = x clamped to [eps, 1 - eps], or x itself without eps
    dy/dx = 1 / (x (1 - x)), 0 where x was clamped; without eps nan outside of [0, 1]
    """

    def __init__(self, eps: float | None = None) -> None:
        """Take how far from 0 and 1 to stay."""
        self.eps = eps

    def value(self, x: Array) -> Array:
        """Return y."""
        z = x if self.eps is None else np.clip(x, self.eps, 1 - self.eps)
        return np.asarray(np.log(z / (1 - z)))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        low, beyond = (0.0, np.nan) if self.eps is None else (self.eps, 0.0)
        inside = (x >= low) & (x <= 1 - low)
        return np.where(inside, 1 / (x * (1 - x)), beyond).astype(x.dtype)


# -- two inputs


class Logaddexp(Real):
    """y = log(exp(x) + exp(z)), dx = dy s(x - z), dz = dy s(z - x), s the sigmoid. torch.logaddexp."""

    def value(self, x: Array, z: Array) -> Array:
        """Return y; no exponential may overflow."""
        return np.logaddexp(x, z)

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        return dy / (1 + np.exp(z - x)), dy / (1 + np.exp(x - z))


class Logaddexp2(Real):
    """y = log2(2^x + 2^z), dx = dy / (1 + 2^(z - x)), dz = dy / (1 + 2^(x - z)). torch.logaddexp2."""

    def value(self, x: Array, z: Array) -> Array:
        """Return y; no power may overflow."""
        return np.logaddexp2(x, z)

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        return dy / (1 + np.exp2(z - x)), dy / (1 + np.exp2(x - z))


class Ldexp(Real):
    """y = x 2^z, dx = dy 2^z, dz = dy y log(2). torch.ldexp. z need not be an integer."""

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        return np.asarray(x * np.exp2(z))

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        power = np.exp2(z)
        return dy * power, dy * x * power * math.log(2)
