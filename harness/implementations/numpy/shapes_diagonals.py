"""Triangles and diagonals of matrices, in NumPy."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.precision import Array, narrow, widen
from harness.implementations.numpy.shapes import Rearrangement

__all__ = ["Diag", "DiagEmbed", "Diagonal", "Trace", "Tril", "Triu"]


class Tril(Rearrangement):
    """The elements with j - i <= diagonal of each matrix (..., i, j), 0 elsewhere. torch.tril; numpy.tril."""

    def __init__(self, diagonal: int = 0) -> None:
        """Take the diagonal: 0 the main one, above it positive."""
        self.diagonal = diagonal

    def move(self, *inputs: Array) -> Array:
        """Return the triangle."""
        return np.tril(inputs[0], self.diagonal)


class Triu(Tril):
    """The elements with j - i >= diagonal of each matrix (..., i, j), 0 elsewhere. torch.triu; numpy.triu."""

    def move(self, *inputs: Array) -> Array:
        """Return the triangle."""
        return np.triu(inputs[0], self.diagonal)


class Diag(Tril):
    """The matrix with a vector on its diagonal, or the diagonal of a matrix. torch.diag; numpy.diag."""

    def move(self, *inputs: Array) -> Array:
        """Return the matrix, or the diagonal."""
        return np.diag(inputs[0], self.diagonal)


class Diagonal(Rearrangement):
    """The diagonals of the matrices in the axes dim1, dim2, as a new last axis. torch.diagonal; numpy.diagonal."""

    def __init__(self, offset: int = 0, dim1: int = 0, dim2: int = 1) -> None:
        """Take the diagonal: 0 the main one, above it positive; and the two axes."""
        self.offset, self.dim1, self.dim2 = offset, dim1, dim2

    def move(self, *inputs: Array) -> Array:
        """Return the diagonals."""
        return np.diagonal(inputs[0], self.offset, self.dim1, self.dim2)


class DiagEmbed(Diagonal):
    """Matrices in the new axes dim1, dim2 with the last axis of x on a diagonal, 0 elsewhere. torch.diag_embed."""

    def __init__(self, offset: int = 0, dim1: int = -2, dim2: int = -1) -> None:
        """Take the diagonal: 0 the main one, above it positive; and the two axes, counted in the answer."""
        super().__init__(offset, dim1, dim2)

    def move(self, *inputs: Array) -> Array:
        """Return the matrices."""
        x = inputs[0]
        size = x.shape[-1] + abs(self.offset)
        y = np.zeros((*x.shape[:-1], size, size), dtype=x.dtype)
        i = np.arange(x.shape[-1])
        y[..., i + max(0, -self.offset), i + max(0, self.offset)] = x
        return np.moveaxis(y, (-2, -1), (self.dim1, self.dim2))


class Trace:
    """y = sum of x[i, i], dx = dy on the main diagonal, 0 elsewhere. torch.trace. Integers give int64."""

    def forward(self, input: Array) -> Array:
        """Return the sum of the diagonal."""
        self.shape = input.shape
        if input.dtype.kind in "biu":
            return np.asarray(np.trace(input, dtype=np.int64))
        return narrow(np.asarray(np.trace(widen(input))), like=input)

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the matrix."""
        dx = np.zeros(self.shape, dtype=grad_output.dtype)
        i = np.arange(min(self.shape))
        dx[i, i] = grad_output
        return dx
