"""Operators that join arrays, cut them, or lay them out together, in NumPy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.implementations.numpy.precision import Array
from harness.implementations.numpy.shapes import Movement, Rearrangement

__all__ = ["BlockDiag", "BroadcastTensors", "CartesianProd", "Cat", "Chunk", "Meshgrid", "Split", "Stack", "Unbind"]


class _Joint(Movement):
    """A movement of several arrays, given as one sequence `tensors`."""

    def forward(self, tensors: Sequence[Array]) -> Array | tuple[Array, ...]:
        """Return the answer."""
        return self.follow(*tensors)


class Cat(_Joint):
    """The arrays one after another along dim. torch.cat; numpy.concatenate."""

    def __init__(self, dim: int = 0) -> None:
        """Take the axis."""
        self.dim = dim

    def move(self, *inputs: Array) -> Array:
        """Return the joint array."""
        return np.concatenate(inputs, axis=self.dim)


class Stack(Cat):
    """The arrays along a new axis dim. torch.stack; numpy.stack."""

    def move(self, *inputs: Array) -> Array:
        """Return the joint array."""
        return np.stack(inputs, axis=self.dim)


class Split(Rearrangement):
    """Pieces along dim of one size, the last shorter, or of given sizes. torch.split."""

    def __init__(self, split_size_or_sections: int | Sequence[int], dim: int = 0) -> None:
        """Take the size or sizes, and the axis."""
        self.sizes, self.dim = split_size_or_sections, dim

    def move(self, *inputs: Array) -> Sequence[Array]:
        """Return the pieces."""
        count = inputs[0].shape[self.dim]
        cuts = range(self.sizes, count, self.sizes) if isinstance(self.sizes, int) else np.cumsum(self.sizes)[:-1]
        return np.split(inputs[0], list(cuts), axis=self.dim)


class Chunk(Rearrangement):
    """Pieces along dim, ceil(n / chunks) long, the last shorter: there may be fewer than chunks. torch.chunk."""

    def __init__(self, chunks: int, dim: int = 0) -> None:
        """Take how many pieces, and the axis."""
        self.chunks, self.dim = chunks, dim

    def move(self, *inputs: Array) -> Sequence[Array]:
        """Return the pieces."""
        return Split(-(-inputs[0].shape[self.dim] // self.chunks), self.dim).move(*inputs)


class Unbind(Rearrangement):
    """The slices x[0], x[1], ... along dim, the axis left out. torch.unbind."""

    def __init__(self, dim: int = 0) -> None:
        """Take the axis."""
        self.dim = dim

    def move(self, *inputs: Array) -> Sequence[Array]:
        """Return the slices."""
        return [np.asarray(part) for part in np.moveaxis(inputs[0], self.dim, 0)]


class Meshgrid(_Joint):
    """Each vector along its own axis, repeated along the others; xy exchanges the first two. torch.meshgrid."""

    def __init__(self, indexing: str = "ij") -> None:
        """Take the order of the axes, ij or xy."""
        self.indexing = indexing

    def move(self, *inputs: Array) -> Sequence[Array]:
        """Return an array for each vector."""
        return list(np.meshgrid(*inputs, indexing="xy" if self.indexing == "xy" else "ij"))


class BroadcastTensors(_Joint):
    """Each array repeated to the shape of all together. torch.broadcast_tensors; numpy.broadcast_arrays."""

    def move(self, *inputs: Array) -> Sequence[Array]:
        """Return the repeated arrays."""
        return list(np.broadcast_arrays(*inputs))


class CartesianProd(_Joint):
    """All combinations of an element of each vector, a row for each, the last running fastest. torch.cartesian_prod."""

    def move(self, *inputs: Array) -> Array:
        """Return the rows; of one vector the vector itself."""
        if len(inputs) == 1:
            return inputs[0]
        return np.stack([part.reshape(-1) for part in np.meshgrid(*inputs, indexing="ij")], axis=1)


class BlockDiag(_Joint):
    """The matrices along the diagonal of one, 0 elsewhere. torch.block_diag; scipy.linalg.block_diag.

    A vector counts as one row, a scalar as 1 x 1.
    """

    def move(self, *inputs: Array) -> Array:
        """Return the large matrix."""
        blocks = [np.atleast_2d(block) for block in inputs]
        y = np.zeros((sum(len(block) for block in blocks), sum(block.shape[1] for block in blocks)), blocks[0].dtype)
        row = column = 0
        for block in blocks:
            y[row : row + block.shape[0], column : column + block.shape[1]] = block
            row, column = row + block.shape[0], column + block.shape[1]
        return y
