"""L1, L2 and elastic-net penalties in NumPy, alone and added to the loss of a linear layer."""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = [
    "ElasticNetPenalty",
    "L1Penalty",
    "L2Penalty",
    "LinearMseElasticNet",
    "LinearMseL1",
    "LinearMseL2",
]


class _Penalty:
    """A penalty on a weight of any shape; its value is a scalar."""

    def value(self, weight: Array) -> Array:
        """Return the penalty, in the dtype to compute with."""
        raise NotImplementedError

    def slope(self, weight: Array) -> Array:
        """Return its gradient, in the dtype to compute with."""
        raise NotImplementedError

    def forward(self, weight: Array) -> Array:
        """Return the penalty."""
        self.weight = weight
        return narrow(self.value(widen(weight)), like=weight)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the weight. grad_output: a scalar."""
        return narrow(widen(grad_output) * self.slope(widen(self.weight)), like=self.weight)


class L1Penalty(_Penalty):
    """lambd * sum |w|, with the subgradient lambd * sign(w), 0 at 0."""

    def __init__(self, lambd: float) -> None:
        """Take the strength."""
        self.lambd = lambd

    def value(self, weight: Array) -> Array:
        """Return the penalty."""
        return np.asarray(self.lambd * np.abs(weight).sum())

    def slope(self, weight: Array) -> Array:
        """Return its gradient."""
        sign = (weight > 0).astype(weight.dtype) - (weight < 0)  # 0 at nan too, as in torch; np.sign gives nan there
        return self.lambd * sign


class L2Penalty(_Penalty):
    """lambd / 2 * sum w^2, with the gradient lambd * w: lambd is what torch's optimizers call weight_decay."""

    def __init__(self, lambd: float) -> None:
        """Take the strength."""
        self.lambd = lambd

    def value(self, weight: Array) -> Array:
        """Return the penalty."""
        return np.asarray(self.lambd / 2 * np.square(weight).sum())

    def slope(self, weight: Array) -> Array:
        """Return its gradient."""
        return self.lambd * weight


class ElasticNetPenalty(_Penalty):
    """lambd1 * sum |w| + lambd2 / 2 * sum w^2."""

    def __init__(self, lambd1: float, lambd2: float) -> None:
        """Take the strengths of the L1 and of the L2 penalty."""
        self.l1, self.l2 = L1Penalty(lambd1), L2Penalty(lambd2)

    def value(self, weight: Array) -> Array:
        """Return the penalty."""
        return self.l1.value(weight) + self.l2.value(weight)

    def slope(self, weight: Array) -> Array:
        """Return its gradient."""
        return self.l1.slope(weight) + self.l2.slope(weight)


class _LinearMse:
    """The mean squared error of a linear layer, plus a penalty on its weight; the bias is not penalised.

        y = x W^T + b
        loss = mean (y - t)^2 + penalty(W)

    input x: (..., in), weight W: (out, in), bias b: (out), target t: (..., out), loss: a scalar.
    torch.nn.functional.linear and mse_loss.
    """

    penalty: _Penalty

    @nan_is_meant
    def forward(self, input: Array, weight: Array, bias: Array, target: Array) -> Array:
        """Return the loss; the mean over an empty batch is nan."""
        self.x, self.w = widen(input), widen(weight)
        self.error = self.x @ self.w.T + widen(bias) - widen(target)
        loss = np.square(self.error).sum() / self.error.size + self.penalty.value(self.w)
        return narrow(loss, like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, Array, Array, Array]:
        """Return the gradients of input, weight, bias and target. grad_output: a scalar."""
        dloss = widen(grad_output)
        dy = dloss * 2.0 * self.error / self.error.size
        batch = tuple(range(dy.ndim - 1))
        dx = dy @ self.w
        dw = np.tensordot(dy, self.x, axes=(batch, batch)) + dloss * self.penalty.slope(self.w)
        db = dy.sum(axis=batch)
        dx, dw, db, dt = (narrow(gradient, like=grad_output) for gradient in (dx, dw, db, -dy))
        return dx, dw, db, dt


class LinearMseL1(_LinearMse):
    """loss = mean (x W^T + b - t)^2 + lambd * sum |W|."""

    def __init__(self, lambd: float) -> None:
        """Take the strength of the penalty."""
        self.penalty = L1Penalty(lambd)


class LinearMseL2(_LinearMse):
    """loss = mean (x W^T + b - t)^2 + lambd / 2 * sum W^2."""

    def __init__(self, lambd: float) -> None:
        """Take the strength of the penalty."""
        self.penalty = L2Penalty(lambd)


class LinearMseElasticNet(_LinearMse):
    """loss = mean (x W^T + b - t)^2 + lambd1 * sum |W| + lambd2 / 2 * sum W^2."""

    def __init__(self, lambd1: float, lambd2: float) -> None:
        """Take the strengths of the L1 and of the L2 penalty."""
        self.penalty = ElasticNetPenalty(lambd1, lambd2)
