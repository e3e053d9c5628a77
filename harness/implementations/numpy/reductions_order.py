"""Operators that put elements in order along one axis, in NumPy: sorting, medians, quantiles, modes."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen
from harness.implementations.numpy.reductions_extremes import Selection, put_along

__all__ = ["Kthvalue", "Median", "Mode", "Nanmedian", "Nanquantile", "Quantile", "Sort", "Topk", "argsort"]


def order(x: Array, dim: int, *, descending: bool) -> Array:
    """Return the indices that sort x along dim, nan as the largest; equal elements keep their order either way."""
    if not descending:
        return np.argsort(x, axis=dim, kind="stable")
    turned = np.flip(x, dim)  # turned twice, so that equal elements come out in the order in which they stood
    return np.asarray(x.shape[dim] - 1 - np.flip(np.argsort(turned, axis=dim, kind="stable"), dim))


class Sort:
    """The elements in order along dim, and where each stood. torch.sort; this one is always stable.

    values = x[indices],   dx at indices = dvalues
    """

    def __init__(self, dim: int = -1, descending: bool = False, stable: bool = False) -> None:
        """Take the axis, and which end comes first."""
        self.dim, self.descending, self.stable = dim, descending, stable
        self.count: int | None = None  #: how many are returned; None for all

    def forward(self, input: Array) -> tuple[Array, Array]:
        """Return values and indices (int64)."""
        x = widen(input).reshape(input.shape or (1,))
        self.size: int = x.shape[self.dim]
        ranks = np.arange(self.size if self.count is None else self.count)
        self.indices = order(x, self.dim, descending=self.descending).take(ranks, axis=self.dim)
        values = np.take_along_axis(x, self.indices, self.dim)
        shape = values.shape if input.ndim else ()
        self.shape = input.shape
        return narrow(values.reshape(shape), like=input), self.indices.reshape(shape).astype(np.int64)

    def backward(self, grad_values: Array) -> Array:
        """Return the gradient of the input: each one goes back to where its element stood."""
        dy = grad_values.reshape(self.indices.shape)
        return put_along(self.indices, dy, self.dim, self.size).reshape(self.shape)


class Topk(Sort):
    """The k largest or smallest elements along dim, in order, and where they stood. torch.topk."""

    def __init__(self, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> None:
        """Take how many, the axis, and which end; they come in order whatever `sorted` says."""
        super().__init__(dim, descending=largest)
        self.count, self.sorted = k, sorted


def argsort(input: Array, dim: int = -1, descending: bool = False, stable: bool = False) -> Array:
    """Return the indices that put the elements in order along dim. torch.argsort; this one is always stable."""
    return Sort(dim, descending, stable).forward(input)[1]


class Kthvalue(Selection):
    """The k-th smallest x along dim, k from 1, and where it stood. torch.kthvalue."""

    def __init__(self, k: int, dim: int = -1, keepdim: bool = False) -> None:
        """Take which one, the axis, and whether it stays with size 1."""
        super().__init__(dim, keepdim)
        self.k = k

    def select(self, x: Array) -> Array:
        """Return where the k-th is."""
        return order(x, -1, descending=False)[..., self.k - 1]


class Nanmedian(Selection):
    """Element (n - 1) // 2 in order of the n that are not nan, and where it stands. torch.nanmedian."""

    def select(self, x: Array) -> Array:
        """Return where the median is; nan are sorted last."""
        numbers = (~np.isnan(x)).sum(axis=-1, keepdims=True)
        middle = np.maximum(numbers - 1, 0) // 2
        return np.take_along_axis(order(x, -1, descending=False), middle, -1)[..., 0]


class Median(Nanmedian):
    """Element (n - 1) // 2 in order along dim, and where it stands; the first nan if there is one. torch.median."""

    def select(self, x: Array) -> Array:
        """Return where the median is."""
        missing = np.isnan(x)
        return np.where(missing.any(axis=-1), missing.argmax(axis=-1), super().select(x))


class Mode(Selection):
    """The most frequent x along dim, the smallest of several, and where it stands last. torch.mode."""

    def __init__(self, dim: int = -1, keepdim: bool = False) -> None:
        """Take the axis, and whether it stays with size 1."""
        super().__init__(dim, keepdim)

    def select(self, x: Array) -> Array:
        """Return where the mode is."""
        equal = x[..., :, np.newaxis] == x[..., np.newaxis, :]
        frequency = equal.sum(axis=-1)
        frequent = frequency == frequency.max(axis=-1, keepdims=True)
        smallest = np.where(frequent, x, x.max(axis=-1, keepdims=True)).min(axis=-1, keepdims=True)
        last = (frequent & (x == smallest))[..., ::-1].argmax(axis=-1)
        return np.asarray(x.shape[-1] - 1 - last)


class Quantile:
    """The q-th quantiles of everything or along dim. torch.quantile; numpy.quantile has the same interpolations.

    x in ascending order, n elements, rank r = q (n - 1), i = floor r, f = r - i:

        linear     y = x_i + f (x_(i+1) - x_i),   dx_i = (1 - f) dy, dx_(i+1) = f dy, dq = (n - 1) (x_(i+1) - x_i) dy
        lower, higher, nearest   f is 0, 1 (0 at a whole rank), and that of the rounded rank (halves to even)
        midpoint   f = 1/2 (0 at a whole rank)

    Several q give a new first axis. A slice with a nan is nan.
    """

    skip_nan = False

    def __init__(
        self, q: float | None = None, dim: int | None = None, keepdim: bool = False, interpolation: str = "linear"
    ) -> None:
        """Take q unless it is an input, the axis, whether it stays with size 1, and what lies between two elements."""
        self.q, self.dim, self.keepdim, self.interpolation = q, dim, keepdim, interpolation

    @nan_is_meant
    def forward(self, input: Array, q: Array | None = None) -> Array:
        """Return the quantiles."""
        self.shape = input.shape
        self.given = q is not None
        self.several = q is not None and q.ndim == 1
        x = input.reshape(-1) if self.dim is None else np.moveaxis(input, self.dim, -1)
        wanted = np.asarray(self.q if q is None else q, dtype=x.dtype).reshape(-1)
        self.order = order(x, -1, descending=False)
        ascending = np.take_along_axis(x, self.order, -1)
        missing = np.isnan(x)
        last = (
            x.shape[-1] - 1 - missing.sum(axis=-1, keepdims=True) if self.skip_nan else np.full((1,), x.shape[-1] - 1)
        )
        self.last = np.maximum(last, 0)
        rank = wanted * self.last.astype(x.dtype)  # (..., number of q)
        rank = np.broadcast_to(rank, (*x.shape[:-1], len(wanted)))
        if not self.skip_nan:  # a nan is the last, and the only one to be taken
            rank = np.where(missing.any(axis=-1, keepdims=True), self.last, rank)
        self.below = np.floor(rank).astype(np.int64)
        self.above = np.ceil(rank).astype(np.int64)
        self.share = self._share(rank).astype(x.dtype)
        low = np.take_along_axis(ascending, self.below, -1)
        high = np.take_along_axis(ascending, self.above, -1)
        self.step = high - low
        y = np.where(self.share == 0, low, np.where(self.share == 1, high, low + self.share * self.step))
        return narrow(self._out(y), like=input)

    def _share(self, rank: Array) -> Array:
        """Return f, the weight of the element above."""
        fraction = rank - np.floor(rank)
        if self.interpolation == "midpoint":
            return np.where(fraction == 0, 0.0, 0.5)
        if self.interpolation == "nearest":
            return np.asarray(np.round(rank) - np.floor(rank))
        shares: dict[str, Array] = {"linear": fraction, "lower": np.zeros_like(rank), "higher": np.ceil(fraction)}
        return shares[self.interpolation]

    def _out(self, y: Array) -> Array:
        """Return the answer: y has one axis less than x, and that of the q last."""
        y = np.moveaxis(y, -1, 0)
        if self.keepdim:
            axis = self.dim % len(self.shape) if self.dim is not None else 0
            kept = (1,) * len(self.shape) if self.dim is None else (*self.shape[:axis], 1, *self.shape[axis + 1 :])
            y = y.reshape(len(y), *kept)
        return y if self.several else y[0]

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array | tuple[Array, Array]:
        """Return the gradient of the input, and of q where it is an input."""
        dy = np.moveaxis(grad_output.reshape(self.below.shape[-1], *self.below.shape[:-1]), 0, -1)
        sorted_dx = np.zeros(self.order.shape, dtype=dy.dtype)
        for j in range(dy.shape[-1]):
            for place, weight in ((self.below, 1 - self.share), (self.above, self.share)):
                at = place[..., j : j + 1]
                present = np.take_along_axis(sorted_dx, at, -1)
                np.put_along_axis(sorted_dx, at, present + (weight * dy)[..., j : j + 1], -1)
        dx = put_along(self.order, sorted_dx, -1, self.order.shape[-1])
        dx = dx.reshape(self.shape) if self.dim is None else np.moveaxis(dx, -1, self.dim)
        if not self.given:
            return narrow(dx, like=grad_output)
        dq = (dy * self.step * self.last).reshape(-1, dy.shape[-1]).sum(axis=0)
        return narrow(dx, like=grad_output), narrow(dq, like=grad_output)


class Nanquantile(Quantile):
    """The q-th quantiles of what is not nan; n differs from slice to slice. torch.nanquantile."""

    skip_nan = True
