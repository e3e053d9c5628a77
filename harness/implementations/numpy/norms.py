"""Constraints on norms in NumPy: renormalized weights and clipped gradients."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = [
    "Renorm",
    "clip_grad_norm",
    "clip_grad_value",
]


class Renorm:
    """Max-norm: scales each slice along `dim` whose p-norm n is above maxnorm. torch.renorm; arXiv 1207.0580.

        forward    y  = x * c,                                  c = maxnorm / (n + 1e-7) where n > maxnorm, else 1
        backward   dx = c * (dy - dn * sum(x dy) / (n + 1e-7))  where n > maxnorm, else dy
                   dn = sign(x) (|x| / n)^(p - 1), the gradient of n

    x, y: at least two dimensions. For a weight (out, in), dim = 0 bounds the incoming weights of each unit.
    """

    def __init__(self, p: float, dim: int, maxnorm: float) -> None:
        """Take which norm (p finite), along which dimension, and its largest value."""
        self.p, self.dim, self.maxnorm = p, dim, maxnorm

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the input, each slice at most maxnorm long; a shorter one stays as it is."""
        self.x = widen(input)
        others = tuple(axis for axis in range(input.ndim) if axis != self.dim % input.ndim)
        self.norm = (np.abs(self.x) ** self.p).sum(axis=others, keepdims=True) ** (1 / self.p)
        self.others = others
        return narrow(self.x * self._factor(), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input; the norm depends on it too."""
        dy, long = widen(grad_output), self.norm > self.maxnorm
        norm = np.where(long, self.norm, 1.0)  # of no use where the slice is short, but not 0
        dnorm = np.sign(self.x) * (np.abs(self.x) / norm) ** (self.p - 1)
        along = (self.x * dy).sum(axis=self.others, keepdims=True)
        scaled = self._factor() * (dy - dnorm * along / (norm + 1e-7))
        return narrow(np.where(long, scaled, dy), like=grad_output)

    def _factor(self) -> Array:
        return np.where(self.norm > self.maxnorm, self.maxnorm / (self.norm + 1e-7), 1.0).astype(self.x.dtype)


@nan_is_meant
def clip_grad_norm(max_norm: float, norm_type: float = 2.0, **grads: Array) -> dict[str, Array]:
    """Scale all gradients by one factor, so that their norm together is at most max_norm; never scale up.

        n = (sum over all gradients of |g|^norm_type)^(1 / norm_type)
        g = g * min(1, max_norm / (n + 1e-6))

    torch.nn.utils.clip_grad_norm_; arXiv 1211.5063. Gradients: any number, any shapes.
    """
    first = next(iter(grads.values()))
    norms = [np.linalg.norm(widen(grad).ravel(), norm_type) for grad in grads.values()]
    total_norm = np.asarray(np.linalg.norm(norms, norm_type))
    factor = np.minimum(1.0, max_norm / (total_norm + 1e-6))
    clipped = {name: narrow(widen(grad) * factor, like=grad) for name, grad in grads.items()}
    return {"total_norm": narrow(total_norm, like=first), **clipped}


def clip_grad_value(clip_value: float, **grads: Array) -> dict[str, Array]:
    """Clamp each element to [-clip_value, clip_value]. torch.nn.utils.clip_grad_value_.

    Gradients: any number, any shapes.
    """
    return {name: narrow(np.clip(widen(grad), -clip_value, clip_value), like=grad) for name, grad in grads.items()}
