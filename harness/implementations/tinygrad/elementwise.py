"""Arithmetic, comparison and bits: methods of Tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad import Tensor

from harness.errors import Unsupported
from harness.implementations.framework import Operator


def add(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """Tensor.add."""
    return input.add(other if alpha == 1 else other * alpha)


def sub(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """Tensor.sub."""
    return input.sub(other if alpha == 1 else other * alpha)


def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    """Tensor.clamp."""
    return input.clamp(min, max)


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """Tensor.div."""
    return input.div(other, rounding_mode=rounding_mode)


def floor_divide(input: Any, other: Any) -> Any:
    """Tensor's operator //."""
    return input // other


def isclose(input: Any, other: Any, *, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Tensor.isclose."""
    return input.isclose(other, rtol, atol, equal_nan)


def isinf(input: Any) -> Any:
    """Tensor.isinf."""
    return input.isinf()


def isneginf(input: Any) -> Any:
    """Tensor.isinf, for negative ones alone."""
    return input.isinf(detect_positive=False)


def isposinf(input: Any) -> Any:
    """Tensor.isinf, for positive ones alone."""
    return input.isinf(detect_negative=False)


def lerp(input: Any, end: Any, weight: Any) -> Any:
    """Tensor.lerp."""
    return input.lerp(end, weight)


def logical_and(input: Any, other: Any) -> Any:
    """Tensor.bool and the operator &."""
    return input.bool() & other.bool()


def logical_or(input: Any, other: Any) -> Any:
    """Tensor.bool and the operator |."""
    return input.bool() | other.bool()


def logical_xor(input: Any, other: Any) -> Any:
    """Tensor.bool and the operator ^."""
    return input.bool() ^ other.bool()


def power(input: Any, exponent: Any) -> Any:
    """Tensor.pow, where one of both is a tensor."""
    if isinstance(input, Tensor):
        return input.pow(exponent)
    return exponent.pow(input, reverse=True)


def rounded(input: Any, *, decimals: int = 0) -> Any:
    """Tensor.round, to integers only."""
    if decimals:
        raise Unsupported("Tensor.round rounds to integers")
    return input.round()


def where(condition: Any, input: Any, other: Any) -> Any:
    """Tensor.where."""
    return condition.where(input, other)


def _binary(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of two operands under torch's names, without its further ones (`reverse`)."""

    def operator(input: Any, other: Any) -> Any:
        return method(input, other)

    return operator


ELEMENTWISE: dict[str, Operator] = {
    "abs": Tensor.abs,
    "acos": Tensor.acos,
    "acosh": Tensor.acosh,
    "add": add,
    "asin": Tensor.asin,
    "asinh": Tensor.asinh,
    "atan": Tensor.atan,
    "atanh": Tensor.atanh,
    "bitwise_and": _binary(Tensor.bitwise_and),
    "bitwise_left_shift": _binary(Tensor.lshift),
    "bitwise_not": Tensor.bitwise_not,
    "bitwise_or": _binary(Tensor.bitwise_or),
    "bitwise_right_shift": _binary(Tensor.rshift),
    "bitwise_xor": _binary(Tensor.bitwise_xor),
    "ceil": Tensor.ceil,
    "clamp": clamp,
    "copysign": _binary(Tensor.copysign),
    "cos": Tensor.cos,
    "cosh": Tensor.cosh,
    "div": div,
    "eq": _binary(Tensor.eq),
    "exp": Tensor.exp,
    "exp2": Tensor.exp2,
    "floor": Tensor.floor,
    "floor_divide": floor_divide,
    "fmod": _binary(Tensor.fmod),
    "ge": _binary(Tensor.__ge__),
    "gt": _binary(Tensor.__gt__),
    "isclose": isclose,
    "isfinite": Tensor.isfinite,
    "isinf": isinf,
    "isnan": Tensor.isnan,
    "isneginf": isneginf,
    "isposinf": isposinf,
    "le": _binary(Tensor.__le__),
    "lerp": lerp,
    "log": Tensor.log,
    "log10": Tensor.log10,
    "log2": Tensor.log2,
    "logaddexp": _binary(Tensor.logaddexp),
    "logical_and": logical_and,
    "logical_not": Tensor.logical_not,
    "logical_or": logical_or,
    "logical_xor": logical_xor,
    "lt": _binary(Tensor.__lt__),
    "maximum": _binary(Tensor.maximum),
    "minimum": _binary(Tensor.minimum),
    "mul": _binary(Tensor.mul),
    "ne": _binary(Tensor.ne),
    "neg": Tensor.neg,
    "pow": power,
    "reciprocal": Tensor.reciprocal,
    "remainder": _binary(Tensor.mod),
    "round": rounded,
    "rsqrt": Tensor.rsqrt,
    "sign": Tensor.sign,
    "sin": Tensor.sin,
    "sinh": Tensor.sinh,
    "sqrt": Tensor.sqrt,
    "square": Tensor.square,
    "sub": sub,
    "tan": Tensor.tan,
    "trunc": Tensor.trunc,
    "where": where,
}
