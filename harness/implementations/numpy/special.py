"""Special functions in NumPy and SciPy: the error function, the normal distribution, logarithms that vanish at 0.

The handbook is Abramowitz and Stegun, Handbook of Mathematical Functions.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from harness.implementations.numpy.elementwise import Real, Unary
from harness.implementations.numpy.precision import Array

__all__ = ["Entr", "Erf", "Erfc", "Erfcx", "Erfinv", "LogNdtr", "Ndtr", "Ndtri", "Sinc", "Xlog1py", "Xlogy"]

_TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)
_ROOT_TWO_PI = math.sqrt(2 * math.pi)


# -- the error function


class Erf(Unary):
    """y = 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x, dy/dx = 2 / sqrt(pi) exp(-x^2). torch.erf."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.asarray(special.erf(x))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.asarray(_TWO_OVER_ROOT_PI * np.exp(-x * x))


class Erfc(Unary):
    """y = 1 - erf(x), dy/dx = -2 / sqrt(pi) exp(-x^2). torch.erfc."""

    def value(self, x: Array) -> Array:
        """Return y; on the right the difference itself would have lost all of it."""
        return np.asarray(special.erfc(x))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.asarray(-_TWO_OVER_ROOT_PI * np.exp(-x * x))


class Erfcx(Unary):
    """y = exp(x^2) erfc(x), dy/dx = 2 x y - 2 / sqrt(pi). torch.special.erfcx."""

    def value(self, x: Array) -> Array:
        """Return y; the power overflows where erfc vanishes."""
        return np.asarray(special.erfcx(x))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.asarray(2 * x * special.erfcx(x) - _TWO_OVER_ROOT_PI)


class Erfinv(Unary):
    """y with erf(y) = x, dy/dx = sqrt(pi) / 2 exp(y^2). torch.erfinv."""

    def value(self, x: Array) -> Array:
        """Return y; SciPy's own turns -0 to 0."""
        return np.where(x == 0, x, special.erfinv(x))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.asarray(np.exp(np.square(special.erfinv(x))) / _TWO_OVER_ROOT_PI)


# -- the normal distribution


class Ndtr(Unary):
    """y = erfc(-x / sqrt(2)) / 2, the distribution function; dy/dx = exp(-x^2 / 2) / sqrt(2 pi). torch.special.ndtr."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.asarray(special.ndtr(x))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.asarray(np.exp(-0.5 * x * x) / _ROOT_TWO_PI)


class Ndtri(Unary):
    """y with ndtr(y) = x, the quantile function; dy/dx = sqrt(2 pi) exp(y^2 / 2). torch.special.ndtri."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.asarray(special.ndtri(x))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.asarray(_ROOT_TWO_PI * np.exp(np.square(special.ndtri(x)) / 2))


class LogNdtr(Unary):
    """y = log(ndtr(x)), dy/dx = sqrt(2 / pi) / erfcx(-x / sqrt(2)). torch.special.log_ndtr."""

    def value(self, x: Array) -> Array:
        """Return y; far left ndtr vanishes, its logarithm does not."""
        return np.asarray(special.log_ndtr(x))

    def slope(self, x: Array) -> Array:
        """Return dy/dx: the density over ndtr, without the factor exp(-x^2 / 2) that both have."""
        return np.asarray(math.sqrt(2 / math.pi) / special.erfcx(-x / math.sqrt(2)))


# -- functions that are continued to 0


class Sinc(Unary):
    """y = sin(pi x) / (pi x), 1 at 0; dy/dx = (cos(pi x) - y) / x, 0 at 0. torch.sinc."""

    def value(self, x: Array) -> Array:
        """Return y; at inf it is nan."""
        return np.where(x == 0, 1, np.sin(math.pi * x) / (math.pi * x)).astype(x.dtype)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        angle = math.pi * x
        return np.where(x == 0, 0, (np.cos(angle) - np.sin(angle) / angle) / x).astype(x.dtype)


class Entr(Unary):
    """y = -x log(x), 0 at 0 and -inf below; dy/dx = -1 - log(x). torch.special.entr."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.asarray(special.entr(x))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.asarray(-(1 + np.log(x)))


class Xlogy(Real):
    """y = x log(z), 0 where x is 0 and z not nan. torch.xlogy.

    dx = dy log(z), 0 where x is 0 and z at most 0;   dz = dy x / z
    """

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        return np.asarray(special.xlogy(x, z))

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        return np.where((x == 0) & (z <= 0), 0.0, dy * np.log(z)), dy * x / z


class Xlog1py(Real):
    """y = x log(1 + z), 0 where x is 0 and z not nan. torch.special.xlog1py.

    dx = dy log(1 + z), 0 where x is 0 and z at most -1;   dz = dy x / (1 + z)
    """

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        return np.asarray(special.xlog1py(x, z))

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        return np.where((x == 0) & (z <= -1), 0.0, dy * np.log1p(z)), dy * x / (1 + z)
