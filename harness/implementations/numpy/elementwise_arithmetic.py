"""Arithmetic in NumPy: sums, products, quotients and their remainders, the larger and the smaller of two."""

from __future__ import annotations

import numpy as np

from harness.errors import Unsupported
from harness.implementations.numpy.elementwise import Binary, Dtype, Number, Real, is_whole
from harness.implementations.numpy.pointwise import Pointwise
from harness.implementations.numpy.precision import Array

__all__ = [
    "Abs",
    "Add",
    "Div",
    "Fmax",
    "Fmin",
    "Fmod",
    "Maximum",
    "Minimum",
    "Mul",
    "Neg",
    "Remainder",
    "Square",
    "Sub",
    "floor_divide",
]


# -- one input: integers stay integers


class Neg(Pointwise):
    """y = -x, dy/dx = -1. torch.neg."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.negative(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.full_like(x, -1)


class Abs(Pointwise):
    """y = |x|, dy/dx = sign(x): 0 at 0. torch.abs."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.abs(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx; torch gives nan the sign 0."""
        return np.asarray((x > 0).astype(x.dtype) - (x < 0).astype(x.dtype))


class Square(Pointwise):
    """y = x^2, dy/dx = 2 x. torch.square."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.square(x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return 2 * x


# -- sums and products


class Add(Binary):
    """y = x + alpha z, dx = dy, dz = alpha dy. torch.add. Of booleans it is the disjunction."""

    def __init__(self, alpha: Number = 1) -> None:
        """Take the factor of the second input."""
        super().__init__()
        self.alpha = alpha

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        return np.asarray(x + z * np.asarray(self.alpha, dtype=z.dtype))

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:  # noqa: ARG002 - they are constant
        """Return the gradients of x and z."""
        return dy, dy * self.alpha


class Sub(Add):
    """y = x - alpha z, dx = dy, dz = -alpha dy. torch.sub."""

    def __init__(self, alpha: Number = 1) -> None:
        """Take the factor of the second input."""
        super().__init__(-alpha)

    def value(self, x: Array, z: Array) -> Array:
        """Return y; unsigned integers hold no negative factor."""
        return np.asarray(x - z * np.asarray(-self.alpha, dtype=z.dtype))


class Mul(Binary):
    """y = x z, dx = dy z, dz = dy x. torch.mul. Of booleans it is the conjunction."""

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        return np.asarray(x * z)

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        return dy * z, dy * x


# -- quotients


class Div(Real):
    """y = x / z, dx = dy / z, dz = -dy (x / z) / z; or y rounded, with no gradient. torch.div.

    In a rounding mode integers stay integers.
    """

    def __init__(self, rounding_mode: str | None = None) -> None:
        """Take None, "trunc" for a quotient cut off towards 0, or "floor" for one rounded down."""
        if rounding_mode not in (None, "trunc", "floor"):
            raise Unsupported(f"rounding_mode={rounding_mode!r}")
        super().__init__()
        self.mode = rounding_mode

    def result_type(self, *operands: Array | Number) -> Dtype:
        """Return the dtype of y."""
        return super().result_type(*operands) if self.mode is None else Binary.result_type(self, *operands)

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        if self.mode is None:
            return np.asarray(x / z)
        return np.floor_divide(x, z) if self.mode == "floor" else _cut_off(x, z)

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        if self.mode is not None:
            return np.zeros_like(dy), np.zeros_like(dy)
        return dy / z, -dy * ((x / z) / z)


def _cut_off(x: Array, z: Array) -> Array:
    """Return x / z cut off towards 0."""
    if not is_whole(x.dtype):
        return np.trunc(x / z)
    return np.asarray(np.sign(x) * np.sign(z) * (np.abs(x) // np.abs(z)))


class _FloorDivide(Binary):
    def value(self, x: Array, z: Array) -> Array:
        return np.asarray(np.floor_divide(x, z))

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        raise NotImplementedError


def floor_divide(input: Array, other: Array) -> Array:
    """Return the quotient rounded down. torch.floor_divide: it has no gradient."""
    return _FloorDivide().forward(input, other)


class Remainder(Binary):
    """y = x - z floor(x / z), dx = dy, dz = -dy floor(x / z): y has the sign of z. torch.remainder."""

    def value(self, x: Array, z: Array) -> Array:
        """Return y; a remainder of 0 keeps the sign of x, which NumPy's own does not."""
        rest = np.fmod(x, z)
        return np.asarray(np.where((rest != 0) & ((rest < 0) != (z < 0)), rest + z, rest))

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        return dy, -dy * np.floor_divide(x, z)


class Fmod(Binary):
    """y = x - z trunc(x / z), dx = dy, dz = -dy trunc(x / z): y has the sign of x. torch.fmod."""

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        return np.asarray(np.fmod(x, z))

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        return dy, -dy * _cut_off(x, z)


# -- the larger and the smaller


class Maximum(Binary):
    """y = the larger of x and z, nan where either is. torch.maximum.

    dx = dy where x > z, dy / 2 where they are equal, 0 where x < z; dz likewise. Where one is nan both get dy.
    """

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        return np.asarray(np.maximum(x, z))

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        shared = np.where(x == z, dy / 2, dy)
        return np.where(x < z, 0.0, shared), np.where(z < x, 0.0, shared)


class Minimum(Binary):
    """y = the smaller of x and z, nan where either is. torch.minimum. The gradients are those of maximum, turned."""

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        return np.asarray(np.minimum(x, z))

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        shared = np.where(x == z, dy / 2, dy)
        return np.where(x > z, 0.0, shared), np.where(z > x, 0.0, shared)


class Fmax(Binary):
    """y = the larger of x and z, the other one where one is nan. torch.fmax.

    dx = dy where x >= z or z is nan, else 0; dz = dy where dx is not. At a tie x gets all of it.
    """

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        return np.asarray(np.fmax(x, z))

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        first = (x >= z) | np.isnan(z)
        return np.where(first, dy, 0.0), np.where(first, 0.0, dy)


class Fmin(Binary):
    """y = the smaller of x and z, the other one where one is nan. torch.fmin. The gradients are fmax's, turned."""

    def value(self, x: Array, z: Array) -> Array:
        """Return y."""
        return np.asarray(np.fmin(x, z))

    def gradients(self, dy: Array, x: Array, z: Array) -> tuple[Array, Array]:
        """Return the gradients of x and z."""
        first = (x <= z) | np.isnan(z)
        return np.where(first, dy, 0.0), np.where(first, 0.0, dy)
