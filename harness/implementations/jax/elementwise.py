"""Elementwise operators: jax.numpy under torch's names."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special


def add(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """jnp.add."""
    return jnp.add(input, other if alpha == 1 else alpha * other)


def sub(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """jnp.subtract."""
    return jnp.subtract(input, other if alpha == 1 else alpha * other)


def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """Add value times a quotient."""
    return input + value * (tensor1 / tensor2)


def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """Add value times a product."""
    return input + value * (tensor1 * tensor2)


def bitwise_and(input: Any, other: Any) -> Any:
    """jnp.bitwise_and."""
    return jnp.bitwise_and(input, other)


def bitwise_left_shift(input: Any, other: Any) -> Any:
    """jnp.left_shift."""
    return jnp.left_shift(input, other)


def bitwise_or(input: Any, other: Any) -> Any:
    """jnp.bitwise_or."""
    return jnp.bitwise_or(input, other)


def bitwise_right_shift(input: Any, other: Any) -> Any:
    """jnp.right_shift."""
    return jnp.right_shift(input, other)


def bitwise_xor(input: Any, other: Any) -> Any:
    """jnp.bitwise_xor."""
    return jnp.bitwise_xor(input, other)


def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    """jnp.clip."""
    return jnp.clip(input, min, max)


def copysign(input: Any, other: Any) -> Any:
    """jnp.copysign."""
    return jnp.copysign(input, other)


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """jnp.divide, jnp.floor_divide; for "trunc" jnp.trunc, and of integers lax.div, which truncates."""
    if rounding_mode == "floor":
        return jnp.floor_divide(input, other)
    if rounding_mode is None:
        return jnp.divide(input, other)
    dtype = jnp.result_type(input, other)
    if jnp.issubdtype(dtype, jnp.integer):
        pair = jnp.broadcast_arrays(input, other)
        return jax.lax.div(*(each.astype(dtype) for each in pair))
    return jnp.trunc(jnp.divide(input, other))


def eq(input: Any, other: Any) -> Any:
    """jnp.equal."""
    return jnp.equal(input, other)


def float_power(input: Any, exponent: Any) -> Any:
    """jnp.float_power."""
    return jnp.float_power(input, exponent)


def fmod(input: Any, other: Any) -> Any:
    """jnp.fmod."""
    return jnp.fmod(input, other)


def frac(input: Any) -> Any:
    """jnp.modf."""
    return jnp.modf(input)[0]


def ge(input: Any, other: Any) -> Any:
    """jnp.greater_equal."""
    return jnp.greater_equal(input, other)


def gt(input: Any, other: Any) -> Any:
    """jnp.greater."""
    return jnp.greater(input, other)


def isclose(input: Any, other: Any, *, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """jnp.isclose."""
    return jnp.isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


def le(input: Any, other: Any) -> Any:
    """jnp.less_equal."""
    return jnp.less_equal(input, other)


def lerp(input: Any, end: Any, weight: Any) -> Any:
    """Go from one to the other by a weight."""
    return input + weight * (end - input)


def logit(input: Any, *, eps: float | None = None) -> Any:
    """jax.scipy.special.logit, of jnp.clip when eps is given."""
    return jax.scipy.special.logit(input if eps is None else jnp.clip(input, eps, 1 - eps))


def lt(input: Any, other: Any) -> Any:
    """jnp.less."""
    return jnp.less(input, other)


def nan_to_num(input: Any, *, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """jnp.nan_to_num."""
    return jnp.nan_to_num(input, nan=nan, posinf=posinf, neginf=neginf)


def ne(input: Any, other: Any) -> Any:
    """jnp.not_equal."""
    return jnp.not_equal(input, other)


def pow(input: Any, exponent: Any) -> Any:  # noqa: A001 - torch's own name
    """jnp.power."""
    return jnp.power(input, exponent)


def remainder(input: Any, other: Any) -> Any:
    """jnp.remainder."""
    return jnp.remainder(input, other)


def round(input: Any, *, decimals: int = 0) -> Any:  # noqa: A001 - torch's own name
    """jnp.round."""
    return jnp.round(input, decimals)


ELEMENTWISE = {
    "abs": jnp.abs,
    "acos": jnp.arccos,
    "acosh": jnp.arccosh,
    "add": add,
    "addcdiv": addcdiv,
    "addcmul": addcmul,
    "asin": jnp.arcsin,
    "asinh": jnp.arcsinh,
    "atan": jnp.arctan,
    "atan2": jnp.arctan2,
    "atanh": jnp.arctanh,
    "bitwise_and": bitwise_and,
    "bitwise_left_shift": bitwise_left_shift,
    "bitwise_not": jnp.bitwise_not,
    "bitwise_or": bitwise_or,
    "bitwise_right_shift": bitwise_right_shift,
    "bitwise_xor": bitwise_xor,
    "ceil": jnp.ceil,
    "clamp": clamp,
    "copysign": copysign,
    "cos": jnp.cos,
    "cosh": jnp.cosh,
    "deg2rad": jnp.deg2rad,
    "div": div,
    "eq": eq,
    "exp": jnp.exp,
    "exp2": jnp.exp2,
    "expm1": jnp.expm1,
    "float_power": float_power,
    "floor": jnp.floor,
    "floor_divide": jnp.floor_divide,
    "fmax": jnp.fmax,
    "fmin": jnp.fmin,
    "fmod": fmod,
    "frac": frac,
    "frexp": jnp.frexp,
    "gcd": jnp.gcd,
    "ge": ge,
    "gt": gt,
    "heaviside": jnp.heaviside,
    "hypot": jnp.hypot,
    "isclose": isclose,
    "isfinite": jnp.isfinite,
    "isinf": jnp.isinf,
    "isnan": jnp.isnan,
    "isneginf": jnp.isneginf,
    "isposinf": jnp.isposinf,
    "lcm": jnp.lcm,
    "ldexp": jnp.ldexp,
    "le": le,
    "lerp": lerp,
    "log": jnp.log,
    "log10": jnp.log10,
    "log1p": jnp.log1p,
    "log2": jnp.log2,
    "logaddexp": jnp.logaddexp,
    "logaddexp2": jnp.logaddexp2,
    "logical_and": jnp.logical_and,
    "logical_not": jnp.logical_not,
    "logical_or": jnp.logical_or,
    "logical_xor": jnp.logical_xor,
    "logit": logit,
    "lt": lt,
    "maximum": jnp.maximum,
    "minimum": jnp.minimum,
    "mul": jnp.multiply,
    "nan_to_num": nan_to_num,
    "ne": ne,
    "neg": jnp.negative,
    "nextafter": jnp.nextafter,
    "pow": pow,
    "rad2deg": jnp.rad2deg,
    "reciprocal": jnp.reciprocal,
    "remainder": remainder,
    "round": round,
    "rsqrt": jax.lax.rsqrt,
    "sign": jnp.sign,
    "signbit": jnp.signbit,
    "sin": jnp.sin,
    "sinh": jnp.sinh,
    "sqrt": jnp.sqrt,
    "square": jnp.square,
    "sub": sub,
    "tan": jnp.tan,
    "trunc": jnp.trunc,
    "where": jnp.where,
}
