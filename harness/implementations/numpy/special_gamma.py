"""Special functions in NumPy and SciPy: the gamma function and its relatives, and Bessel functions.

The handbook is Abramowitz and Stegun, Handbook of Mathematical Functions.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from harness.implementations.numpy.elementwise import Real, Unary, as_floating
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = [
    "I0",
    "I1",
    "Digamma",
    "Gammainc",
    "Gammaincc",
    "I0e",
    "I1e",
    "Lgamma",
    "Mvlgamma",
    "Polygamma",
    "Zeta",
    "bessel_j0",
    "bessel_j1",
]


# -- the gamma function


class Lgamma(Unary):
    """y = log|Gamma(x)|, dy/dx = digamma(x). torch.lgamma; the handbook's 6.1."""

    def value(self, x: Array) -> Array:
        """Return y; at -inf it is inf, as in C."""
        return np.where(x == -np.inf, np.inf, special.gammaln(x)).astype(x.dtype)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.asarray(special.digamma(x))


class Mvlgamma(Unary):
    """The logarithm of the multivariate gamma function, of order p. torch.mvlgamma.

    y = p (p - 1) / 4 log(pi) + sum of lgamma(x - i / 2), dy/dx = sum of digamma(x - i / 2), over i = 0 .. p - 1
    """

    def __init__(self, p: int) -> None:
        """Take the order."""
        self.p = p

    def value(self, x: Array) -> Array:
        """Return y."""
        terms = [special.gammaln(x - i / 2) for i in range(self.p)]
        return np.asarray(sum(terms) + self.p * (self.p - 1) / 4 * math.log(math.pi))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.asarray(sum(special.digamma(x - i / 2) for i in range(self.p)))


class Polygamma(Unary):
    """y = the n-th derivative of digamma, dy/dx = the next one. torch.polygamma; the handbook's 6.4."""

    def __init__(self, n: int) -> None:
        """Take which derivative."""
        self.n = n

    def value(self, x: Array) -> Array:
        """Return y."""
        return _polygamma(self.n, x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return _polygamma(self.n + 1, x)


class Digamma(Polygamma):
    """y = Gamma'(x) / Gamma(x), dy/dx = polygamma(1, x). torch.digamma; the handbook's 6.3."""

    def __init__(self) -> None:
        """Take nothing: it is the polygamma function of order 0."""
        super().__init__(n=0)


def _polygamma(n: int, x: Array) -> Array:
    """Return (-1)^(n + 1) n! zeta(n + 1, x), digamma for n = 0; left of 0 zeta does not reach.

    The reflection of the trigamma function is trigamma(x) = (pi / sin(pi x))^2 - trigamma(1 - x), 6.4.7.
    """
    if n == 0:
        return np.asarray(special.digamma(x))
    y = (-1) ** (n + 1) * math.factorial(n) * special.zeta(n + 1, np.asarray(x, dtype=np.float64))
    if n == 1:
        turned = np.square(math.pi / np.sin(math.pi * x.astype(np.float64))) - special.zeta(2, 1 - x)
        y = np.where(x < 0, turned, y)
    return np.asarray(y, dtype=x.dtype)


class _OfOther(Real):
    """A function of x and z that has a gradient along z only, as in torch."""

    def along(self, x: Array, z: Array) -> Array:
        """Return dy/dz."""
        raise NotImplementedError

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradient of z; there is none of x."""
        return np.zeros_like(dy), dy * self.along(x, z)

    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradient of z."""
        return super().backward(grad_output)[1:]


class Zeta(_OfOther):
    """y = the sum of (z + k)^-x over k >= 0, dz = -dy x zeta(x + 1, z). torch.special.zeta."""

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        return np.asarray(special.zeta(x, z))

    def along(self, x: Array, z: Array) -> Array:
        """Return dy/dz."""
        return np.asarray(-x * special.zeta(x + 1, z))


class Gammainc(_OfOther):
    """y = the integral of t^(x - 1) exp(-t) / Gamma(x) from 0 to z. torch.special.gammainc; the handbook's 6.5.1.

    dz = dy z^(x - 1) exp(-z) / Gamma(x)
    """

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        return np.asarray(special.gammainc(x, z))

    def along(self, x: Array, z: Array) -> Array:
        """Return dy/dz."""
        return np.asarray(np.exp((x - 1) * np.log(z) - z - special.gammaln(x)))


class Gammaincc(Gammainc):
    """y = 1 - gammainc(x, z), from z to infinity. torch.special.gammaincc; the handbook's 6.5.3."""

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        return np.asarray(special.gammaincc(x, z))

    def along(self, x: Array, z: Array) -> Array:
        """Return dy/dz."""
        return -super().along(x, z)


# -- Bessel functions


class I0(Unary):
    """The modified Bessel function of order 0, dy/dx = i1(x). torch.i0; the handbook's 9.6."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.asarray(special.i0(x))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.asarray(special.i1(x))


class I0e(Unary):
    """y = exp(-|x|) i0(x), dy/dx = i1e(x) - sign(x) y. torch.special.i0e."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.asarray(special.i0e(x))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.asarray(special.i1e(x) - np.sign(x) * special.i0e(x))


class I1(Unary):
    """The modified Bessel function of order 1, dy/dx = i0(x) - y / x, 1 / 2 at 0. torch.special.i1; 9.6."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.asarray(special.i1(x))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.where(x == 0, 0.5, special.i0(x) - special.i1(x) / x).astype(x.dtype)


class I1e(Unary):
    """y = exp(-|x|) i1(x), dy/dx = i0e(x) - y (sign(x) + 1 / x), 1 / 2 at 0. torch.special.i1e."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.asarray(special.i1e(x))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.where(x == 0, 0.5, special.i0e(x) - special.i1e(x) * (np.sign(x) + 1 / x))


@nan_is_meant
def bessel_j0(input: Array) -> Array:
    """Return the Bessel function of order 0. torch.special.bessel_j0; the handbook's 9.1. It has no gradient."""
    x = as_floating(input)
    return narrow(special.j0(widen(x)), like=x)


@nan_is_meant
def bessel_j1(input: Array) -> Array:
    """Return the Bessel function of order 1. torch.special.bessel_j1; the handbook's 9.1. It has no gradient."""
    x = as_floating(input)
    return narrow(special.j1(widen(x)), like=x)
