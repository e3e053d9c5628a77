"""Elementwise operators of one argument."""

from __future__ import annotations

from collections.abc import Callable

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.onnxruntime.graph import Value, cast, node


def _one(op: str, *, dtype: type | None = None) -> Callable[[Value], Value]:
    """Return the operator that is one node of one input."""

    def operator(input: Value) -> Value:
        return node(op, input, dtype=dtype)

    operator.__doc__ = f"{op}."
    return operator


def clamp(input: Value, min: Value | float | None = None, max: Value | float | None = None) -> Value:
    """Clip between two scalars, Max and Min of two tensors, which Clip does not take."""
    if isinstance(min, Value) or isinstance(max, Value):
        low = input if min is None else node("Max", input, min)
        return low if max is None else node("Min", low, max)
    return node("Clip", input, min, max)


def isfinite(input: Value) -> Value:
    """Not of IsInf or IsNaN."""
    odd = node("Or", node("IsInf", input, dtype=bool), node("IsNaN", input, dtype=bool))
    return node("Not", odd)


def isposinf(input: Value) -> Value:
    """IsInf, the positive one."""
    return node("IsInf", input, dtype=bool, detect_negative=0)


def isneginf(input: Value) -> Value:
    """IsInf, the negative one."""
    return node("IsInf", input, dtype=bool, detect_positive=0)


def logical_not(input: Value) -> Value:
    """Not, of a Cast to booleans."""
    return node("Not", cast(input, bool))


def round(input: Value, *, decimals: int = 0) -> Value:  # noqa: A001
    """Round, half to even."""
    if decimals:
        raise Unsupported("Round has no decimals")
    return node("Round", input)


def rsqrt(input: Value) -> Value:
    """Reciprocal of Sqrt."""
    return node("Reciprocal", node("Sqrt", input))


def square(input: Value) -> Value:
    """Mul with itself."""
    return input * input


UNARY: dict[str, Operator] = {
    "abs": _one("Abs"),
    "acos": _one("Acos"),
    "acosh": _one("Acosh"),
    "asin": _one("Asin"),
    "asinh": _one("Asinh"),
    "atan": _one("Atan"),
    "atanh": _one("Atanh"),
    "bitwise_not": _one("BitwiseNot"),
    "ceil": _one("Ceil"),
    "clamp": clamp,
    "cos": _one("Cos"),
    "cosh": _one("Cosh"),
    "erf": _one("Erf"),
    "exp": _one("Exp"),
    "floor": _one("Floor"),
    "isfinite": isfinite,
    "isinf": _one("IsInf", dtype=bool),
    "isnan": _one("IsNaN", dtype=bool),
    "isneginf": isneginf,
    "isposinf": isposinf,
    "log": _one("Log"),
    "logical_not": logical_not,
    "neg": _one("Neg"),
    "reciprocal": _one("Reciprocal"),
    "round": round,
    "rsqrt": rsqrt,
    "sign": _one("Sign"),
    "sin": _one("Sin"),
    "sinh": _one("Sinh"),
    "sqrt": _one("Sqrt"),
    "square": square,
    "tan": _one("Tan"),
}
