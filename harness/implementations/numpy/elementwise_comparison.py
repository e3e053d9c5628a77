"""Questions to numbers in NumPy: comparisons, tests, logic and bits. The answers of most are booleans; no gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from harness.implementations.numpy.elementwise import Number, promoted
from harness.implementations.numpy.precision import Array, nan_is_meant, widen

__all__ = [
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "eq",
    "gcd",
    "ge",
    "gt",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "lcm",
    "le",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "lt",
    "ne",
    "signbit",
]

Operand = Array | Number


@nan_is_meant
def _of_both(function: Callable[[Array, Array], Any], input: Array, other: Operand) -> Array:
    """Return what `function` says of both operands in their common type, to which a Python number is rounded too."""
    dtype = promoted(input, other)
    return np.asarray(function(np.asarray(input).astype(dtype), np.asarray(other).astype(dtype)))


# -- comparisons


def eq(input: Array, other: Operand) -> Array:
    """Return input == other. torch.eq."""
    return _of_both(np.equal, input, other)


def ne(input: Array, other: Operand) -> Array:
    """Return input != other, true where one is nan. torch.ne."""
    return _of_both(np.not_equal, input, other)


def lt(input: Array, other: Operand) -> Array:
    """Return input < other. torch.lt."""
    return _of_both(np.less, input, other)


def le(input: Array, other: Operand) -> Array:
    """Return input <= other. torch.le."""
    return _of_both(np.less_equal, input, other)


def gt(input: Array, other: Operand) -> Array:
    """Return input > other. torch.gt."""
    return _of_both(np.greater, input, other)


def ge(input: Array, other: Operand) -> Array:
    """Return input >= other. torch.ge."""
    return _of_both(np.greater_equal, input, other)


@nan_is_meant
def isclose(input: Array, other: Array, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Array:
    """Return |input - other| <= atol + rtol |other|; what is equal is close, and inf to nothing else. torch.isclose."""
    x, z = widen(input), widen(other)
    near = np.isfinite(z) & (np.abs(x - z) <= atol + rtol * np.abs(z))
    both_nan = np.isnan(x) & np.isnan(z) & equal_nan
    return np.asarray((x == z) | near | both_nan)


# -- tests of one number


def isnan(input: Array) -> Array:
    """Return where the input is nan. torch.isnan."""
    return np.asarray(np.isnan(widen(input)))


def isinf(input: Array) -> Array:
    """Return where the input is inf or -inf. torch.isinf."""
    return np.asarray(np.isinf(widen(input)))


def isposinf(input: Array) -> Array:
    """Return where the input is inf. torch.isposinf."""
    return np.asarray(widen(input) == np.inf)


def isneginf(input: Array) -> Array:
    """Return where the input is -inf. torch.isneginf."""
    return np.asarray(widen(input) == -np.inf)


def isfinite(input: Array) -> Array:
    """Return where the input is neither inf nor nan. torch.isfinite."""
    return np.asarray(np.isfinite(widen(input)))


def signbit(input: Array) -> Array:
    """Return where the sign bit is set, that of -0 too. torch.signbit."""
    return np.asarray(np.signbit(widen(input)))


# -- logic: whatever is not 0 is true, nan too


def logical_not(input: Array) -> Array:
    """Return where the input is 0. torch.logical_not."""
    return np.logical_not(widen(input))


def logical_and(input: Array, other: Array) -> Array:
    """Return where both are true. torch.logical_and."""
    return _of_both(np.logical_and, input, other)


def logical_or(input: Array, other: Array) -> Array:
    """Return where either is true. torch.logical_or."""
    return _of_both(np.logical_or, input, other)


def logical_xor(input: Array, other: Array) -> Array:
    """Return where one is true and the other is not. torch.logical_xor."""
    return _of_both(np.logical_xor, input, other)


# -- bits of integers, and their divisors


def bitwise_not(input: Array) -> Array:
    """Return every bit turned. torch.bitwise_not."""
    return np.invert(input)


def bitwise_and(input: Array, other: Operand) -> Array:
    """Return the bits that are set in both. torch.bitwise_and."""
    return _of_both(np.bitwise_and, input, other)


def bitwise_or(input: Array, other: Operand) -> Array:
    """Return the bits that are set in either. torch.bitwise_or."""
    return _of_both(np.bitwise_or, input, other)


def bitwise_xor(input: Array, other: Operand) -> Array:
    """Return the bits that are set in one and not in the other. torch.bitwise_xor."""
    return _of_both(np.bitwise_xor, input, other)


def bitwise_left_shift(input: Array, other: Operand) -> Array:
    """Return input 2^other; bits that leave the type are lost. torch.bitwise_left_shift."""
    return _of_both(np.left_shift, input, other)


def bitwise_right_shift(input: Array, other: Operand) -> Array:
    """Return input / 2^other rounded down. torch.bitwise_right_shift."""
    return _of_both(np.right_shift, input, other)


def gcd(input: Array, other: Array) -> Array:
    """Return the greatest common divisor, never negative. torch.gcd."""
    return _of_both(np.gcd, input, other)


def lcm(input: Array, other: Array) -> Array:
    """Return the least common multiple, never negative. torch.lcm."""
    return _of_both(np.lcm, input, other)
