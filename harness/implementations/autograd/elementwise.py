"""Elementwise operators and special functions: autograd.numpy and autograd.scipy.special under torch's names."""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
import autograd.scipy.special as sp

from harness.errors import Unsupported


def add(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """anp.add."""
    return anp.add(input, other if alpha == 1 else alpha * other)


def sub(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """anp.subtract."""
    return anp.subtract(input, other if alpha == 1 else alpha * other)


def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """Add value times a quotient."""
    return input + value * (tensor1 / tensor2)


def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """Add value times a product."""
    return input + value * (tensor1 * tensor2)


def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    """anp.clip."""
    return anp.clip(input, min, max)


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """anp.divide, anp.floor_divide, and for "trunc" anp.trunc, of floating numbers."""
    if rounding_mode == "floor":
        return anp.floor_divide(input, other)
    if rounding_mode is None:
        return anp.divide(input, other)
    if anp.result_type(input.dtype, other.dtype).kind in "iu":
        raise Unsupported("NumPy does not truncate quotients of integers")
    return anp.trunc(anp.divide(input, other))


def lerp(input: Any, end: Any, weight: Any) -> Any:
    """Go from one to the other by a weight."""
    return input + weight * (end - input)


def logit(input: Any, *, eps: float | None = None) -> Any:
    """autograd.scipy.special.logit, of anp.clip when eps is given."""
    return sp.logit(input if eps is None else anp.clip(input, eps, 1 - eps))


def nan_to_num(input: Any, *, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """anp.nan_to_num."""
    return anp.nan_to_num(input, nan=nan, posinf=posinf, neginf=neginf)


def pow(input: Any, exponent: Any) -> Any:  # noqa: A001 - torch's own name
    """anp.power."""
    return anp.power(input, exponent)


def remainder(input: Any, other: Any) -> Any:
    """anp.remainder."""
    return anp.remainder(input, other)


def mvlgamma(input: Any, *, p: int) -> Any:
    """autograd.scipy.special.multigammaln."""
    return sp.multigammaln(input, p)


def polygamma(input: Any, *, n: int) -> Any:
    """autograd.scipy.special.polygamma."""
    return sp.polygamma(n, input)


ELEMENTWISE = {
    "abs": anp.abs,
    "acos": anp.arccos,
    "acosh": anp.arccosh,
    "add": add,
    "addcdiv": addcdiv,
    "addcmul": addcmul,
    "asin": anp.arcsin,
    "asinh": anp.arcsinh,
    "atan": anp.arctan,
    "atan2": anp.arctan2,
    "atanh": anp.arctanh,
    "bessel_j0": sp.j0,
    "bessel_j1": sp.j1,
    "ceil": anp.ceil,
    "clamp": clamp,
    "cos": anp.cos,
    "cosh": anp.cosh,
    "deg2rad": anp.deg2rad,
    "digamma": sp.psi,
    "div": div,
    "erf": sp.erf,
    "erfc": sp.erfc,
    "erfinv": sp.erfinv,
    "exp": anp.exp,
    "exp2": anp.exp2,
    "expm1": anp.expm1,
    "floor": anp.floor,
    "fmax": anp.fmax,
    "fmin": anp.fmin,
    "gammainc": sp.gammainc,
    "gammaincc": sp.gammaincc,
    "hypot": anp.hypot,
    "i0": sp.i0,
    "i1": sp.i1,
    "lerp": lerp,
    "lgamma": sp.gammaln,
    "log": anp.log,
    "log10": anp.log10,
    "log1p": anp.log1p,
    "log2": anp.log2,
    "logaddexp": anp.logaddexp,
    "logaddexp2": anp.logaddexp2,
    "logit": logit,
    "maximum": anp.maximum,
    "minimum": anp.minimum,
    "mul": anp.multiply,
    "mvlgamma": mvlgamma,
    "nan_to_num": nan_to_num,
    "neg": anp.negative,
    "polygamma": polygamma,
    "pow": pow,
    "rad2deg": anp.rad2deg,
    "reciprocal": anp.reciprocal,
    "remainder": remainder,
    "sign": anp.sign,
    "sin": anp.sin,
    "sinc": anp.sinc,
    "sinh": anp.sinh,
    "sqrt": anp.sqrt,
    "square": anp.square,
    "sub": sub,
    "tan": anp.tan,
    "tanh": anp.tanh,
    "trunc": anp.trunc,
    "where": anp.where,
}
