"""Running sums, products and extremes, differences and integrals along one axis, in NumPy."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.pointwise import unbroadcast
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["Cummax", "Cummin", "Cumprod", "Cumsum", "CumulativeTrapezoid", "Diff", "Logcumsumexp", "Trapezoid"]


def last(array: Array, dim: int) -> Array:
    """Return the array, widened, with axis `dim` moved to the end; a scalar gets one axis."""
    return np.moveaxis(widen(array).reshape(array.shape or (1,)), dim, -1)


def back(array: Array, dim: int, shape: tuple[int, ...]) -> Array:
    """Undo `last`: return the array with its last axis at `dim`, in `shape`."""
    return np.moveaxis(array, -1, dim).reshape(shape)


class _Scan:
    """An operator that walks along one axis and keeps the shape."""

    def __init__(self, dim: int) -> None:
        """Take the axis."""
        self.dim = dim


class Cumsum(_Scan):
    """y_i = x_0 + ... + x_i, dx_i = dy_i + ... + dy_last. torch.cumsum. Integers and booleans give int64."""

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the running sum."""
        integers = input.dtype.kind in "biu"
        y = np.cumsum(last(input, self.dim), axis=-1, dtype=np.int64 if integers else None)
        return back(y, self.dim, input.shape).astype(np.int64 if integers else input.dtype)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input: the running sum from the end."""
        dx = np.cumsum(last(grad_output, self.dim)[..., ::-1], axis=-1)[..., ::-1]
        return narrow(back(dx, self.dim, grad_output.shape), like=grad_output)


class Cumprod(_Scan):
    """y_i = x_0 * ... * x_i. torch.cumprod. Integers and booleans give int64.

        dx_k = sum over i >= k of dy_i * product of x_0 .. x_i without x_k

    The product without x_k, not y_i / x_k, which is 0 / 0 at a zero.
    """

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the running product."""
        self.x = last(input, self.dim)
        integers = input.dtype.kind in "biu"
        y = np.cumprod(self.x, axis=-1, dtype=np.int64 if integers else self.x.dtype)
        return back(y, self.dim, input.shape).astype(np.int64 if integers else input.dtype)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dy, dx = last(grad_output, self.dim), np.empty_like(self.x)
        for k in range(self.x.shape[-1]):
            without = self.x.copy()
            without[..., k] = 1
            dx[..., k] = (dy * np.cumprod(without, axis=-1))[..., k:].sum(axis=-1)
        return narrow(back(dx, self.dim, grad_output.shape), like=grad_output)


class Logcumsumexp(_Scan):
    """y_i = log(exp(x_0) + ... + exp(x_i)), by one logaddexp a step. torch.logcumsumexp.

    dx_k = sum over i >= k of dy_i * exp(x_k - y_i)
    """

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the running logarithm of the sum."""
        self.x = last(input, self.dim)
        self.y = np.logaddexp.accumulate(self.x, axis=-1) if self.x.size else self.x
        return narrow(back(self.y, self.dim, input.shape), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dy, dx = last(grad_output, self.dim), np.empty_like(self.x)
        for k in range(self.x.shape[-1]):
            dx[..., k] = (dy * np.exp(self.x[..., k : k + 1] - self.y))[..., k:].sum(axis=-1)
        return narrow(back(dx, self.dim, grad_output.shape), like=grad_output)


class Cummax(_Scan):
    """The largest element so far and where it stands, the last of equal ones. torch.cummax.

        values_i = max(x_0 .. x_i),   dx_k = sum of dvalues_i over the i that point to k

    nan is larger than everything: it stays from there on.
    """

    def beats(self, new: Array, best: Array) -> Array:
        """Return where a new element takes the place of the best so far."""
        return new >= best

    def forward(self, input: Array) -> tuple[Array, Array]:
        """Return values and indices (int64)."""
        x = last(input, self.dim)
        values, self.indices = x.copy(), np.zeros(x.shape, dtype=np.int64)
        for i in range(1, x.shape[-1]):
            new, best = x[..., i], values[..., i - 1]
            taken = np.isnan(new) | self.beats(new, best)
            values[..., i] = np.where(taken, new, best)
            self.indices[..., i] = np.where(taken, i, self.indices[..., i - 1])
        shape = input.shape
        return narrow(back(values, self.dim, shape), like=input), back(self.indices, self.dim, shape)

    @nan_is_meant
    def backward(self, grad_values: Array) -> Array:
        """Return the gradient of the input: each gradient goes to where its value came from."""
        dy = last(grad_values, self.dim)
        places = np.arange(dy.shape[-1])
        chosen = self.indices[..., np.newaxis] == places
        dx = np.where(chosen, dy[..., np.newaxis], 0).sum(axis=-2)
        return narrow(back(dx, self.dim, grad_values.shape), like=grad_values)


class Cummin(Cummax):
    """The smallest element so far and where it stands, the last of equal ones. torch.cummin; nan stays as in cummax."""

    def beats(self, new: Array, best: Array) -> Array:
        """Return where a new element takes the place of the best so far."""
        return new <= best


class Diff:
    """n times the differences of neighbours along dim, of prepend, input and append joined. torch.diff; numpy.diff.

    y_i = x_(i+1) - x_i,   dx_i = dy_(i-1) - dy_i with 0 beyond the ends
    """

    def __init__(self, n: int = 1, dim: int = -1) -> None:
        """Take how many times, and the axis."""
        self.n, self.dim = n, dim

    @nan_is_meant
    def forward(self, input: Array, prepend: Array | None = None, append: Array | None = None) -> Array:
        """Return the differences, one fewer each time; of booleans their exclusive or."""
        parts = [part for part in (prepend, input, append) if part is not None]
        self.ends = (prepend is not None, append is not None)
        self.sizes = [part.shape[self.dim] for part in parts]
        x = np.concatenate([widen(part) if part.dtype != np.bool_ else part for part in parts], axis=self.dim)
        return narrow(np.diff(x, n=self.n, axis=self.dim), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of input, prepend and append: of those that were there."""
        dx = last(grad_output, self.dim)
        for _ in range(min(self.n, sum(self.sizes))):
            zero = np.zeros((*dx.shape[:-1], 1), dtype=dx.dtype)
            dx = np.concatenate([zero, dx], axis=-1) - np.concatenate([dx, zero], axis=-1)
        dx = narrow(np.moveaxis(dx, -1, self.dim), like=grad_output)
        gradients = np.split(dx, np.cumsum(self.sizes)[:-1], axis=self.dim)
        if self.ends[0]:
            gradients[0], gradients[1] = gradients[1], gradients[0]
        return tuple(gradients)


class CumulativeTrapezoid:
    """The running integral by the trapezoidal rule. torch.cumulative_trapezoid.

        output_k = sum over i <= k of (x_(i+1) - x_i) (y_i + y_(i+1)) / 2

    y: any shape, x: one axis or the shape of y; without it the points lie dx apart.
    """

    def __init__(self, dx: float = 1.0, dim: int = -1) -> None:
        """Take the spacing, which counts without x, and the axis."""
        self.spacing, self.dim = dx, dim

    def areas(self, y: Array, x: Array | None) -> Array:
        """Return the area of each trapezoid, the axis last; keep what the gradients need."""
        self.y = last(y, self.dim)
        self.x = None if x is None else widen(x) if x.ndim == 1 else last(x, self.dim)
        self.width = np.asarray(self.spacing, dtype=self.y.dtype) if self.x is None else np.diff(self.x)
        return np.asarray(self.width * (self.y[..., :-1] + self.y[..., 1:]) / 2)

    def gradients(self, darea: Array, like: Array) -> tuple[Array, ...]:
        """Return the gradients of y, and of x where there is one, below those of the areas."""
        zero = np.zeros((*darea.shape[:-1], 1), dtype=darea.dtype)
        half = self.width * darea / 2
        dy = np.concatenate([half, zero], axis=-1) + np.concatenate([zero, half], axis=-1)
        dy = narrow(np.moveaxis(dy, -1, self.dim), like=like)
        if self.x is None:
            return (dy,)
        dwidth = darea * (self.y[..., :-1] + self.y[..., 1:]) / 2
        dx = np.concatenate([zero, dwidth], axis=-1) - np.concatenate([dwidth, zero], axis=-1)
        dx = unbroadcast(dx, self.x.shape)
        return dy, narrow(dx if self.x.ndim == 1 else np.moveaxis(dx, -1, self.dim), like=like)

    @nan_is_meant
    def forward(self, y: Array, x: Array | None = None) -> Array:
        """Return the running integral, one element fewer than y."""
        return narrow(np.moveaxis(np.cumsum(self.areas(y, x), axis=-1), -1, self.dim), like=y)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of y and x."""
        darea = np.cumsum(last(grad_output, self.dim)[..., ::-1], axis=-1)[..., ::-1]
        return self.gradients(darea, like=grad_output)


class Trapezoid(CumulativeTrapezoid):
    """The integral by the trapezoidal rule: the last element of the running one. torch.trapezoid."""

    @nan_is_meant
    def forward(self, y: Array, x: Array | None = None) -> Array:
        """Return the integral."""
        return narrow(self.areas(y, x).sum(axis=-1), like=y)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of y and x."""
        darea = np.broadcast_to(widen(grad_output)[..., np.newaxis], (*grad_output.shape, self.y.shape[-1] - 1))
        return self.gradients(darea, like=grad_output)
