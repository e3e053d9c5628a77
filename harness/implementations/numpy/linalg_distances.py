"""Distances and similarities of vectors in NumPy."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.pointwise import unbroadcast
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["Cdist", "CosineSimilarity", "PairwiseDistance", "Pdist"]


def length(d: Array, p: float) -> Array:
    """Return the p-norm of vectors along the last axis, which stays, of size 1; p = 0 counts what is not 0."""
    if p == 0:
        return np.asarray((d != 0).sum(axis=-1, keepdims=True), dtype=d.dtype)
    if p == np.inf:
        return np.asarray(np.abs(d).max(axis=-1, keepdims=True, initial=0.0))
    if p == 2:  # noqa: PLR2004 - Euclid's
        return np.asarray(np.sqrt(np.square(d).sum(axis=-1, keepdims=True)))
    return np.asarray((np.abs(d) ** p).sum(axis=-1, keepdims=True) ** (1 / p))


def length_slope(d: Array, n: Array, p: float) -> Array:
    """Return the gradient of the norm n of d: sign(d) (|d| / n)^(p-1), and 0 where d or n is 0."""
    if p == 0:
        return np.zeros_like(d)
    if p == np.inf:
        return np.asarray(np.sign(d) * (np.abs(d) == n))
    still = (d == 0) | (n == 0)
    return np.where(still, 0.0, np.sign(d) * (np.abs(d) / n) ** (p - 1))


class Cdist:
    """The distance of each vector of x1 to each of x2. torch.cdist.

        y[..., i, j] = (sum over k of |x1[..., i, k] - x2[..., j, k]|^p)^(1/p)

    p = 0 counts what differs, p = inf takes the largest. x1: (..., P, M), x2: (..., R, M), y: (..., P, R); batches
    broadcast. The gradient of a distance that is 0 is 0. `compute_mode` chooses how torch computes p = 2: through
    x1 x2^T it is faster and loses what nearly equal vectors differ by; here it is always the sum above.
    """

    def __init__(self, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> None:
        """Take the order of the norm."""
        self.p, self.compute_mode = p, compute_mode

    @nan_is_meant
    def forward(self, x1: Array, x2: Array) -> Array:
        """Return the distances."""
        self.shapes = x1.shape, x2.shape
        self.difference = x1[..., :, np.newaxis, :] - x2[..., np.newaxis, :, :]
        self.distance = length(self.difference, self.p)
        return self.distance[..., 0]

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of x1 and x2."""
        slope = grad_output[..., np.newaxis] * length_slope(self.difference, self.distance, self.p)
        first, second = self.shapes
        return unbroadcast(slope.sum(axis=-2), first), unbroadcast(-slope.sum(axis=-3), second)


class Pdist:
    """The distance of each pair of rows, the pairs (0, 1), (0, 2), ..., (1, 2), ... in this order. torch.pdist.

    input: (n, m), y: (n (n - 1) / 2). Norm and gradient as in `Cdist`.
    """

    def __init__(self, p: float = 2.0) -> None:
        """Take the order of the norm."""
        self.p = p

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the distances."""
        self.shape = input.shape
        self.first, self.second = np.triu_indices(len(input), k=1)
        self.difference = input[self.first] - input[self.second]
        self.distance = length(self.difference, self.p)
        return self.distance[..., 0]

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        slope = grad_output[:, np.newaxis] * length_slope(self.difference, self.distance, self.p)
        gradient = np.zeros(self.shape, dtype=grad_output.dtype)
        np.add.at(gradient, self.first, slope)
        np.add.at(gradient, self.second, -slope)
        return gradient


class PairwiseDistance:
    """The distance of vectors one by one, eps added to each difference. torch.nn.functional.pairwise_distance.

        y = (sum over the last axis of |x1 - x2 + eps|^p)^(1/p)

    x1, x2: (..., d), which broadcast; keepdim leaves the last axis, of size 1. Gradient as in `Cdist`, but for p = inf
    equal largest components share it.
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        """Take the order of the norm, what is added, and whether the last axis stays."""
        self.p, self.eps, self.keepdim = p, eps, keepdim

    @nan_is_meant
    def forward(self, x1: Array, x2: Array) -> Array:
        """Return the distances."""
        self.shapes = x1.shape, x2.shape
        difference = widen(x1) - widen(x2)
        difference = difference.astype(np.float32) if difference.dtype.kind == "i" else difference
        self.difference = difference + self.eps
        self.distance = length(self.difference, self.p)
        distance = self.distance if self.keepdim else self.distance[..., 0]
        return distance if x1.dtype.kind == "i" else narrow(distance, like=x1)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of x1 and x2."""
        dy = widen(grad_output) if self.keepdim else widen(grad_output)[..., np.newaxis]
        slope = length_slope(self.difference, self.distance, self.p)
        if self.p == np.inf:
            slope = slope / np.maximum((slope != 0).sum(axis=-1, keepdims=True), 1)
        first, second = (
            unbroadcast(sign * dy * slope, shape) for sign, shape in zip((1, -1), self.shapes, strict=True)
        )
        return narrow(first, like=grad_output), narrow(second, like=grad_output)


class CosineSimilarity:
    """The cosine of the angle between vectors along `dim`. torch.nn.functional.cosine_similarity.

        n = max(|x|, eps),    u = x / n,    y = sum of u1 u2
        dx1 = dy (u2 - x1 / |x1| y) / n1          (dx2 alike; a vector of zeros has x / |x| = 0)

    x1, x2: any shapes, which broadcast. Each norm is bounded below by eps; the gradient goes on as if it were not.
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        """Take the axis of the vectors and the smallest norm."""
        self.dim, self.eps = dim, eps

    @nan_is_meant
    def forward(self, x1: Array, x2: Array) -> Array:
        """Return the cosines."""
        self.shapes = x1.shape, x2.shape
        self.vectors = np.broadcast_arrays(widen(x1), widen(x2))
        self.lengths = [np.sqrt(np.square(x).sum(axis=self.dim, keepdims=True)) for x in self.vectors]
        self.bounded = [np.maximum(n, self.eps) for n in self.lengths]
        self.units = [x / n for x, n in zip(self.vectors, self.bounded, strict=True)]
        return narrow((self.units[0] * self.units[1]).sum(axis=self.dim), like=x1)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of x1 and x2."""
        dy = np.expand_dims(widen(grad_output), self.dim)
        return self._gradient(dy, 0, like=grad_output), self._gradient(dy, 1, like=grad_output)

    def _gradient(self, dy: Array, i: int, like: Array) -> Array:
        other = dy * self.units[1 - i]
        along = (other * self.units[i]).sum(axis=self.dim, keepdims=True)
        direction = np.where(self.lengths[i] == 0, 0.0, self.vectors[i] / self.lengths[i])
        return narrow(unbroadcast((other - direction * along) / self.bounded[i], self.shapes[i]), like=like)
