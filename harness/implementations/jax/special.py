"""Special functions: jax.scipy.special under torch's names."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import jax.scipy.special as sp


def bessel_j0(input: Any) -> Any:
    """jax.scipy.special.bessel_jn of order 0."""
    return sp.bessel_jn(input, v=0)[0]


def bessel_j1(input: Any) -> Any:
    """jax.scipy.special.bessel_jn of order 1."""
    return sp.bessel_jn(input, v=1)[1]


def mvlgamma(input: Any, *, p: int) -> Any:
    """jax.scipy.special.multigammaln."""
    return sp.multigammaln(input, p)


def polygamma(input: Any, *, n: int) -> Any:
    """jax.scipy.special.polygamma."""
    return sp.polygamma(n, input)


def xlog1py(input: Any, other: Any) -> Any:
    """jax.scipy.special.xlog1py."""
    return sp.xlog1py(input, other)


def xlogy(input: Any, other: Any) -> Any:
    """jax.scipy.special.xlogy."""
    return sp.xlogy(input, other)


def zeta(input: Any, other: Any) -> Any:
    """jax.scipy.special.zeta."""
    return sp.zeta(input, other)


SPECIAL = {
    "bessel_j0": bessel_j0,
    "bessel_j1": bessel_j1,
    "digamma": sp.digamma,
    "entr": sp.entr,
    "erf": sp.erf,
    "erfc": sp.erfc,
    "erfcx": sp.erfcx,
    "erfinv": sp.erfinv,
    "gammainc": sp.gammainc,
    "gammaincc": sp.gammaincc,
    "i0": sp.i0,
    "i0e": sp.i0e,
    "i1": sp.i1,
    "i1e": sp.i1e,
    "lgamma": sp.gammaln,
    "log_ndtr": sp.log_ndtr,
    "mvlgamma": mvlgamma,
    "ndtr": sp.ndtr,
    "ndtri": sp.ndtri,
    "polygamma": polygamma,
    "sinc": jnp.sinc,
    "xlog1py": xlog1py,
    "xlogy": xlogy,
    "zeta": zeta,
}
