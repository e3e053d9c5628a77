"""Choices and mixtures in NumPy: where, clamp, lerp, and a product or quotient added to a number."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.elementwise import Number, gradients_of, is_whole, promoted, together
from harness.implementations.numpy.precision import Array, nan_is_meant, widen

__all__ = ["Addcdiv", "Addcmul", "Clamp", "Lerp", "Where"]


class Where:
    """y = x where the condition c holds, else z; dx = dy where it holds, else 0, dz the rest. torch.where.

    c, x, z: any shapes that broadcast to that of y.
    """

    def forward(self, condition: Array, input: Array, other: Array) -> Array:
        """Return y."""
        self.condition, self.inputs = condition, (input, other)
        dtype = promoted(input, other)
        return np.where(condition, input.astype(dtype), other.astype(dtype))

    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of the floating ones of input and other."""
        dy = widen(grad_output)
        return gradients_of(self.inputs, (np.where(self.condition, dy, 0), np.where(self.condition, 0, dy)))


class Clamp:
    """x kept between two limits, which are arrays, numbers or None. torch.clamp.

    y = min(max(x, low), high): where the limits are crossed high wins, and nan stays nan
    dx = dy where low <= x <= high, else 0
    dlow = dy where x < low < high, else 0;   dhigh = dy where y is high, and x or low is above it, else 0
    """

    def __init__(self, min: Number | None = None, max: Number | None = None) -> None:
        """Take the limits where they are numbers and no arrays."""
        self.limits = min, max

    @nan_is_meant
    def forward(self, input: Array, min: Array | None = None, max: Array | None = None) -> Array:
        """Return y; what was clamped is kept for `backward`."""
        given = tuple(array for array in (min, max) if array is not None)
        low, high = (number if array is None else array for array, number in zip((min, max), self.limits, strict=True))
        self.inputs, self.arrays = (input, *given), (min is not None, max is not None)
        dtype = promoted(input, *(limit for limit in (low, high) if limit is not None))
        lowest, highest = (np.iinfo(dtype).min, np.iinfo(dtype).max) if is_whole(dtype) else (-np.inf, np.inf)
        bottom, top = lowest if low is None else low, highest if high is None else high
        self.x, self.low, self.high = together(dtype, input, bottom, top)
        return np.asarray(np.minimum(np.maximum(self.x, self.low), self.high), dtype=dtype)

    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of the input and of the limits that are arrays."""
        dy, x, low, high = widen(grad_output), self.x, self.low, self.high
        dx = np.where((x >= low) & (x <= high), dy, 0)
        dlow = np.where((x < low) & (low < high), dy, 0)
        dhigh = np.where((x > high) | (low > high), dy, 0)
        limits = (gradient for gradient, array in zip((dlow, dhigh), self.arrays, strict=True) if array)
        return gradients_of(self.inputs, (dx, *limits))


class Lerp:
    """y = x + w (z - x), the way from x to z, w an array or a number. torch.lerp.

    dx = dy (1 - w),   dz = dy w,   dw = dy (z - x)
    """

    def __init__(self, weight: Number | None = None) -> None:
        """Take the weight where it is a number and no array."""
        self.number = 0 if weight is None else weight

    @nan_is_meant
    def forward(self, input: Array, end: Array, weight: Array | None = None) -> Array:
        """Return y, counted from the nearer end: so w = 1 gives z itself."""
        self.inputs = (input, end) if weight is None else (input, end, weight)
        dtype = promoted(input, end)
        x, z, w = self.operands = together(dtype, input, end, self.number if weight is None else weight)
        near = np.abs(w) < 1 / 2
        return np.asarray(np.where(near, x + w * (z - x), z - (z - x) * (1 - w)), dtype=dtype)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of input and end, and of the weight where it is an array."""
        dy, (x, z, w) = widen(grad_output), self.operands
        gradients = (dy * (1 - w), dy * w, dy * (z - x))
        return gradients_of(self.inputs, gradients[: len(self.inputs)])


class Addcmul:
    """y = x + value s t, dx = dy, ds = dy value t, dt = dy value s. torch.addcmul. x, s, t: shapes that broadcast."""

    def __init__(self, value: Number = 1) -> None:
        """Take the factor of the product."""
        self.factor = value

    def combined(self, x: Array, s: Array, t: Array) -> Array:
        """Return y."""
        return np.asarray(x + np.asarray(self.factor, dtype=x.dtype) * s * t)

    def slopes(self, s: Array, t: Array) -> tuple[Array, Array]:
        """Return the slopes of y along s and t."""
        return self.factor * t, self.factor * s

    @nan_is_meant
    def forward(self, input: Array, tensor1: Array, tensor2: Array) -> Array:
        """Return y; the inputs are kept for `backward`."""
        self.inputs = input, tensor1, tensor2
        dtype = promoted(*self.inputs)
        x, self.s, self.t = together(dtype, *self.inputs)
        return self.combined(x, self.s, self.t).astype(dtype)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of the inputs."""
        dy = widen(grad_output)
        along_s, along_t = self.slopes(self.s, self.t)
        return gradients_of(self.inputs, (dy, dy * along_s, dy * along_t))


class Addcdiv(Addcmul):
    """y = x + value s / t, dx = dy, ds = dy value / t, dt = -dy value s / t^2. torch.addcdiv."""

    def combined(self, x: Array, s: Array, t: Array) -> Array:
        """Return y."""
        return np.asarray(x + self.factor * s / t)

    def slopes(self, s: Array, t: Array) -> tuple[Array, Array]:
        """Return the slopes of y along s and t."""
        return self.factor / t, -self.factor * s / (t * t)
