"""Operators that take or write elements at given places, in NumPy."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.pointwise import unbroadcast
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen
from harness.implementations.numpy.shapes import Movement

__all__ = [
    "Gather",
    "IndexAdd",
    "IndexCopy",
    "IndexFill",
    "IndexSelect",
    "MaskedFill",
    "MaskedScatter",
    "MaskedSelect",
    "Scatter",
    "ScatterAdd",
    "Take",
    "TakeAlongDim",
    "one_hot",
]


def places(index: Array, dim: int) -> tuple[Array, ...]:
    """Return the index arrays for x[places]: `index` along dim, and along the other axes each element's own place."""
    if not index.ndim:
        return ()
    grid = list[Array](np.indices(index.shape))
    grid[dim] = index
    return tuple(grid)


class Gather(Movement):
    """y[i, j] = x[index[i, j], j] for dim = 0, and so for other axes. torch.gather.

    y has the shape of index, which may be smaller than x.
    """

    def __init__(self, dim: int) -> None:
        """Take the axis."""
        self.dim = dim

    def forward(self, input: Array, index: Array) -> Array | tuple[Array, ...]:
        """Return the elements at the indices."""
        self.index = index
        return self.follow(input)

    def move(self, *inputs: Array) -> Array:
        """Return the elements at the indices."""
        return np.asarray(inputs[0][places(self.index, self.dim)])


class TakeAlongDim(Movement):
    """As `Gather`, but input and indices broadcast except along dim. torch.take_along_dim; numpy.take_along_axis."""

    def __init__(self, dim: int | None = None) -> None:
        """Take the axis; without one both are flattened."""
        self.dim = dim

    def forward(self, input: Array, indices: Array) -> Array | tuple[Array, ...]:
        """Return the elements at the indices."""
        self.indices = indices.reshape(-1) if self.dim is None else indices
        return self.follow(input)

    def move(self, *inputs: Array) -> Array:
        """Return the elements at the indices."""
        return np.take_along_axis(inputs[0], self.indices, self.dim)


class Take(Movement):
    """y[i] = x.flat[index[i]], in the shape of index. torch.take; numpy.take."""

    def forward(self, input: Array, index: Array) -> Array | tuple[Array, ...]:
        """Return the elements at the indices."""
        self.index = index
        return self.follow(input)

    def move(self, *inputs: Array) -> Array:
        """Return the elements at the indices."""
        return np.asarray(inputs[0].take(self.index))


class IndexSelect(Gather):
    """y[k] = x[index[k]] along dim. torch.index_select; numpy.take."""

    def move(self, *inputs: Array) -> Array:
        """Return the slices at the indices."""
        return inputs[0].take(self.index, axis=self.dim)


class MaskedSelect(Movement):
    """The elements where the mask is true, as a vector; input and mask broadcast. torch.masked_select."""

    def forward(self, input: Array, mask: Array) -> Array | tuple[Array, ...]:
        """Return the elements under the mask."""
        self.mask = mask
        return self.follow(input)

    def move(self, *inputs: Array) -> Array:
        """Return the elements under the mask."""
        x, mask = np.broadcast_arrays(inputs[0], self.mask)
        return np.asarray(x[mask])


class Scatter(Movement):
    """y = input, then y[index[i, j], j] = src[i, j] for dim = 0, and so for other axes. torch.scatter.

    In place of src one value for all places. The part of src beyond index is not used.
    """

    def __init__(self, dim: int, value: float | None = None) -> None:
        """Take the axis, and the value where there is no src."""
        self.dim, self.value = dim, value

    def forward(self, input: Array, index: Array, src: Array | None = None) -> Array | tuple[Array, ...]:
        """Return the input, written over at the indices."""
        self.index = index
        if src is not None:
            return self.follow(input, src)
        self.follow(input)
        y = input.copy()
        y[places(index, self.dim)] = self.value
        return y

    def move(self, *inputs: Array) -> Array:
        """Return the input, written over at the indices, with 0 where there is no src."""
        y = inputs[0].copy()
        used = tuple(slice(size) for size in self.index.shape)
        y[places(self.index, self.dim)] = inputs[1][used] if len(inputs) > 1 else 0
        return y


class IndexCopy(Movement):
    """y = input, then y[index[k]] = source[k] along dim. torch.index_copy."""

    def __init__(self, dim: int) -> None:
        """Take the axis."""
        self.dim = dim

    def forward(self, input: Array, index: Array, source: Array) -> Array | tuple[Array, ...]:
        """Return the input, written over at the indices."""
        self.index = index
        return self.follow(input, source)

    def move(self, *inputs: Array) -> Array:
        """Return the input, written over at the indices."""
        y = inputs[0].copy()
        np.moveaxis(y, self.dim, 0)[self.index] = np.moveaxis(inputs[1], self.dim, 0)
        return y


class MaskedScatter(Movement):
    """y = input, and the k-th place where the mask is true gets the k-th element of source. torch.masked_scatter."""

    def forward(self, input: Array, mask: Array, source: Array) -> Array | tuple[Array, ...]:
        """Return the input, written over under the mask."""
        self.mask = mask
        return self.follow(input, source)

    def move(self, *inputs: Array) -> Array:
        """Return the input, written over under the mask."""
        x, mask = np.broadcast_arrays(inputs[0], self.mask)
        y = x.copy()
        y[mask] = inputs[1].reshape(-1)[: np.count_nonzero(mask)]
        return y


class IndexFill:
    """y = input, then y[index[k]] = value along dim; dx = dy with 0 at the indices. torch.index_fill."""

    def __init__(self, dim: int, value: float) -> None:
        """Take the axis and the value."""
        self.dim, self.value = dim, value

    def forward(self, input: Array, index: Array) -> Array:
        """Return the input, filled at the indices."""
        self.index = index
        return self._filled(input, self.value)

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return self._filled(grad_output, 0)

    def _filled(self, array: Array, value: float) -> Array:
        filled = array.copy()
        np.moveaxis(filled, self.dim, 0)[self.index] = value
        return filled


class MaskedFill:
    """y = value where the mask is true, else x; dx = dy where it is false, else 0. torch.masked_fill; numpy.where."""

    def __init__(self, value: float) -> None:
        """Take the value."""
        self.value = value

    def forward(self, input: Array, mask: Array) -> Array:
        """Return the input, filled under the mask; the two broadcast."""
        self.mask, self.shape = mask, input.shape
        return np.where(mask, np.asarray(self.value, dtype=input.dtype), input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        passed = np.where(self.mask, np.zeros((), dtype=grad_output.dtype), grad_output)
        return narrow(unbroadcast(widen(passed), self.shape), like=grad_output)


class ScatterAdd:
    """y = input, then y[index[i, j], j] += src[i, j] for dim = 0, and so for other axes. torch.scatter_add.

    dinput = dy, dsrc = dy at the indices. An index that occurs twice gets both: numpy.add.at.
    """

    def __init__(self, dim: int) -> None:
        """Take the axis."""
        self.dim = dim

    @nan_is_meant
    def forward(self, input: Array, index: Array, src: Array) -> Array:
        """Return the input with src added at the indices."""
        self.index, self.size = index, src.shape
        y = widen(input).copy()
        np.add.at(y, places(index, self.dim), widen(src[tuple(slice(size) for size in index.shape)]))
        return narrow(y, like=input)

    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of input and src; torch has none where src is larger than index."""
        return grad_output, np.asarray(grad_output[places(self.index, self.dim)])


class IndexAdd:
    """y = input, then y[index[k]] += alpha * source[k] along dim. torch.index_add.

    dinput = dy, dsource[k] = alpha * dy[index[k]].
    """

    def __init__(self, dim: int, alpha: float = 1) -> None:
        """Take the axis, and the factor of the source."""
        self.dim, self.alpha = dim, alpha

    @nan_is_meant
    def forward(self, input: Array, index: Array, source: Array) -> Array:
        """Return the input with the source added at the indices."""
        self.index = index
        y = widen(input).copy()
        added = self.alpha * np.moveaxis(widen(source), self.dim, 0)
        np.add.at(np.moveaxis(y, self.dim, 0), index, added.astype(y.dtype))
        return narrow(y, like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of input and source."""
        taken = widen(grad_output).take(self.index, axis=self.dim)
        return grad_output, narrow(self.alpha * taken, like=grad_output)


def one_hot(input: Array, num_classes: int = -1) -> Array:
    """Return int64 with a 1 at the place of each number in a new last axis. torch.nn.functional.one_hot."""
    count = int(input.max()) + 1 if num_classes == -1 else num_classes
    return np.asarray(input[..., np.newaxis] == np.arange(count), dtype=np.int64)
