"""Activations in NumPy that are made of straight pieces: rectifiers, shrinkage, clamps."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.pointwise import Pointwise, unbroadcast
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = [
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyRelu",
    "Prelu",
    "Relu",
    "Relu6",
    "Rrelu",
    "Softshrink",
    "Threshold",
]


class _Gate(Pointwise):
    """A pointwise function that is constant somewhere: there the gradient is 0, whatever comes down.

    dx = dy * slope(x) where slope(x) is not 0, else 0: dy * 0 would be nan where dy is inf or nan.
    """

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        slope = self.slope(self.x)
        return narrow(np.where(slope == 0, 0.0, widen(grad_output) * slope), like=grad_output)


class Threshold(_Gate):
    """What is at most `threshold` becomes `value`. torch.nn.functional.threshold.

    y = value where x <= threshold, else x;   dx = 0 where x <= threshold, else dy
    """

    def __init__(self, threshold: float, value: float) -> None:
        """Take the threshold, and what replaces all that does not exceed it."""
        self.threshold, self.fill = threshold, value

    def value(self, x: Array) -> Array:
        """Return y; nan is not at most anything and stays."""
        return np.where(x <= self.threshold, np.asarray(self.fill, dtype=x.dtype), x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.where(x <= self.threshold, 0.0, 1.0).astype(x.dtype)


class Relu(Threshold):
    """y = max(x, 0), dx = dy where x > 0, else 0; at 0 it is 0. torch.nn.functional.relu."""

    def __init__(self) -> None:
        """Take nothing: it is a threshold of 0 with the value 0."""
        super().__init__(threshold=0, value=0)


class Hardtanh(_Gate):
    """x clamped to [min_val, max_val]; dx = dy where min_val < x < max_val, else 0. torch.nn.functional.hardtanh."""

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0) -> None:
        """Take the limits."""
        self.min_val, self.max_val = min_val, max_val

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.clip(x, self.min_val, self.max_val)

    def slope(self, x: Array) -> Array:
        """Return dy/dx: 0 at the limits themselves."""
        return ((x > self.min_val) & (x < self.max_val)).astype(x.dtype)


class Relu6(Hardtanh):
    """y = min(max(x, 0), 6), dx = dy where 0 < x < 6, else 0. torch.nn.functional.relu6; arXiv 1704.04861."""

    def __init__(self) -> None:
        """Take nothing: it is a hardtanh from 0 to 6."""
        super().__init__(min_val=0, max_val=6)


class Hardsigmoid(_Gate):
    """y = min(max(x + 3, 0), 6) / 6, dx = dy / 6 where -3 < x < 3, else 0. torch.nn.functional.hardsigmoid."""

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.asarray(np.clip(x + 3, 0, 6) / 6)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return ((x > -3) & (x < 3)).astype(x.dtype) / 6  # noqa: PLR2004


class Hardswish(_Gate):
    """x times its hardsigmoid. torch.nn.functional.hardswish; arXiv 1905.02244.

    y = x min(max(x + 3, 0), 6) / 6;   dx = 0 where x <= -3, dy where x >= 3, dy (x / 3 + 1 / 2) between
    """

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.asarray(x * np.clip(x + 3, 0, 6) / 6)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        inner = x / 3 + np.asarray(0.5, dtype=x.dtype)
        return np.where(x <= -3, 0, np.where(x < 3, inner, 1)).astype(x.dtype)  # noqa: PLR2004


class Hardshrink(_Gate):
    """y = 0 where |x| <= lambd, else x; dx = 0 where |x| <= lambd, else dy. torch.nn.functional.hardshrink."""

    def __init__(self, lambd: float = 0.5) -> None:
        """Take the largest magnitude that becomes 0."""
        self.lambd = lambd

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.where(np.abs(x) <= self.lambd, np.zeros((), dtype=x.dtype), x)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.where(np.abs(x) <= self.lambd, 0.0, 1.0).astype(x.dtype)


class Softshrink(_Gate):
    """Everything moved towards 0 by lambd, and what lies nearer becomes 0. torch.nn.functional.softshrink.

    y = x - lambd where x > lambd, x + lambd where x < -lambd, else 0;   dx = dy where |x| > lambd, else 0
    """

    def __init__(self, lambd: float = 0.5) -> None:
        """Take how far to move."""
        self.lambd = lambd

    def value(self, x: Array) -> Array:
        """Return y; nan stays nan."""
        near = x * 0  # and so nan where x is
        return np.where(x > self.lambd, x - self.lambd, np.where(x < -self.lambd, x + self.lambd, near))

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return (np.abs(x) > self.lambd).astype(x.dtype)


class LeakyRelu(Pointwise):
    """y = x where x > 0, else negative_slope x; dx = dy or negative_slope dy. torch.nn.functional.leaky_relu."""

    def __init__(self, negative_slope: float = 0.01) -> None:
        """Take the slope of the negative side; at 0 it is the slope too."""
        self.negative_slope = negative_slope

    def value(self, x: Array) -> Array:
        """Return y."""
        return np.where(x > 0, x, x * self.negative_slope)

    def slope(self, x: Array) -> Array:
        """Return dy/dx."""
        return np.where(x > 0, 1.0, self.negative_slope).astype(x.dtype)


class Prelu:
    """A leaky rectifier with learnt slopes, one for all or one a channel. torch.nn.functional.prelu; arXiv 1502.01852.

        y = x where x > 0, else w x
        dx = dy where x > 0, else w dy;   dw = sum of (0 where x > 0, else x dy) over all that shares a w

    input x, y: (N, C, ...), weight w: one element or (C).
    """

    @nan_is_meant
    def forward(self, input: Array, weight: Array) -> Array:
        """Return y; input and weight are kept for `backward`."""
        self.x, self.shape = widen(input), weight.shape
        spread = (-1, *(1,) * (input.ndim - 2)) if weight.size > 1 else ()
        self.w = widen(weight).reshape(spread)
        return narrow(np.where(self.x > 0, self.x, self.w * self.x), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of input and weight."""
        dy, positive = widen(grad_output), self.x > 0
        dx = np.where(positive, dy, self.w * dy)
        dw = unbroadcast(np.where(positive, 0.0, self.x * dy), self.w.shape).reshape(self.shape)
        return narrow(dx, like=grad_output), narrow(dw, like=grad_output)


class Rrelu:
    """A leaky rectifier whose slope is drawn anew for each element. torch.nn.functional.rrelu; arXiv 1505.00853.

        training   y = x where x > 0, else r x,   r uniform in [lower, upper)
        backward   dx = dy where x > 0, else r dy      (the same r)
        eval       y = x where x > 0, else (lower + upper) / 2 x

    x, y, slope r: any shape.
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, seed: int | None = None) -> None:
        """Take the range of the slopes; without a seed every instance draws others."""
        self.lower, self.upper = lower, upper
        self.rng = np.random.default_rng(seed)
        self.slope: Array = np.ones(())  #: of the last `forward`

    @nan_is_meant
    def forward(self, input: Array, slope: Array | None = None) -> Array:
        """Return y under `slope`, or under one drawn here; either way it is kept in `self.slope` for `backward`."""
        x = widen(input)
        drawn = self.rng.uniform(self.lower, self.upper, input.shape) if slope is None else widen(slope)
        self.slope = np.where(x > 0, 1.0, drawn).astype(x.dtype)
        return narrow(x * self.slope, like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return narrow(widen(grad_output) * self.slope, like=grad_output)

    @nan_is_meant
    def eval(self, input: Array) -> Array:
        """Return y under the mean slope."""
        x = widen(input)
        return narrow(np.where(x > 0, x, x * ((self.lower + self.upper) / 2)), like=input)
