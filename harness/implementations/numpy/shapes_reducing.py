"""scatter_reduce in NumPy: reductions of all elements that go to one place."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen
from harness.implementations.numpy.shapes_indexing import places

__all__ = ["ScatterReduce"]


class ScatterReduce:
    """The sum, prod, mean, amax or amin of all src with one index, and of the input there. torch.scatter_reduce.

    With t(z) = z taken at the indices, n = how many elements went to a place, the input among them:

        sum          dinput = dy,                     dsrc = t(dy)
        mean         dinput = dy / n,                 dsrc = t(dy / n)
        prod         dinput = dy * the others,        dsrc = t(dy) * the others
        amax, amin   dinput = [input = y] dy / ties,  dsrc = [src = t(y)] t(dy / ties)

    include_self = False leaves out the input where an index points; its gradient is 0 there. A place to which nothing
    goes keeps the input. A mean of integers is rounded down.
    """

    def __init__(self, dim: int, reduce: str, include_self: bool = True) -> None:
        """Take the axis, the name of the reduction, and whether the input counts."""
        self.dim, self.reduce, self.include_self = dim, reduce, include_self

    @nan_is_meant
    def forward(self, input: Array, index: Array, src: Array) -> Array:
        """Return the reduced array, in the shape of the input."""
        integers = input.dtype.kind in "biu"
        x, self.src = (input, src) if integers else (widen(input), widen(src))
        self.at = places(index, self.dim)
        self.hit = np.zeros(x.shape, dtype=bool)
        self.hit[self.at] = True
        self.left_out = self.hit & (not self.include_self)
        self.x = x
        combine = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}.get(self.reduce, np.add)
        y = x.copy()
        y[self.left_out] = self._neutral(x)
        combine.at(y, self.at, self.src)
        if self.reduce == "mean":
            y = y // self._count() if integers else y / self._count()
        self.y = y
        return narrow(y, like=input)

    def _neutral(self, x: Array) -> Array:
        """Return what changes nothing when it is combined."""
        if self.reduce not in ("amax", "amin"):
            return np.asarray(self.reduce == "prod", dtype=x.dtype)
        limits = np.iinfo(x.dtype) if x.dtype.kind in "iu" else None
        low, high = (limits.min, limits.max) if limits else (-np.inf, np.inf)
        return np.asarray(low if self.reduce == "amax" else high, dtype=x.dtype)

    def _count(self) -> Array:
        """Return how many elements went to each place, at least 1."""
        count = np.where(self.left_out, 0, 1)
        np.add.at(count, self.at, 1)
        return np.maximum(count, 1).astype(self.x.dtype)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of input and src."""
        dy = widen(grad_output)
        if self.reduce == "prod":
            dx, dsrc = self._of_product(dy)
        elif self.reduce in ("amax", "amin"):
            first, others = self.x == self.y, self.src == self.y[self.at]
            ties = (first & ~self.left_out).astype(dy.dtype)
            np.add.at(ties, self.at, others.astype(dy.dtype))
            share = dy / ties
            dx, dsrc = np.where(first, share, 0), np.where(others, share[self.at], 0)
        else:
            dx = dy / self._count() if self.reduce == "mean" else dy
            dsrc = dx[self.at]
        dx = np.where(self.left_out, 0, dx)
        return narrow(dx, like=grad_output), narrow(dsrc, like=grad_output)

    def _of_product(self, dy: Array) -> tuple[Array, Array]:
        """Return the gradients of a product: that of one element is the product of all others at its place."""
        own = np.where(self.left_out, 1, self.x).astype(dy.dtype)
        src_product = np.ones_like(own)
        np.multiply.at(src_product, self.at, self.src)
        dsrc = np.empty_like(self.src)
        for k in np.ndindex(self.src.shape):  # one at a time, so that a zero needs no division by 0
            without = self.src.copy()
            without[k] = 1
            product = own.copy()
            np.multiply.at(product, self.at, without)
            dsrc[k] = (dy * product)[tuple(axis[k] for axis in self.at)]
        return dy * src_product, dsrc
