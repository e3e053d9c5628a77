"""Elementwise operators of keras.ops."""

from __future__ import annotations

from typing import Any

from keras import ops

from harness.implementations.keras.shared import by_position

_DIVISIONS = {None: ops.divide, "floor": ops.floor_divide, "trunc": lambda a, b: ops.trunc(ops.divide(a, b))}


def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    """keras.ops.clip, or one half of it."""
    if min is None:
        return ops.minimum(input, max)
    return ops.maximum(input, min) if max is None else ops.clip(input, min, max)


def div(input: Any, other: Any, rounding_mode: str | None = None) -> Any:
    """keras.ops.divide, floor_divide, or the division truncated."""
    return _DIVISIONS[rounding_mode](input, other)


def isclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """keras.ops.isclose."""
    return ops.isclose(input, other, rtol, atol, equal_nan)


def nan_to_num(input: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """keras.ops.nan_to_num."""
    return ops.nan_to_num(input, nan, posinf, neginf)


def power(input: Any, exponent: Any) -> Any:
    """keras.ops.power."""
    return ops.power(input, exponent)


def round_(input: Any, decimals: int = 0) -> Any:
    """keras.ops.round."""
    return ops.round(input, decimals)


_OF_TWO = {
    "add": ops.add,
    "atan2": ops.arctan2,
    "bitwise_and": ops.bitwise_and,
    "bitwise_left_shift": ops.bitwise_left_shift,
    "bitwise_or": ops.bitwise_or,
    "bitwise_right_shift": ops.bitwise_right_shift,
    "bitwise_xor": ops.bitwise_xor,
    "eq": ops.equal,
    "floor_divide": ops.floor_divide,
    "fmax": ops.fmax,
    "fmin": ops.fmin,
    "fmod": ops.fmod,
    "gcd": ops.gcd,
    "ge": ops.greater_equal,
    "gt": ops.greater,
    "heaviside": ops.heaviside,
    "hypot": ops.hypot,
    "lcm": ops.lcm,
    "ldexp": ops.ldexp,
    "le": ops.less_equal,
    "logaddexp": ops.logaddexp,
    "logaddexp2": ops.logaddexp2,
    "logical_and": ops.logical_and,
    "logical_or": ops.logical_or,
    "logical_xor": ops.logical_xor,
    "lt": ops.less,
    "maximum": ops.maximum,
    "minimum": ops.minimum,
    "mul": ops.multiply,
    "ne": ops.not_equal,
    "nextafter": ops.nextafter,
    "remainder": ops.mod,
    "sub": ops.subtract,
}

ELEMENTWISE = {
    **{name: by_position(function) for name, function in _OF_TWO.items()},
    "abs": ops.abs,
    "acos": ops.arccos,
    "acosh": ops.arccosh,
    "asin": ops.arcsin,
    "asinh": ops.arcsinh,
    "atan": ops.arctan,
    "atanh": ops.arctanh,
    "bitwise_not": ops.bitwise_not,
    "ceil": ops.ceil,
    "clamp": clamp,
    "cos": ops.cos,
    "cosh": ops.cosh,
    "deg2rad": ops.deg2rad,
    "div": div,
    "exp": ops.exp,
    "exp2": ops.exp2,
    "expm1": ops.expm1,
    "floor": ops.floor,
    "isclose": isclose,
    "isfinite": ops.isfinite,
    "isinf": ops.isinf,
    "isnan": ops.isnan,
    "isneginf": ops.isneginf,
    "isposinf": ops.isposinf,
    "log": ops.log,
    "log10": ops.log10,
    "log1p": ops.log1p,
    "log2": ops.log2,
    "logical_not": ops.logical_not,
    "nan_to_num": nan_to_num,
    "neg": ops.negative,
    "pow": power,
    "rad2deg": ops.rad2deg,
    "reciprocal": ops.reciprocal,
    "round": round_,
    "rsqrt": ops.rsqrt,
    "sign": ops.sign,
    "signbit": ops.signbit,
    "sin": ops.sin,
    "sinh": ops.sinh,
    "sqrt": ops.sqrt,
    "square": ops.square,
    "tan": ops.tan,
    "trunc": ops.trunc,
    "where": ops.where,
    # special functions
    "erf": ops.erf,
    "erfc": ops.erfc,
    "erfinv": ops.erfinv,
    "i0": ops.i0,
    "sinc": ops.sinc,
}
