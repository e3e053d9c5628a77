"""Sums, means, products and spreads over axes in NumPy; half precision is accumulated in float32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = [
    "Mean",
    "Nanmean",
    "Nansum",
    "Prod",
    "Std",
    "StdMean",
    "Sum",
    "Var",
    "VarMean",
    "all",
    "any",
    "count_nonzero",
]

#: one axis, several, or None for all of them
Dim: TypeAlias = int | Sequence[int] | None


def axes_of(dim: Dim, ndim: int) -> tuple[int, ...]:
    """Return the axes that `dim` names, all of them for None; a scalar has none."""
    dims = range(ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    return tuple(axis % ndim for axis in dims) if ndim else ()


def count_of(shape: tuple[int, ...], axes: tuple[int, ...]) -> int:
    """Return how many elements are reduced to one."""
    count = 1
    for axis in axes:
        count *= shape[axis]
    return count


class Reduction:
    """What all operators with `dim` and `keepdim` share: which axes are reduced, and their return as size 1."""

    def __init__(self, dim: Dim = None, keepdim: bool = False) -> None:
        """Take the axes, all of them for None, and whether they stay with size 1."""
        self.dim, self.keepdim = dim, keepdim

    def keep(self, input: Array) -> Array:
        """Keep the input for `backward`, and return it in the dtype to compute with."""
        self.x = widen(input)
        self.axes = axes_of(self.dim, input.ndim)
        return self.x

    def finish(self, reduced: Array, like: Array) -> Array:
        """Return the answer, rounded: `reduced` still has the reduced axes, with size 1."""
        return narrow(reduced if self.keepdim else np.squeeze(reduced, self.axes), like=like)

    def stand_up(self, grad_output: Array) -> Array:
        """Return the upstream gradient, widened, with the reduced axes back as size 1, so that it broadcasts to x."""
        shape = tuple(1 if axis in self.axes else size for axis, size in enumerate(self.x.shape))
        return widen(grad_output).reshape(shape)


class Sum(Reduction):
    """y = sum of x along dim, dx = dy. torch.sum. Integers and booleans are summed in int64."""

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the sum."""
        x = self.keep(input)
        if input.dtype.kind in "biu":
            return np.asarray(input.sum(axis=self.axes, keepdims=self.keepdim, dtype=np.int64))
        return self.finish(x.sum(axis=self.axes, keepdims=True), like=input)

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input: the upstream one, repeated."""
        return narrow(np.broadcast_to(self.stand_up(grad_output), self.x.shape), like=grad_output)


class Mean(Reduction):
    """y = sum of x along dim / n, dx = dy / n, n the number of elements. torch.mean; nan where n is 0."""

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the mean."""
        total = self.keep(input).sum(axis=self.axes, keepdims=True)
        return self.finish(total / count_of(input.shape, self.axes), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        share = self.stand_up(grad_output) / count_of(self.x.shape, self.axes)
        return narrow(np.broadcast_to(share, self.x.shape), like=grad_output)


class Nansum(Reduction):
    """y = sum of the x that are not nan, dx = dy * [x is not nan]. torch.nansum; 0 where all are nan."""

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the sum."""
        x = self.keep(input)
        if input.dtype.kind in "biu":
            return np.asarray(input.sum(axis=self.axes, keepdims=self.keepdim, dtype=np.int64))
        return self.finish(np.nansum(x, axis=self.axes, keepdims=True), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input; what was left out is a factor of 0, which leaves nan below inf."""
        return narrow(self.stand_up(grad_output) * ~np.isnan(self.x), like=grad_output)


class Nanmean(Nansum):
    """y = sum of the x that are not nan / their number n, dx = dy / n * [x is not nan]. torch.nanmean."""

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the mean; nan where all are nan."""
        x = self.keep(input)
        self.count = (~np.isnan(x)).sum(axis=self.axes, keepdims=True, dtype=x.dtype)
        return self.finish(np.nansum(x, axis=self.axes, keepdims=True) / self.count, like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return narrow(self.stand_up(grad_output) / self.count * ~np.isnan(self.x), like=grad_output)


class Prod:
    """y = product of x along one axis, or of everything. torch.prod. Integers and booleans are multiplied in int64.

        dx_i = dy * (x_0 ... x_(i-1)) * (x_(i+1) ... x_last)

    The product of the others, not y / x_i, which is 0 / 0 at a zero.
    """

    def __init__(self, dim: int | None = None, keepdim: bool = False) -> None:
        """Take the axis, or None for everything, and whether it stays with size 1."""
        self.dim, self.keepdim = dim, keepdim

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the product."""
        self.x = widen(input)
        dtype = np.dtype(np.int64) if input.dtype.kind in "biu" else input.dtype
        return np.asarray(self.x.prod(axis=self.dim, keepdims=self.keepdim, dtype=_wide(dtype)), dtype=dtype)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        x = self.x.reshape(1, -1) if self.dim is None else np.moveaxis(self.x, self.dim, -1)
        one = np.ones_like(x[..., :1])
        before = np.cumprod(np.concatenate([one, x[..., :-1]], axis=-1), axis=-1)[..., : x.shape[-1]]
        after = np.cumprod(np.concatenate([one, x[..., :0:-1]], axis=-1), axis=-1)[..., : x.shape[-1]][..., ::-1]
        others = before * after
        dx = widen(grad_output).reshape(*x.shape[:-1], 1) * others
        dx = dx.reshape(self.x.shape) if self.dim is None else np.moveaxis(dx, -1, self.dim)
        return narrow(dx, like=grad_output)


def _wide(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    return widen(np.empty(0, dtype)).dtype


class _Spread(Reduction):
    """Variance or deviation: squares of what the mean leaves over, in two passes.

        v = sum of (x - m)^2 / max(0, n - correction),   dx = dv * 2 (x - m) / (n - correction)

    m: the mean along dim, n: the number of elements. correction = 1 is Bessel's, 0 the plain variance.
    """

    root = False  #: the deviation sqrt v, in place of the variance v

    def __init__(self, dim: Dim = None, correction: float = 1, keepdim: bool = False) -> None:
        """Take the axes, what is subtracted from n, and whether the axes stay with size 1."""
        super().__init__(dim, keepdim)
        self.correction = correction

    def spread(self, input: Array) -> Array:
        """Return variance or deviation with the reduced axes as size 1; keep what `backward` needs."""
        x = self.keep(input)
        self.count = count_of(x.shape, self.axes)
        self.mean = x.sum(axis=self.axes, keepdims=True) / np.asarray(self.count, dtype=x.dtype)
        self.rest = x - self.mean
        self.divisor = np.asarray(max(0.0, self.count - self.correction), dtype=x.dtype)
        variance = np.square(self.rest).sum(axis=self.axes, keepdims=True) / self.divisor
        self.y = np.sqrt(variance) if self.root else variance
        return np.asarray(self.y)

    def slope(self, dy: Array) -> Array:
        """Return the gradient of the input below that of the spread; 0 where a deviation is 0."""
        dvar = np.where(self.y == 0, 0, dy / (2 * self.y)) if self.root else dy
        return np.asarray(dvar * 2 * self.rest / self.divisor)


class Var(_Spread):
    """The variance: y = sum of (x - m)^2 / max(0, n - correction). torch.var."""

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the variance, or deviation."""
        return self.finish(self.spread(input), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return narrow(self.slope(self.stand_up(grad_output)), like=grad_output)


class Std(Var):
    """The standard deviation, the root of the variance. torch.std; dx = dy * (x - m) / (y (n - correction))."""

    root = True


class VarMean(_Spread):
    """Variance and mean. torch.var_mean; dx = that of `Var` + dmean / n."""

    @nan_is_meant
    def forward(self, input: Array) -> tuple[Array, Array]:
        """Return variance, or deviation, and mean."""
        return self.finish(self.spread(input), like=input), self.finish(self.mean, like=input)

    @nan_is_meant
    def backward(self, grad_spread: Array, grad_mean: Array) -> Array:
        """Return the gradient of the input."""
        dx = self.slope(self.stand_up(grad_spread)) + self.stand_up(grad_mean) / self.count
        return narrow(dx, like=grad_spread)


class StdMean(VarMean):
    """Standard deviation and mean. torch.std_mean; dx = that of `Std` + dmean / n."""

    root = True


def count_nonzero(input: Array, dim: Dim = None) -> Array:
    """Return how many elements are not 0. torch.count_nonzero; nan counts."""
    return np.asarray((input != 0).sum(axis=axes_of(dim, input.ndim), dtype=np.int64))


def any(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:  # noqa: A001 - torch's own name
    """Return whether some element is not 0. torch.any; nan counts, and uint8 gives uint8."""
    found = (input != 0).any(axis=axes_of(dim, input.ndim), keepdims=keepdim)
    return np.asarray(found, dtype=np.uint8 if input.dtype == np.uint8 else np.bool_)


def all(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:  # noqa: A001 - torch's own name
    """Return whether no element is 0. torch.all; nan counts as true, and uint8 gives uint8."""
    found = (input != 0).all(axis=axes_of(dim, input.ndim), keepdims=keepdim)
    return np.asarray(found, dtype=np.uint8 if input.dtype == np.uint8 else np.bool_)
