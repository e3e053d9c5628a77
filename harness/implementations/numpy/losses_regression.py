"""Losses of regression in NumPy: distances between numbers, and likelihoods."""

from __future__ import annotations

import math
from abc import abstractmethod

import numpy as np
from scipy.special import xlogy

from harness.implementations.numpy.losses_shared import Loss, TermLoss
from harness.implementations.numpy.pointwise import unbroadcast
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["GaussianNllLoss", "HuberLoss", "KlDiv", "L1Loss", "MseLoss", "PoissonNllLoss", "SmoothL1Loss"]


class _Distance(Loss):
    """A loss of the difference d = x - t, e(d), with a weight for each element if one is given.

        terms    w e(d)
        dx = w e'(d) dterm,   dt = -dx,   dw = e(d) dterm

    Where `weighted_mean`, the mean divides by sum(w) and not by the number of terms; then dw = (e(d) - loss) dterm.
    input x, target t: any shapes that broadcast, weight w: the shape of x.
    """

    weighted_mean = True

    @abstractmethod
    def error(self, d: Array) -> Array:
        """Return e(d)."""

    @abstractmethod
    def slope(self, d: Array) -> Array:
        """Return e'(d)."""

    @nan_is_meant
    def forward(self, input: Array, target: Array, weight: Array | None = None) -> Array:
        """Return the loss; difference and weight are kept for `backward`."""
        self.inputs = [x for x in (input, target, weight) if x is not None]
        self.d = widen(input) - widen(target)
        self.w = None if weight is None else widen(weight)
        error = self.error(self.d)
        terms = error if self.w is None else error * self.w
        by_weight = self.weighted_mean and self.reduction == "mean"
        self.weights = self.w.sum() if self.w is not None and by_weight else None
        return self.reduce(terms, like=input, total=self.weights)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of input, target and, where it is given, weight."""
        dterms = self.spread(grad_output)
        dd = dterms * self.slope(self.d) * (1 if self.w is None else self.w)
        gradients = [dd, -dd]
        if self.w is not None:
            error = self.error(self.d)
            mean = 0 if self.weights is None else (error * self.w).sum() / self.weights
            gradients.append(dterms * (error - mean))
        pairs = zip(gradients, self.inputs, strict=True)
        return tuple(narrow(unbroadcast(gradient, x.shape), like=x) for gradient, x in pairs)


class L1Loss(_Distance):
    """e(d) = |d|, e'(d) = sign(d), 0 at 0. torch.nn.functional.l1_loss."""

    def error(self, d: Array) -> Array:
        """Return e(d)."""
        return np.abs(d)

    def slope(self, d: Array) -> Array:
        """Return e'(d)."""
        return np.sign(d)


class MseLoss(_Distance):
    """e(d) = d^2, e'(d) = 2 d. torch.nn.functional.mse_loss."""

    def error(self, d: Array) -> Array:
        """Return e(d)."""
        return np.square(d)

    def slope(self, d: Array) -> Array:
        """Return e'(d)."""
        return np.asarray(2 * d)


class SmoothL1Loss(_Distance):
    """A parabola in the middle, lines beyond it. torch.nn.functional.smooth_l1_loss; arXiv 1504.08083.

    e(d) = d^2 / (2 beta) where |d| < beta, else |d| - beta / 2;   e'(d) = d / beta or sign(d)

    With beta = 0 it is the L1 loss. It takes no weight.
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        """Take the reduction, and where the parabola ends."""
        super().__init__(reduction)
        self.beta = beta

    def error(self, d: Array) -> Array:
        """Return e(d)."""
        inner = np.square(d) * (0.5 / self.beta) if self.beta else d
        return np.where(np.abs(d) < self.beta, inner, np.abs(d) - 0.5 * self.beta)

    def slope(self, d: Array) -> Array:
        """Return e'(d)."""
        return np.where(np.abs(d) < self.beta, d / self.beta if self.beta else d, np.sign(d))


class HuberLoss(_Distance):
    """A parabola in the middle, lines beyond it. torch.nn.functional.huber_loss.

    e(d) = d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2);   e'(d) = d or delta sign(d)
    """

    weighted_mean = False

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        """Take the reduction, and where the parabola ends."""
        super().__init__(reduction)
        self.delta = delta

    def error(self, d: Array) -> Array:
        """Return e(d)."""
        return np.where(np.abs(d) <= self.delta, 0.5 * d * d, self.delta * (np.abs(d) - 0.5 * self.delta))

    def slope(self, d: Array) -> Array:
        """Return e'(d)."""
        return np.clip(d, -self.delta, self.delta)


class KlDiv(TermLoss):
    """The divergence of a distribution t from one that is given by its logarithm x. torch.nn.functional.kl_div.

        terms    t (log t - x), 0 where t is 0;    exp(t) (t - x) where the target is a logarithm too (log_target)
        dx = -t,   dt = log t + 1 - x;             dx = -exp(t),   dt = exp(t) (t + 1 - x)

    input x, target t: any shapes that broadcast. "batchmean" divides the sum by the first dimension of x.
    """

    reductions = ("none", "mean", "sum", "batchmean")

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        """Take the reduction, and whether the target is a logarithm."""
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: Array, target: Array) -> Array:
        """Return the loss."""
        batch = input.shape[0] if self.reduction == "batchmean" and input.ndim else None
        return self.loss(input, target, total=batch)

    def terms(self, x: Array, t: Array) -> Array:
        """Return the terms."""
        return np.asarray(np.exp(t) * (t - x) if self.log_target else xlogy(t, t) - t * x)

    def slopes(self, x: Array, t: Array) -> tuple[Array, ...]:
        """Return their derivatives by x and t."""
        if self.log_target:
            return -np.exp(t), np.exp(t) * (t + 1 - x)
        return -t, np.log(t) + 1 - x


class PoissonNllLoss(TermLoss):
    """The negative logarithm of a Poisson probability of t. torch.nn.functional.poisson_nll_loss.

        log_input   exp(x) - t x,            dx = exp(x) - t,           dt = -x
        else        x - t log(x + eps),      dx = 1 - t / (x + eps),    dt = -log(x + eps)

    The rate is exp(x) or x. With full, Stirling's t log t - t + log(2 pi t) / 2 for log(t!) is added where t > 1. input
    x, target t: any shapes that broadcast.
    """

    def __init__(self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean") -> None:
        """Take what x is, whether to add what depends on t only, what is added to x, and the reduction."""
        super().__init__(reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, input: Array, target: Array) -> Array:
        """Return the loss."""
        return self.loss(input, target)

    def terms(self, x: Array, t: Array) -> Array:
        """Return the terms."""
        terms = np.exp(x) - t * x if self.log_input else x - t * np.log(x + self.eps)
        stirling = t * np.log(t) - t + 0.5 * np.log(2 * math.pi * t)
        return terms + np.where(t > 1, stirling, 0) if self.full else np.asarray(terms)

    def slopes(self, x: Array, t: Array) -> tuple[Array, ...]:
        """Return their derivatives by x and t."""
        dx, dt = (np.exp(x) - t, -x) if self.log_input else (1 - t / (x + self.eps), -np.log(x + self.eps))
        return dx, dt + np.where(t > 1, np.log(t) + 0.5 / t, 0) if self.full else dt


class GaussianNllLoss(TermLoss):
    """The negative logarithm of a normal density at t. torch.nn.functional.gaussian_nll_loss.

        v = max(var, eps),   terms    (log v + (x - t)^2 / v) / 2,   plus log(2 pi) / 2 with full
        dx = (x - t) / v,   dt = -dx,   dvar = (1 / v - (x - t)^2 / v^2) / 2

    var gets its gradient where it is below eps too. input x: any shape, target t: one that broadcasts, var: the shape
    of x, the same with a last dimension of 1, or without the last dimension.
    """

    def __init__(self, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        """Take whether to add the constant, the smallest variance, and the reduction."""
        super().__init__(reduction)
        self.full, self.eps = full, eps

    def forward(self, input: Array, target: Array, var: Array) -> Array:
        """Return the loss."""
        self.var_shape = var.shape
        wide = var[..., np.newaxis] if var.shape == input.shape[:-1] and input.ndim else var
        return self.loss(input, target, wide)

    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of input, target and var."""
        dx, dt, dvar = super().backward(grad_output)
        return dx, dt, dvar.reshape(self.var_shape)

    def terms(self, x: Array, t: Array, var: Array) -> Array:
        """Return the terms."""
        v = np.maximum(var, np.asarray(self.eps, dtype=var.dtype))
        terms = 0.5 * (np.log(v) + np.square(x - t) / v)
        return np.asarray(terms + 0.5 * math.log(2 * math.pi) if self.full else terms)

    def slopes(self, x: Array, t: Array, var: Array) -> tuple[Array, ...]:
        """Return their derivatives by x, t and var."""
        v, d = np.maximum(var, np.asarray(self.eps, dtype=var.dtype)), x - t
        return d / v, -d / v, 0.5 / v * (1 - np.square(d) / v)
