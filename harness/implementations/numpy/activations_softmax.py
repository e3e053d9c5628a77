"""Softmax and its relatives in NumPy: each slice along a dimension becomes a distribution."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["GumbelSoftmax", "LogSoftmax", "Softmax", "Softmin"]


def _shifted(x: Array, dim: int) -> Array:
    """Return `x` less its largest element along `dim`: exp of it cannot overflow, and softmax is the same."""
    return np.asarray(x - x.max(axis=dim, keepdims=True, initial=-np.inf))


def _softmax(x: Array, dim: int) -> Array:
    """Return exp(x) / sum(exp(x)) along `dim`."""
    powers = np.exp(_shifted(x, dim))
    return np.asarray(powers / powers.sum(axis=dim, keepdims=True))


def _softmax_gradient(y: Array, dy: Array, dim: int) -> Array:
    """Return y (dy - sum(dy y)) along `dim`, the gradient of what softmax was given when it answered y."""
    return np.asarray(y * (dy - (dy * y).sum(axis=dim, keepdims=True)))


class Softmax:
    """y = exp(x) / sum(exp(x)) along dim, dx = y (dy - sum(dy y)). torch.nn.functional.softmax.

    x, y: any shape; a scalar is a slice of one element. A slice of -inf only, or with inf in it, gives nan.
    """

    sign = 1

    def __init__(self, dim: int) -> None:
        """Take the dimension along which y sums to 1."""
        self.dim = dim

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return y; it is kept for `backward`."""
        self.y = _softmax(np.atleast_1d(self.sign * widen(input)), self.dim)
        return narrow(self.y.reshape(input.shape), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dx = self.sign * _softmax_gradient(self.y, np.atleast_1d(widen(grad_output)), self.dim)
        return narrow(dx.reshape(grad_output.shape), like=grad_output)


class Softmin(Softmax):
    """y = exp(-x) / sum(exp(-x)) along dim, dx = -y (dy - sum(dy y)). torch.nn.functional.softmin."""

    sign = -1


class LogSoftmax:
    """y = x - log(sum(exp(x))) along dim, dx = dy - exp(y) sum(dy). torch.nn.functional.log_softmax.

    x, y: any shape; a scalar is a slice of one element. The sum is of exp(x - max x), so that nothing overflows and the
    largest element is not lost.
    """

    def __init__(self, dim: int) -> None:
        """Take the dimension along which exp(y) sums to 1."""
        self.dim = dim

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return y; it is kept for `backward`."""
        shifted = _shifted(np.atleast_1d(widen(input)), self.dim)
        self.y = shifted - np.log(np.exp(shifted).sum(axis=self.dim, keepdims=True))
        return narrow(self.y.reshape(input.shape), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dy = np.atleast_1d(widen(grad_output))
        dx = dy - np.exp(self.y) * dy.sum(axis=self.dim, keepdims=True)
        return narrow(dx.reshape(grad_output.shape), like=grad_output)


class GumbelSoftmax:
    """A sample of a distribution given by logits, as differentiable numbers. torch.nn.functional.gumbel_softmax.

        y = softmax((logits + g) / tau) along dim,   g = -log(e), e exponential: Gumbel noise
        hard: y = 1 at the largest and 0 elsewhere; the gradient is that of the soft y ("straight through")

    logits, gumbels g, y: any shape of at least one dimension. arXiv 1611.01144, 1611.00712.
    """

    def __init__(self, tau: float = 1.0, hard: bool = False, dim: int = -1, seed: int | None = None) -> None:
        """Take the temperature, whether to answer one-hot, and along which dimension."""
        self.tau, self.hard, self.dim = tau, hard, dim
        self.rng = np.random.default_rng(seed)
        self.gumbels: Array = np.zeros(())  #: of the last `forward`

    @nan_is_meant
    def forward(self, logits: Array, gumbels: Array | None = None) -> Array:
        """Return y under `gumbels`, or under some drawn here; either way they are kept in `self.gumbels`."""
        self.gumbels = self.rng.gumbel(size=logits.shape).astype(logits.dtype) if gumbels is None else gumbels
        self.soft = _softmax((widen(logits) + widen(self.gumbels)) / self.tau, self.dim)
        if not self.hard:
            return narrow(self.soft, like=logits)
        y = np.zeros(logits.shape)
        np.put_along_axis(y, self.soft.argmax(axis=self.dim, keepdims=True), 1.0, axis=self.dim)
        return narrow(y, like=logits)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the logits."""
        dx = _softmax_gradient(self.soft, widen(grad_output), self.dim) / self.tau
        return narrow(dx, like=grad_output)
