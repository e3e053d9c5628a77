"""Normalization by a norm in NumPy: of vectors, of weights, by the largest singular value, and across channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen
from harness.implementations.numpy.windows import pad, scatter_windows, windows

__all__ = ["LocalResponseNorm", "Normalize", "SpectralNorm", "WeightNorm"]


class LocalResponseNorm:
    """Divided by a power of the mean square of the neighbouring channels. torch.nn.functional.local_response_norm.

        s[c] = k + alpha / size * sum of x[c']^2,   c' from c - size // 2 to c + (size - 1) // 2, zeros outside
        y = x / s^beta
        dx[c] = dy[c] / s[c]^beta - 2 alpha beta / size * x[c] * sum of dy[c'] x[c'] / s[c']^(beta + 1)

    where the last sum is over the c' whose window holds c. Section 3.3 of Krizhevsky et al., NIPS 2012, which has alpha
    for our alpha / size. input x, y: (N, C, ...).
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        """Take how many channels are neighbours, and the constants of the formula."""
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return y."""
        self.x = np.moveaxis(widen(input), 1, -1)
        squares = pad(np.square(self.x), [self.size // 2], [(self.size - 1) // 2])
        self.s = self.k + self.alpha * windows(squares, [self.size], [1], [1]).mean(axis=-1)
        return narrow(np.moveaxis(self.x / self.s**self.beta, -1, 1), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dy = np.moveaxis(widen(grad_output), 1, -1)
        ds = -self.beta * dy * self.x / self.s ** (self.beta + 1)
        share = np.repeat(ds[..., None] * (self.alpha / self.size), self.size, axis=-1)
        channels = self.x.shape[-1]
        dsquares = scatter_windows(share, [channels + self.size - 1], [self.size], [1], [1])
        before = self.size // 2
        dx = dy / self.s**self.beta + 2 * self.x * dsquares[..., before : before + channels]
        return narrow(np.moveaxis(dx, -1, 1), like=grad_output)


class Normalize:
    """Divided by the p-norm, or by eps where the norm is below it. torch.nn.functional.normalize.

        y = x / max(n, eps),   n = (sum |x|^p)^(1 / p) over dim;  p = inf: max |x|;  p = 0: how many x are not 0
        dx = dy / max(n, eps) - dn sum(dy x) / n^2     where n >= eps, else dy / eps
             dn = sign(x) (|x| / n)^(p - 1), the gradient of n; p = inf: sign(x) shared among the largest; p = 0: 0

    input x, y: any shape; dim: one axis or several.
    """

    def __init__(self, p: float = 2.0, dim: int | Sequence[int] = 1, eps: float = 1e-12) -> None:
        """Take which norm, over which axes, and the smallest divisor."""
        self.p, self.eps = p, eps
        self.axes = (dim,) if isinstance(dim, int) else tuple(dim)

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return y."""
        self.x = widen(input)
        size = np.abs(self.x)
        if self.p == 0:
            self.norm = (self.x != 0).sum(axis=self.axes, keepdims=True).astype(size.dtype)
        elif np.isinf(self.p):
            self.norm = size.max(axis=self.axes, keepdims=True)
        else:
            self.norm = (size**self.p).sum(axis=self.axes, keepdims=True) ** (1 / self.p)
        self.divisor = np.maximum(self.norm, np.asarray(self.eps, dtype=size.dtype))
        return narrow(self.x / self.divisor, like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dy = widen(grad_output)
        along = -(dy * self.x / np.square(self.divisor)).sum(axis=self.axes, keepdims=True)
        dnorm = np.where((self.norm >= self.eps) & (self.norm > 0), self._slope() * along, 0)
        return narrow(dy / self.divisor + dnorm, like=grad_output)

    def _slope(self) -> Array:
        """Return the gradient of the norm."""
        size, sign = np.abs(self.x), np.sign(self.x)
        if self.p == 0:
            return np.zeros_like(self.x)
        if np.isinf(self.p):
            largest = size == self.norm
            return np.asarray(sign * largest / largest.sum(axis=self.axes, keepdims=True))
        return np.asarray(sign * (size / self.norm) ** (self.p - 1))


class WeightNorm:
    """A weight by direction and length, w = g v / ||v||. arXiv 1602.07868; torch._weight_norm.

        dg = sum(dw v) / ||v||,   dv = g / ||v|| (dw - v sum(dw v) / ||v||^2)

    The sums are over all axes but `dim`; over all axes with dim = -1. v, w: any shape; g: that of v with 1 for each
    axis that is summed.
    """

    def __init__(self, dim: int = 0) -> None:
        """Take the axis along which each slice has a length of its own."""
        self.dim = dim

    @nan_is_meant
    def forward(self, v: Array, g: Array) -> Array:
        """Return the weight."""
        self.v, self.g = widen(v), widen(g)
        self.axes = tuple(axis for axis in range(v.ndim) if axis != self.dim)
        self.norm = np.sqrt(np.square(self.v).sum(axis=self.axes, keepdims=True))
        return narrow(self.v * (self.g / self.norm), like=v)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of v and g."""
        dw = widen(grad_output)
        along = (dw * self.v).sum(axis=self.axes, keepdims=True) / self.norm
        dv = self.g / self.norm * (dw - self.v / self.norm * along)
        return narrow(dv, like=grad_output), narrow(along.reshape(self.g.shape), like=grad_output)


class SpectralNorm:
    """A weight over its largest singular value. arXiv 1802.05957; torch.nn.utils.spectral_norm.

        v = W^T u / ||W^T u||,   u = W v / ||W v||        (n_power_iterations times, in training)
        sigma = u^T W v,   y = W / sigma
        dW = (dy - u v^T sum(dy y)) / sigma               (u and v count as constants)

    W is the weight as a matrix, `dim` first and the others flattened. weight: any shape, u: (weight.shape[dim]),
    v: (the product of the others). A norm below eps counts as eps.
    """

    def __init__(self, n_power_iterations: int = 1, eps: float = 1e-12, dim: int = 0) -> None:
        """Take how many power iterations a training step makes, the smallest norm, and which axis comes first."""
        self.n_power_iterations, self.eps, self.dim = n_power_iterations, eps, dim

    @nan_is_meant
    def forward(self, weight: Array, u: Array, v: Array) -> dict[str, Array]:
        """Return y and the new u and v, in training."""
        matrix, u, v = self._matrix(weight), widen(u), widen(v)
        for _ in range(self.n_power_iterations):
            v = self._unit(matrix.T @ u)
            u = self._unit(matrix @ v)
        return {"output": self._divide(weight, u, v), "u": narrow(u, like=weight), "v": narrow(v, like=weight)}

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the weight."""
        dy, shape = self._matrix(grad_output), np.moveaxis(grad_output, self.dim, 0).shape
        dw = (dy - np.outer(self.u, self.v) * (dy * self.y).sum()) / self.sigma
        return narrow(np.moveaxis(dw.reshape(shape), 0, self.dim), like=grad_output)

    @nan_is_meant
    def eval(self, weight: Array, u: Array, v: Array) -> Array:
        """Return y by u and v as they are."""
        return self._divide(weight, widen(u), widen(v))

    def _matrix(self, weight: Array) -> Array:
        first = np.moveaxis(widen(weight), self.dim, 0)
        return first.reshape(len(first), -1)

    def _unit(self, vector: Array) -> Array:
        return np.asarray(vector / np.maximum(np.linalg.norm(vector), np.asarray(self.eps, dtype=vector.dtype)))

    def _divide(self, weight: Array, u: Array, v: Array) -> Array:
        matrix = self._matrix(weight)
        self.u, self.v, self.sigma = u, v, u @ matrix @ v
        self.y = matrix / self.sigma
        return narrow(widen(weight) / self.sigma, like=weight)
