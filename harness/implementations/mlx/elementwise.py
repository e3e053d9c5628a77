"""Arithmetic, comparison and bits of mlx.core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx

from harness.errors import Unsupported
from harness.implementations.framework import Operator


def add(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """mx.add."""
    return mx.add(input, other if alpha == 1 else other * alpha)


def sub(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """mx.subtract."""
    return mx.subtract(input, other if alpha == 1 else other * alpha)


def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    """mx.clip."""
    return mx.clip(input, min, max)


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """mx.divide and mx.floor_divide."""
    if rounding_mode == "trunc":
        raise Unsupported("mlx has no division that truncates")
    return mx.floor_divide(input, other) if rounding_mode == "floor" else mx.divide(input, other)


def isclose(input: Any, other: Any, *, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """mx.isclose."""
    return mx.isclose(input, other, rtol, atol, equal_nan=equal_nan)


def nan_to_num(
    input: Any, *, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Any:
    """mx.nan_to_num."""
    return mx.nan_to_num(input, nan or 0.0, posinf, neginf)


def power(input: Any, exponent: Any) -> Any:
    """mx.power."""
    return mx.power(input, exponent)


def rounded(input: Any, *, decimals: int = 0) -> Any:
    """mx.round."""
    return mx.round(input, decimals)


def where(condition: Any, input: Any, other: Any) -> Any:
    """mx.where."""
    return mx.where(condition, input, other)


def _unary(function: Callable[..., Any]) -> Operator:
    def operator(input: Any) -> Any:
        return function(input)

    return operator


def _binary(function: Callable[..., Any]) -> Operator:
    def operator(input: Any, other: Any) -> Any:
        return function(input, other)

    return operator


ELEMENTWISE: dict[str, Operator] = {
    "abs": _unary(mx.abs),
    "acos": _unary(mx.arccos),
    "acosh": _unary(mx.arccosh),
    "add": add,
    "asin": _unary(mx.arcsin),
    "asinh": _unary(mx.arcsinh),
    "atan": _unary(mx.arctan),
    "atan2": _binary(mx.arctan2),
    "atanh": _unary(mx.arctanh),
    "bitwise_and": _binary(mx.bitwise_and),
    "bitwise_left_shift": _binary(mx.left_shift),
    "bitwise_not": _unary(mx.bitwise_invert),
    "bitwise_or": _binary(mx.bitwise_or),
    "bitwise_right_shift": _binary(mx.right_shift),
    "bitwise_xor": _binary(mx.bitwise_xor),
    "ceil": _unary(mx.ceil),
    "clamp": clamp,
    "cos": _unary(mx.cos),
    "cosh": _unary(mx.cosh),
    "deg2rad": _unary(mx.radians),
    "div": div,
    "eq": _binary(mx.equal),
    "erf": _unary(mx.erf),
    "erfinv": _unary(mx.erfinv),
    "exp": _unary(mx.exp),
    "expm1": _unary(mx.expm1),
    "floor": _unary(mx.floor),
    "floor_divide": _binary(mx.floor_divide),
    "ge": _binary(mx.greater_equal),
    "gt": _binary(mx.greater),
    "isclose": isclose,
    "isfinite": _unary(mx.isfinite),
    "isinf": _unary(mx.isinf),
    "isnan": _unary(mx.isnan),
    "isneginf": _unary(mx.isneginf),
    "isposinf": _unary(mx.isposinf),
    "le": _binary(mx.less_equal),
    "log": _unary(mx.log),
    "log10": _unary(mx.log10),
    "log1p": _unary(mx.log1p),
    "log2": _unary(mx.log2),
    "logaddexp": _binary(mx.logaddexp),
    "logical_and": _binary(mx.logical_and),
    "logical_not": _unary(mx.logical_not),
    "logical_or": _binary(mx.logical_or),
    "logical_xor": _binary(mx.logical_xor),
    "lt": _binary(mx.less),
    "maximum": _binary(mx.maximum),
    "minimum": _binary(mx.minimum),
    "mul": _binary(mx.multiply),
    "nan_to_num": nan_to_num,
    "ne": _binary(mx.not_equal),
    "neg": _unary(mx.negative),
    "pow": power,
    "rad2deg": _unary(mx.degrees),
    "reciprocal": _unary(mx.reciprocal),
    "remainder": _binary(mx.remainder),
    "round": rounded,
    "rsqrt": _unary(mx.rsqrt),
    "sign": _unary(mx.sign),
    "sin": _unary(mx.sin),
    "sinh": _unary(mx.sinh),
    "sqrt": _unary(mx.sqrt),
    "square": _unary(mx.square),
    "sub": sub,
    "tan": _unary(mx.tan),
    "trunc": _unary(mx.trunc),
    "where": where,
}
