"""Norms of vectors and the logarithm of summed exponentials in NumPy."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow
from harness.implementations.numpy.reductions import Dim, Reduction

__all__ = ["Logsumexp", "VectorNorm"]


class VectorNorm(Reduction):
    """The norm of order p of everything as one vector, or along dim. torch.linalg.vector_norm.

    y  = (sum of |x|^p)^(1/p);   0: how many are not 0;   inf, -inf: the largest and smallest |x|
    dx = dy * sign(x) (|x| / y)^(p - 1), and 0 where y is 0, or where x is 0 and p < 1
    dx = dy * sign(x) [|x| = y] / count of those, for p = inf and -inf;   0 for p = 0
    """

    def __init__(self, ord: float = 2, dim: Dim = None, keepdim: bool = False) -> None:
        """Take the order, the axes, and whether they stay with size 1."""
        super().__init__(dim, keepdim)
        self.ord = ord

    @nan_is_meant
    def forward(self, x: Array) -> Array:
        """Return the norm."""
        size = np.abs(self.keep(x))
        if self.ord == 0:
            norm = (size != 0).sum(axis=self.axes, keepdims=True)
        elif np.isinf(self.ord):
            norm = (size.max if self.ord > 0 else size.min)(axis=self.axes, keepdims=True)
        else:
            norm = (size**self.ord).sum(axis=self.axes, keepdims=True) ** (1 / self.ord)
        self.norm = np.asarray(norm, dtype=size.dtype)
        return self.finish(self.norm, like=x)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of x."""
        return narrow(self.stand_up(grad_output) * self._slope(), like=grad_output)

    def _slope(self) -> Array:
        size = np.abs(self.x)
        if self.ord == 0:
            return np.zeros_like(size)
        if np.isinf(self.ord):
            tied = size == self.norm
            return np.asarray(np.sign(self.x) * tied / tied.sum(axis=self.axes, keepdims=True, dtype=size.dtype))
        flat = (self.norm == 0) | ((self.x == 0) & (self.ord < 1))
        return np.where(flat, 0, np.sign(self.x) * (size / self.norm) ** (self.ord - 1))


class Logsumexp(Reduction):
    """y = m + log(sum of exp(x - m)) along dim, m the largest x; dx = dy * exp(x - y). torch.logsumexp.

    m is 0 where the largest is inf, -inf or nan, so that m - m is no nan.
    """

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the logarithm of the sum."""
        x = self.keep(input)
        largest = x.max(axis=self.axes, keepdims=True, initial=-np.inf)
        largest = np.where(np.isfinite(largest), largest, 0).astype(x.dtype)
        self.y = largest + np.log(np.exp(x - largest).sum(axis=self.axes, keepdims=True))
        return self.finish(self.y, like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input: the softmax times the upstream one."""
        return narrow(self.stand_up(grad_output) * np.exp(self.x - self.y), like=grad_output)
