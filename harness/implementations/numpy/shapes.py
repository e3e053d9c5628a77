"""Operators that only move elements, in NumPy: other orders, other shapes, copies.

What moves elements needs no gradient of its own: where each element of the answer came from says where its gradient
goes. `Movement` finds that by moving the numbers 1, 2, 3, ... in place of the elements.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = [
    "BroadcastTo",
    "Flatten",
    "Flip",
    "Movedim",
    "Narrow",
    "Permute",
    "RepeatInterleave",
    "Reshape",
    "Roll",
    "Rot90",
    "Select",
    "Squeeze",
    "Tile",
    "Transpose",
    "Unflatten",
    "UnfoldDimension",
    "Unsqueeze",
]

Dims = int | Sequence[int]


class Movement(ABC):
    """An operator whose answers hold elements of its inputs, moved, copied or left out, and zeros that it fills in.

    dx_k = sum of the dy of all copies of x_k
    """

    @abstractmethod
    def move(self, *inputs: Array) -> Array | Sequence[Array]:
        """Return the answer or answers for arrays of any dtype; what is filled in is 0."""

    def follow(self, *inputs: Array) -> Array | tuple[Array, ...]:
        """Return the answer, and keep for `backward` where each of its elements came from."""
        self.shapes = [x.shape for x in inputs]
        first = 1  # 0 is what the operator fills in
        numbered = []
        for x in inputs:
            numbered.append(np.arange(first, first + x.size).reshape(x.shape))
            first += x.size
        origins = self.move(*numbered)
        self.origins = [origins] if isinstance(origins, np.ndarray) else list(origins)
        answer = self.move(*inputs)
        return answer if isinstance(answer, np.ndarray) else tuple(answer)

    @nan_is_meant
    def backward(self, *grad_outputs: Array) -> Array | tuple[Array, ...]:
        """Return the gradient of each input: each upstream gradient is added where its element came from."""
        sizes = [math.prod(shape) for shape in self.shapes]
        dx = np.zeros(1 + sum(sizes), dtype=widen(grad_outputs[0]).dtype)
        for dy, origins in zip(grad_outputs, self.origins, strict=False):
            np.add.at(dx, origins, widen(dy))
        parts = np.split(dx[1:], np.cumsum(sizes)[:-1])
        gradients = [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]
        rounded = tuple(narrow(gradient, like=grad_outputs[0]) for gradient in gradients)
        return rounded if len(rounded) > 1 else rounded[0]


class Rearrangement(Movement):
    """A movement of a single array."""

    def forward(self, input: Array) -> Array | tuple[Array, ...]:
        """Return the answer."""
        return self.follow(input)


class Roll(Rearrangement):
    """y[(i + shift) mod n] = x[i] along dims; without dims the flattened input is rolled. torch.roll; numpy.roll."""

    def __init__(self, shifts: Dims, dims: Dims | None = None) -> None:
        """Take how far, and along which axes."""
        self.shifts, self.dims = shifts, dims

    def move(self, *inputs: Array) -> Array:
        """Return the rolled array."""
        return np.roll(inputs[0], self.shifts, axis=self.dims)


class Flip(Rearrangement):
    """y[i] = x[n - 1 - i] along dims. torch.flip; numpy.flip."""

    def __init__(self, dims: Dims) -> None:
        """Take the axes."""
        self.dims = [dims] if isinstance(dims, int) else dims

    def move(self, *inputs: Array) -> Array:
        """Return the flipped array."""
        return np.flip(inputs[0], axis=tuple(self.dims))


class Rot90(Rearrangement):
    """k quarter turns from the axis dims[0] towards dims[1]. torch.rot90; numpy.rot90."""

    def __init__(self, k: int = 1, dims: Sequence[int] = (0, 1)) -> None:
        """Take how many quarter turns, in which plane."""
        self.k, self.dims = k, dims

    def move(self, *inputs: Array) -> Array:
        """Return the turned array."""
        return np.rot90(inputs[0], self.k, axes=(self.dims[0], self.dims[1]))


class Permute(Rearrangement):
    """Axis i of y is axis dims[i] of x. torch.permute; numpy.transpose."""

    def __init__(self, dims: Sequence[int]) -> None:
        """Take the order of the axes."""
        self.dims = dims

    def move(self, *inputs: Array) -> Array:
        """Return the permuted array."""
        return np.transpose(inputs[0], self.dims)


class Transpose(Rearrangement):
    """The axes dim0 and dim1 exchanged. torch.transpose; numpy.swapaxes."""

    def __init__(self, dim0: int, dim1: int) -> None:
        """Take the two axes."""
        self.dim0, self.dim1 = dim0, dim1

    def move(self, *inputs: Array) -> Array:
        """Return the transposed array."""
        return np.swapaxes(inputs[0], self.dim0, self.dim1)


class Movedim(Rearrangement):
    """Axis source[k] of x is axis destination[k] of y, the rest in their order. torch.movedim; numpy.moveaxis."""

    def __init__(self, source: Dims, destination: Dims) -> None:
        """Take from where, and where to."""
        self.source, self.destination = source, destination

    def move(self, *inputs: Array) -> Array:
        """Return the array with its axes moved."""
        return np.moveaxis(inputs[0], self.source, self.destination)


class Reshape(Rearrangement):
    """The same elements, the last axis running fastest, in another shape. torch.reshape; numpy.reshape."""

    def __init__(self, shape: Sequence[int]) -> None:
        """Take the shape; one -1 stands for what is left."""
        self.shape = shape

    def move(self, *inputs: Array) -> Array:
        """Return the array in its new shape."""
        return inputs[0].reshape(tuple(self.shape))


class Flatten(Rearrangement):
    """The axes start_dim to end_dim as one; a scalar gets an axis of size 1. torch.flatten."""

    def __init__(self, start_dim: int = 0, end_dim: int = -1) -> None:
        """Take the first and the last axis."""
        self.start_dim, self.end_dim = start_dim, end_dim

    def move(self, *inputs: Array) -> Array:
        """Return the flattened array."""
        x = np.atleast_1d(inputs[0])
        start, end = self.start_dim % x.ndim, self.end_dim % x.ndim
        return x.reshape(*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :])


class Unflatten(Rearrangement):
    """Axis dim as several axes of the given sizes. torch.unflatten."""

    def __init__(self, dim: int, sizes: Sequence[int]) -> None:
        """Take the axis, and the sizes; one -1 stands for what is left."""
        self.dim, self.sizes = dim, sizes

    def move(self, *inputs: Array) -> Array:
        """Return the array with more axes."""
        x = inputs[0]
        dim = self.dim % x.ndim
        known = math.prod(size for size in self.sizes if size != -1)
        sizes = [x.shape[dim] // known if size == -1 else size for size in self.sizes]
        return x.reshape(*x.shape[:dim], *sizes, *x.shape[dim + 1 :])


class Squeeze(Rearrangement):
    """Axes of size 1 left out: all, or those of dim that have size 1. torch.squeeze; numpy.squeeze."""

    def __init__(self, dim: Dims | None = None) -> None:
        """Take the axes."""
        self.dim = dim

    def move(self, *inputs: Array) -> Array:
        """Return the array with fewer axes."""
        x = inputs[0]
        named: Sequence[int] = (
            range(x.ndim) if self.dim is None else [self.dim] if isinstance(self.dim, int) else self.dim
        )
        return np.squeeze(x, tuple(axis for axis in named if x.ndim and x.shape[axis] == 1))


class Unsqueeze(Rearrangement):
    """A new axis of size 1 at dim. torch.unsqueeze; numpy.expand_dims."""

    def __init__(self, dim: int) -> None:
        """Take the place, counted among the axes of the answer."""
        self.dim = dim

    def move(self, *inputs: Array) -> Array:
        """Return the array with one axis more."""
        return np.expand_dims(inputs[0], self.dim)


class BroadcastTo(Rearrangement):
    """Axes of size 1, and new ones in front, repeated up to a size. torch.broadcast_to; numpy.broadcast_to."""

    def __init__(self, size: Sequence[int]) -> None:
        """Take the size; -1 keeps that of the input."""
        self.size = size

    def move(self, *inputs: Array) -> Array:
        """Return the repeated array."""
        old = (1,) * (len(self.size) - inputs[0].ndim) + inputs[0].shape
        size = tuple(was if new == -1 else new for was, new in zip(old, self.size, strict=True))
        return np.broadcast_to(inputs[0], size)


class Tile(Rearrangement):
    """The whole input repeated along each axis. torch.tile; numpy.tile."""

    def __init__(self, dims: Sequence[int]) -> None:
        """Take how many times along each axis, the last ones if there are fewer than axes."""
        self.dims = dims

    def move(self, *inputs: Array) -> Array:
        """Return the tiled array."""
        return np.tile(inputs[0], tuple(self.dims))


class RepeatInterleave(Movement):
    """Each element, or each slice along dim, repeated one behind the other. torch.repeat_interleave; numpy.repeat."""

    def __init__(self, repeats: int | None = None, dim: int | None = None) -> None:
        """Take how many times, unless that is an input, and the axis; without one the input is flattened."""
        self.repeats: Any = repeats
        self.dim = dim

    def forward(self, input: Array, repeats: Array | None = None) -> Array | tuple[Array, ...]:
        """Return the repeated array; `repeats` says how many times for each slice."""
        if repeats is not None:
            self.repeats = repeats
        return self.follow(input)

    def move(self, *inputs: Array) -> Array:
        """Return the repeated array."""
        return np.repeat(inputs[0], self.repeats, axis=self.dim)


class UnfoldDimension(Rearrangement):
    """Windows of one axis as a new last axis. torch.Tensor.unfold; numpy's sliding_window_view, every step-th one."""

    def __init__(self, dimension: int, size: int, step: int) -> None:
        """Take the axis, the length of a window, and how far apart they begin."""
        self.dimension, self.size, self.step = dimension, size, step

    def move(self, *inputs: Array) -> Array:
        """Return the windows."""
        windows = np.lib.stride_tricks.sliding_window_view(inputs[0], self.size, axis=self.dimension)
        every = np.arange(0, windows.shape[self._axis(inputs[0])], self.step)
        return windows.take(every, axis=self._axis(inputs[0]))

    def _axis(self, x: Array) -> int:
        return self.dimension % x.ndim


class Narrow(Rearrangement):
    """x[start : start + length] along dim. torch.narrow."""

    def __init__(self, dim: int, start: int, length: int) -> None:
        """Take the axis, where to begin (negative: from the end), and how many."""
        self.dim, self.start, self.length = dim, start, length

    def move(self, *inputs: Array) -> Array:
        """Return the stretch."""
        start = self.start % inputs[0].shape[self.dim]
        return inputs[0].take(np.arange(start, start + self.length), axis=self.dim)


class Select(Rearrangement):
    """x[index] along dim, the axis left out. torch.select."""

    def __init__(self, dim: int, index: int) -> None:
        """Take the axis and which slice (negative: from the end)."""
        self.dim, self.index = dim, index

    def move(self, *inputs: Array) -> Array:
        """Return the slice."""
        return np.asarray(inputs[0].take(self.index, axis=self.dim))
