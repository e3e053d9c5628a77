"""Elementwise operators of two and three arguments. ONNX broadcasts, and never promotes dtypes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.onnxruntime.graph import Value, cast, node


def _two(op: str, *, dtype: type | None = None) -> Callable[[Value, Any], Value]:
    """Return the operator that is one node of two inputs, the second a tensor or a number."""

    def operator(input: Value, other: Any) -> Value:
        return node(op, input, other, dtype=dtype)

    operator.__doc__ = f"{op}."
    return operator


def _logical(op: str) -> Callable[[Value, Value], Value]:
    def operator(input: Value, other: Value) -> Value:
        return node(op, cast(input, bool), cast(other, bool))

    operator.__doc__ = f"{op}, of Casts to booleans."
    return operator


def _shift(direction: str) -> Callable[[Value, Any], Value]:
    def operator(input: Value, other: Any) -> Value:
        return node("BitShift", input, other, direction=direction)

    operator.__doc__ = f"BitShift {direction}."
    return operator


def add(input: Value, other: Value, *, alpha: float = 1) -> Value:
    """Add, of Mul with alpha."""
    return input + (other if alpha == 1 else other * alpha)


def addcdiv(input: Value, tensor1: Value, tensor2: Value, *, value: float = 1) -> Value:
    """Add, of Mul with the value of Div."""
    quotient = tensor1 / tensor2
    return input + (quotient if value == 1 else quotient * value)


def addcmul(input: Value, tensor1: Value, tensor2: Value, *, value: float = 1) -> Value:
    """Add, of Mul with the value of Mul."""
    product = tensor1 * tensor2
    return input + (product if value == 1 else product * value)


def div(input: Value, other: Value, *, rounding_mode: str | None = None) -> Value:
    """Div, which truncates integers."""
    if rounding_mode == "floor":
        raise Unsupported("there is no division that rounds down")
    if input.floating == (rounding_mode == "trunc"):
        raise Unsupported("Div truncates integers and nothing else")
    return input / other


def float_power(input: Value, exponent: Any) -> Value:
    """Pow of Casts to float64."""
    power = cast(exponent, np.float64) if isinstance(exponent, Value) else float(exponent)
    return node("Pow", cast(input, np.float64), power)


def fmod(input: Value, other: Any) -> Value:
    """Mod with the sign of the dividend."""
    return node("Mod", input, other, fmod=1)


def ne(input: Value, other: Any) -> Value:
    """Not of Equal."""
    return node("Not", node("Equal", input, other, dtype=bool))


def pow(input: Value, exponent: Any) -> Value:  # noqa: A001
    """Pow."""
    return node("Pow", input, exponent)


def sub(input: Value, other: Value, *, alpha: float = 1) -> Value:
    """Sub, of Mul with alpha."""
    return input - (other if alpha == 1 else other * alpha)


def where(condition: Value, input: Value, other: Value) -> Value:
    """Where."""
    return node("Where", condition, input, other, dtype=input.dtype)


BINARY: dict[str, Operator] = {
    "add": add,
    "addcdiv": addcdiv,
    "addcmul": addcmul,
    "bitwise_and": _two("BitwiseAnd"),
    "bitwise_left_shift": _shift("LEFT"),
    "bitwise_or": _two("BitwiseOr"),
    "bitwise_right_shift": _shift("RIGHT"),
    "bitwise_xor": _two("BitwiseXor"),
    "div": div,
    "eq": _two("Equal", dtype=bool),
    "float_power": float_power,
    "fmod": fmod,
    "ge": _two("GreaterOrEqual", dtype=bool),
    "gt": _two("Greater", dtype=bool),
    "le": _two("LessOrEqual", dtype=bool),
    "logical_and": _logical("And"),
    "logical_or": _logical("Or"),
    "logical_xor": _logical("Xor"),
    "lt": _two("Less", dtype=bool),
    "maximum": _two("Max"),
    "minimum": _two("Min"),
    "mul": _two("Mul"),
    "ne": ne,
    "pow": pow,
    "remainder": _two("Mod"),
    "sub": sub,
    "where": where,
}
