"""Trigonometric and hyperbolic functions and their inverses in NumPy."""

from __future__ import annotations

import math

import numpy as np

from harness.implementations.numpy.elementwise import Real, Unary
from harness.implementations.numpy.precision import Array

__all__ = [
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atan2",
    "Atanh",
    "Cos",
    "Cosh",
    "Deg2rad",
    "Hypot",
    "Rad2deg",
    "Sin",
    "Sinh",
    "Tan",
]


# -- angles


class Sin(Unary):
    """y = sin(x), dy/dx = cos(x). torch.sin."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.sin(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.cos(x)


class Cos(Unary):
    """y = cos(x), dy/dx = -sin(x). torch.cos."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.cos(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return -np.sin(x)


class Tan(Unary):
    """y = tan(x), dy/dx = 1 + y^2. torch.tan."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.tan(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.asarray(1 + np.square(np.tan(x)))


class Asin(Unary):
    """y = arcsin(x), dy/dx = 1 / sqrt(1 - x^2). torch.asin."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.arcsin(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx; (1 - x) (1 + x) is 1 - x^2 without cancellation."""
        return np.asarray(1 / np.sqrt((1 - x) * (1 + x)))


class Acos(Unary):
    """y = arccos(x), dy/dx = -1 / sqrt(1 - x^2). torch.acos."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.arccos(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx; (1 - x) (1 + x) is 1 - x^2 without cancellation."""
        return np.asarray(-1 / np.sqrt((1 - x) * (1 + x)))


class Atan(Unary):
    """y = arctan(x), dy/dx = 1 / (1 + x^2). torch.atan."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.arctan(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return 1 / (1 + x * x)


class Deg2rad(Unary):
    """y = x pi / 180, dy/dx = pi / 180. torch.deg2rad."""

    factor = math.pi / 180

    def value(self, x: Array) -> Array:
        """Return y."""
        return x * self.factor

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.full_like(x, self.factor)


class Rad2deg(Deg2rad):
    """y = x 180 / pi, dy/dx = 180 / pi. torch.rad2deg."""

    factor = 180 / math.pi


# -- two inputs


class Atan2(Real):
    """The angle of the point (z, x), from -pi to pi. torch.atan2.

    y = arctan(x / z) in the point's own quadrant, dx = dy z / (x^2 + z^2), dz = -dy x / (x^2 + z^2); 0 at the origin
    """

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        return np.arctan2(x, z)

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        length = x * x + z * z
        reciprocal = np.where(length == 0, 0.0, 1 / length)
        return dy * z * reciprocal, dy * -x * reciprocal


class Hypot(Real):
    """y = sqrt(x^2 + z^2), dx = dy x / y, dz = dy z / y. torch.hypot."""

    def value(self, x: Array, z: Array) -> Array:
        """Return y; the squares must not overflow."""
        return np.hypot(x, z)

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        y = np.hypot(x, z)
        return dy * (x / y), dy * (z / y)


# -- hyperbolic


class Sinh(Unary):
    """y = (exp(x) - exp(-x)) / 2, dy/dx = cosh(x). torch.sinh."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.sinh(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.cosh(x)


class Cosh(Unary):
    """y = (exp(x) + exp(-x)) / 2, dy/dx = sinh(x). torch.cosh."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.cosh(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.sinh(x)


class Asinh(Unary):
    """y = log(x + sqrt(x^2 + 1)), dy/dx = 1 / sqrt(x^2 + 1). torch.asinh."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.arcsinh(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.asarray(1 / np.sqrt(x * x + 1))


class Acosh(Unary):
    """y = log(x + sqrt(x^2 - 1)), dy/dx = 1 / sqrt(x^2 - 1). torch.acosh."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.arccosh(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx: also where x < -1, though there is no y."""
        return np.asarray(1 / np.sqrt(x * x - 1))


class Atanh(Unary):
    """y = log((1 + x) / (1 - x)) / 2, dy/dx = 1 / (1 - x^2). torch.atanh."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.arctanh(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx: also where |x| > 1, though there is no y."""
        return 1 / (1 - x * x)
