"""What the elementwise operators share: torch's promotion of types, and two inputs that broadcast."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import reduce
from typing import Any, TypeAlias

import ml_dtypes
import numpy as np

from harness.implementations.numpy.pointwise import Pointwise, unbroadcast
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = [
    "Binary",
    "Dtype",
    "Number",
    "Real",
    "Unary",
    "as_floating",
    "gradients_of",
    "is_whole",
    "promoted",
    "together",
]

Number: TypeAlias = bool | int | float
Dtype: TypeAlias = np.dtype[Any]

_FLOAT32 = np.dtype(np.float32)
_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


# -- types


def is_whole(dtype: Dtype) -> bool:
    """Tell whether a dtype is one of integers or booleans."""
    return dtype.kind in "biu"


def as_floating(array: Array) -> Array:
    """Return integers and booleans as float32, as torch computes functions of real numbers; others as they are."""
    return array.astype(np.float32) if is_whole(array.dtype) else array


def promoted(*operands: Array | Number) -> Dtype:
    """Return the dtype of a result as torch.result_type does.

    Arrays with dimensions decide. Arrays without, and after them Python numbers, only count where they are of a higher
    kind: integer beside boolean, floating beside integer. A floating number is float32 then.
    """
    arrays = [operand for operand in operands if isinstance(operand, np.ndarray | np.generic)]
    numbers = [operand for operand in operands if not isinstance(operand, np.ndarray | np.generic)]
    groups = (
        [array.dtype for array in arrays if array.ndim],
        [array.dtype for array in arrays if not array.ndim],
        [_FLOAT32 if isinstance(number, float) else np.asarray(number).dtype for number in numbers],
    )
    highest = [reduce(_common, group) for group in groups if group]
    return reduce(lambda dtype, lower: lower if _kind(lower) > _kind(dtype) else dtype, highest)


def _kind(dtype: Dtype) -> int:
    """Return 0 for booleans, 1 for integers and 2 for floating numbers."""
    return 0 if dtype.kind == "b" else int(not is_whole(dtype)) + 1


def _common(one: Dtype, other: Dtype) -> Dtype:
    """Return the dtype of two of one rank; float16 and bfloat16 meet in float32."""
    if _kind(one) != _kind(other):
        return max(one, other, key=_kind)
    if one != other and _BFLOAT16 in (one, other):
        return max(one, other, _FLOAT32, key=lambda dtype: dtype.itemsize)
    return np.promote_types(one, other)


def together(dtype: Dtype, *operands: Array | Number) -> tuple[Array, ...]:
    """Return the operands in the dtype to compute a result of `dtype` in: half precision in float32."""
    wide = widen(np.empty(0, dtype)).dtype if not is_whole(dtype) else dtype
    return tuple(np.asarray(operand).astype(wide) for operand in operands)


def gradients_of(inputs: tuple[Array, ...], gradients: tuple[Array, ...]) -> tuple[Array, ...]:
    """Return the gradients of the floating ones among `inputs`, each in the shape and dtype of its input."""
    pairs = zip(inputs, gradients, strict=True)
    return tuple(narrow(unbroadcast(dx, x.shape), like=x) for x, dx in pairs if not is_whole(x.dtype))


# -- operators


class Unary(Pointwise):
    """y = value(x) and dx = dy * slope(x), x floating; integers and booleans are taken as float32. x, y: any shape."""

    def forward(self, input: Array) -> Array:
        """Return y; the input is kept for `backward`."""
        return super().forward(as_floating(input))


class Binary(ABC):
    """y = value(x, z), and dx and dz = gradients(dy, x, z). x, z: any shapes that broadcast to that of y.

    The type of y is that of both together, and they are computed with in that type. `other` may also be a Python
    number, given as a param.
    """

    def __init__(self, other: Number | None = None) -> None:
        """Take the second operand where it is a number and no array."""
        self.number = other

    @abstractmethod
    def value(self, x: Array, z: Array) -> Array:
        """Return y."""

    @abstractmethod
    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z in the shape of y."""

    def result_type(self, *operands: Array | Number) -> Dtype:
        """Return the dtype of y."""
        return promoted(*operands)

    @nan_is_meant
    def forward(self, input: Array, other: Array | None = None) -> Array:
        """Return y; both inputs are kept for `backward`."""
        second: Any = self.number if other is None else other
        self.inputs = (input,) if other is None else (input, other)
        dtype = self.result_type(input, second)
        self.x, self.z = together(dtype, input, second)
        return np.asarray(self.value(self.x, self.z), dtype=dtype)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of the floating inputs."""
        both = self.gradients(widen(grad_output), self.x, self.z)
        return gradients_of(self.inputs, both[: len(self.inputs)])


class Real(Binary):
    """A function of two real numbers: integers and booleans are taken as float32."""

    def result_type(self, *operands: Array | Number) -> Dtype:
        """Return the dtype of y."""
        dtype = promoted(*operands)
        return _FLOAT32 if is_whole(dtype) else dtype
