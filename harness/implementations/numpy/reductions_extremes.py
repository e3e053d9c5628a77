"""The largest and smallest elements over axes, and where they stand, in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen
from harness.implementations.numpy.reductions import Reduction

__all__ = ["Amax", "Amin", "Aminmax", "Max", "Min", "argmax", "argmin"]


def shared(x: Array, extreme: Array, axes: tuple[int, ...]) -> Array:
    """Return the slope of an extreme: 1 / count for each of the elements equal to it, 0 elsewhere."""
    tied = x == extreme
    return np.asarray(tied / tied.sum(axis=axes, keepdims=True, dtype=x.dtype))


def put_along(indices: Array, gradient: Array, axis: int, size: int) -> Array:
    """Return zeros with the gradients put at the indices along an axis of that size; no index occurs twice."""
    shape = list(gradient.shape)
    shape[axis] = size
    placed = np.zeros(shape, dtype=gradient.dtype)
    np.put_along_axis(placed, indices, gradient, axis)
    return placed


class Amax(Reduction):
    """The largest x along dim; ties share: dx = dy * [x = y] / count. torch.amax. nan is larger than everything."""

    pick: Callable[..., Any] = staticmethod(np.max)

    def forward(self, input: Array) -> Array:
        """Return the extreme."""
        self.y = self.pick(self.keep(input), axis=self.axes, keepdims=True)
        return self.finish(self.y, like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return narrow(self.stand_up(grad_output) * shared(self.x, self.y, self.axes), like=grad_output)


class Amin(Amax):
    """The smallest x along dim; ties share: dx = dy * [x = y] / count. torch.amin. nan is smaller than everything."""

    pick: Callable[..., Any] = staticmethod(np.min)


class Aminmax(Reduction):
    """The smallest and the largest x along dim; dx is the sum of that of `Amin` and of `Amax`. torch.aminmax."""

    def forward(self, input: Array) -> tuple[Array, Array]:
        """Return min and max."""
        x = self.keep(input)
        self.min = np.min(x, axis=self.axes, keepdims=True)
        self.max = np.max(x, axis=self.axes, keepdims=True)
        return self.finish(self.min, like=input), self.finish(self.max, like=input)

    @nan_is_meant
    def backward(self, grad_min: Array, grad_max: Array) -> Array:
        """Return the gradient of the input."""
        low = self.stand_up(grad_min) * shared(self.x, self.min, self.axes)
        high = self.stand_up(grad_max) * shared(self.x, self.max, self.axes)
        return narrow(low + high, like=grad_min)


class Selection:
    """What the operators share that select one element of each slice along `dim`, and say where it stood.

    values = x[indices],   dx = dvalues at indices, 0 elsewhere

    Without dim, where torch has that: one value of everything, and elements equal to it share its gradient.
    """

    def __init__(self, dim: int | None = None, keepdim: bool = False) -> None:
        """Take the axis, and whether it stays with size 1."""
        self.dim, self.keepdim = dim, keepdim

    def select(self, x: Array) -> Array:
        """Return the index along the last axis of x of the selected element."""
        raise NotImplementedError

    def forward(self, input: Array) -> Array | tuple[Array, Array]:
        """Return values and indices (int64), or the value alone where there is no dim."""
        self.x = x = widen(input)
        self.axis = -1 if self.dim is None else self.dim
        rows = x.reshape(-1) if self.dim is None or not x.ndim else np.moveaxis(x, self.dim, -1)
        chosen = self.select(rows)[..., np.newaxis]
        values = np.take_along_axis(rows, chosen, -1)
        if self.dim is None:
            self.value = values[0]
            return narrow(self.value, like=input)
        self.indices = np.moveaxis(chosen, -1, self.axis)
        indices, values = self.indices, np.moveaxis(values, -1, self.axis)
        if not self.keepdim or not x.ndim:
            indices, values = np.squeeze(indices, self.axis), np.squeeze(values, self.axis)
        return narrow(values, like=input), indices.astype(np.int64)

    @nan_is_meant
    def backward(self, grad_values: Array) -> Array:
        """Return the gradient of the input."""
        if self.dim is None:
            everything = tuple(range(self.x.ndim))
            return narrow(widen(grad_values) * shared(self.x, self.value, everything), like=grad_values)
        dy = grad_values.reshape(self.indices.shape)
        size = self.x.shape[self.dim] if self.x.ndim else 1
        return put_along(self.indices, dy, self.axis, size).reshape(self.x.shape)


class Max(Selection):
    """The largest x and where it stands, the first of equal ones. torch.max; a nan is the largest."""

    def select(self, x: Array) -> Array:
        """Return where the largest is."""
        return np.asarray(np.argmax(x, axis=-1))


class Min(Selection):
    """The smallest x and where it stands, the first of equal ones. torch.min; a nan is the smallest."""

    def select(self, x: Array) -> Array:
        """Return where the smallest is."""
        return np.asarray(np.argmin(x, axis=-1))


def argmax(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """Return where the largest element is, the first of equal ones, the first nan. torch.argmax."""
    return _where(np.argmax, input, dim, keepdim)


def argmin(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """Return where the smallest element is, the first of equal ones, the first nan. torch.argmin."""
    return _where(np.argmin, input, dim, keepdim)


def _where(find: Callable[..., Any], input: Array, dim: int | None, keepdim: bool) -> Array:
    return np.asarray(find(widen(input), axis=dim, keepdims=keepdim), dtype=np.int64)
