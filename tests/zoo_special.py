"""Wrong special functions, one fault each.

The first line of each docstring says what is wrong; the tuple at the end says what replay must make of it.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import special
from zoo import wrong

from harness.implementations import numpy as right

Array: TypeAlias = npt.NDArray[Any]


# -- special


class OneLessErf(right.Erfc):
    """It is 1 - erf(x), which loses the right."""

    def value(self, x: Array) -> Array:
        return np.asarray(1 - special.erf(x))


class ErfcxByProduct(right.Erfcx):
    """It is exp(x^2) erfc(x), inf times 0 on the right."""

    def value(self, x: Array) -> Array:
        return np.asarray(np.exp(x * x) * special.erfc(x))


class ErfinvPositive(right.Erfinv):
    """It has no sign."""

    def value(self, x: Array) -> Array:
        return np.abs(super().value(x))


class ErfinvOfWinitzki(right.Erfinv):
    """It is Winitzki's approximation, good to three digits."""

    def value(self, x: Array) -> Array:
        log = np.log1p(-x * x)
        half = 2 / (math.pi * 0.147) + log / 2
        return np.asarray(np.sign(x) * np.sqrt(np.sqrt(half * half - log / 0.147) - half), dtype=x.dtype)


class DigammaByStirling(right.Digamma):
    """It is the asymptotic series alone, which needs a large x."""

    def value(self, x: Array) -> Array:
        return np.asarray(np.log(x) - 1 / (2 * x) - 1 / (12 * x * x))


class DigammaAtTheOtherSide(right.Digamma):
    """Its reflection has the wrong sign of the cotangent."""

    def value(self, x: Array) -> Array:
        turned = special.digamma(1 - x) + math.pi / np.tan(math.pi * x)
        return np.where(x < 0, turned, super().value(x)).astype(x.dtype)


class LogOfGamma(right.Lgamma):
    """It is the logarithm of gamma, which overflows."""

    def value(self, x: Array) -> Array:
        return np.asarray(np.log(np.abs(special.gamma(x))), dtype=x.dtype)


class LgammaSigned(right.Lgamma):
    """It is nan where gamma is negative."""

    def value(self, x: Array) -> Array:
        return np.where(special.gammasgn(x) < 0, np.nan, super().value(x)).astype(x.dtype)


class LogOfNdtr(right.LogNdtr):
    """It is the logarithm of ndtr, -inf on the left."""

    def value(self, x: Array) -> Array:
        return np.asarray(np.log(special.ndtr(x)))


class NdtrWithoutRoot(right.Ndtr):
    """It does not divide by sqrt(2)."""

    def value(self, x: Array) -> Array:
        return np.asarray(special.erfc(-x) / 2)


class OneLessErfc(right.Erf):
    """It is 1 - erfc(x), which loses the digits near 0."""

    def value(self, x: Array) -> Array:
        return np.asarray(1 - special.erfc(x))


class NanAtZeroX(right.Xlogy):
    """It computes 0 * log 0."""

    def value(self, x: Array, z: Array) -> Array:
        return np.asarray(x * np.log(z))


class LogOfOnePlus(right.Xlog1py):
    """It adds 1 first, which loses the digits near 0."""

    def value(self, x: Array, z: Array) -> Array:
        return np.asarray(special.xlogy(x, 1 + z))


class SincWithoutPi(right.Sinc):
    """It is sin(x) / x."""

    def value(self, x: Array) -> Array:
        return np.where(x == 0, 1, np.sin(x) / x).astype(x.dtype)


class SincAtZero(right.Sinc):
    """Its gradient at 0 is 0 / 0."""

    def slope(self, x: Array) -> Array:
        return np.asarray((np.cos(math.pi * x) - np.sin(math.pi * x) / (math.pi * x)) / x)


class EntrOfLog2(right.Entr):
    """It counts in bits."""

    def value(self, x: Array) -> Array:
        return np.asarray(super().value(x) / math.log(2), dtype=x.dtype)


class ScaledWithoutSize(right.I0e):
    """It multiplies by exp(-x), not by exp(-|x|)."""

    def value(self, x: Array) -> Array:
        return np.asarray(special.i0(x) * np.exp(-x))


class EvenI1(right.I1):
    """It is even, where order 1 is odd."""

    def value(self, x: Array) -> Array:
        return np.abs(super().value(x))


def j1_even(input: Array) -> Array:
    """It is even, where order 1 is odd."""
    y = right.bessel_j1(input)
    return np.where(np.asarray(input) < 0, -y, y)


def j0_leading(input: Array) -> Array:
    """Beyond 5 it is the first term of the expansion for large x alone."""
    y = right.bessel_j0(input)
    x = np.abs(np.asarray(input, dtype=np.float64))
    leading = np.sqrt(2 / (math.pi * x)) * np.cos(x - math.pi / 4)
    return np.where(np.isfinite(x) & (x > 5), leading, y).astype(y.dtype)


def j1_phase(input: Array) -> Array:
    """Beyond 5 it is the expansion for large x with the phase of order 0."""
    y = right.bessel_j1(input)
    x = np.asarray(input, dtype=np.float64)
    return np.where(np.isfinite(x) & (np.abs(x) > 5), special.j0(x), y).astype(y.dtype)


def j1_even_beyond(input: Array) -> Array:
    """Beyond -5 it forgets the sign."""
    y = right.bessel_j1(input)
    return np.where(np.asarray(input, dtype=np.float64) < -5, -y, y)


class GammaincSwapped(right.Gammainc):
    """It takes its arguments the other way round."""

    def value(self, x: Array, z: Array) -> Array:
        return np.asarray(special.gammainc(z, x))


class OneLessGammainc(right.Gammaincc):
    """It is 1 - gammainc, which loses the right."""

    def value(self, x: Array, z: Array) -> Array:
        return np.asarray(1 - special.gammainc(x, z))


class PolygammaUnsigned(right.Polygamma):
    """It forgets the sign (-1)^(n + 1)."""

    def value(self, x: Array) -> Array:
        y = super().value(x)
        return -y if self.n > 0 and self.n % 2 == 0 else y


class MvlgammaWithoutPi(right.Mvlgamma):
    """It forgets the constant."""

    def value(self, x: Array) -> Array:
        return np.asarray(super().value(x) - self.p * (self.p - 1) / 4 * math.log(math.pi))


class ZetaOfRiemann(right.Zeta):
    """It starts at 1, whatever the second argument is."""

    def value(self, x: Array, z: Array) -> Array:
        return np.asarray(special.zeta(x, np.ones_like(z)))


SPECIAL = (
    *wrong("special/erf", (OneLessErfc, "traps-tiny-float32", "forward/output: ")),
    *wrong("special/erfc", (OneLessErf, "traps-tail-*", "forward/output: ")),
    *wrong("special/erfcx", (ErfcxByProduct, "*", "forward/output: ")),
    *wrong(
        "special/erfinv",
        (ErfinvPositive, "*", "forward/output: "),
        (ErfinvOfWinitzki, "*", "forward/output: "),
    ),
    *wrong(
        "special/digamma",
        (DigammaByStirling, "*", "forward/output: "),
        (DigammaAtTheOtherSide, "*", "forward/output: "),
    ),
    *wrong(
        "special/lgamma",
        (LogOfGamma, "*", "forward/output: "),
        (LgammaSigned, "*", "forward/output: "),
    ),
    *wrong("special/log_ndtr", (LogOfNdtr, "traps-*", "forward/output: ")),
    *wrong("special/ndtr", (NdtrWithoutRoot, "*", "forward/output: ")),
    *wrong("special/xlogy", (NanAtZeroX, "*", "differ in nan or inf")),
    *wrong("special/xlog1py", (LogOfOnePlus, "traps-*", "forward/output: ")),
    *wrong(
        "special/sinc",
        (SincWithoutPi, "*", "forward/output: "),
        (SincAtZero, "*", "backward/grad_input: "),
    ),
    *wrong("special/entr", (EntrOfLog2, "*", "forward/output: ")),
    *wrong("special/i0e", (ScaledWithoutSize, "*", "forward/output: ")),
    *wrong("special/i1", (EvenI1, "*", "forward/output: ")),
    *wrong("special/bessel_j0", (j0_leading, "traps-beyond-5-*", "forward/output: ")),
    *wrong(
        "special/bessel_j1",
        (j1_even, "*", "forward/output: "),
        (j1_phase, "traps-beyond-5-*", "forward/output: "),
        (j1_even_beyond, "traps-beyond-5-*", "forward/output: "),
    ),
    *wrong("special/gammainc", (GammaincSwapped, "*", "forward/output: ")),
    *wrong("special/gammaincc", (OneLessGammainc, "traps-tail-*", "forward/output: ")),
    *wrong("special/polygamma", (PolygammaUnsigned, "*", "forward/output: ")),
    *wrong("special/mvlgamma", (MvlgammaWithoutPi, "*", "forward/output: ")),
    *wrong("special/zeta", (ZetaOfRiemann, "*", "forward/output: ")),
)
