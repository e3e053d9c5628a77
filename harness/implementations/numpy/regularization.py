"""Regularization in NumPy, to be read beside the papers: forward in training, backward, and eval.

An operator with a gradient is a class: params in the constructor, then `forward` and `backward`, and `eval` where
training and evaluation differ. What has no gradient (optimizers, clipping) is a function. Names are torch's.

float16 and bfloat16 are computed in float32 and rounded once, at the end, as torch does within an operator.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
P = ParamSpec("P")
R = TypeVar("R")


def _nan_is_meant(function: Callable[P, R]) -> Callable[P, R]:
    """Let inf * 0 and 0 / 0 give nan in `function`, as they do in torch, without a warning."""

    @functools.wraps(function)
    def quiet(*args: P.args, **kwargs: P.kwargs) -> R:
        with np.errstate(invalid="ignore"):
            return function(*args, **kwargs)

    return quiet


def _wide(array: Array) -> Array:
    """Return the array to compute with: half precision widened to float32, the others as they are."""
    return array.astype(np.float32) if array.dtype.itemsize < np.dtype(np.float32).itemsize else array


def _narrow(result: Array, like: Array) -> Array:
    """Return `result` rounded to the dtype of `like`."""
    return np.asarray(result, dtype=like.dtype)


# -- dropout


class Dropout:
    """Inverted dropout. torch.nn.functional.dropout; arXiv 1207.0580 is `HintonDropout`.

    p is the probability of dropping, the mask is 1 (True) where an element is kept.

        training   y  = x * mask / (1 - p)
        backward   dx = dy * mask / (1 - p)      (the same mask)
        eval       y  = x

    x, y, mask: any shape. The mask multiplies, so that a dropped inf or nan gives nan; p = 1 gives x * 0.
    """

    def __init__(self, p: float = 0.5, seed: int | None = None) -> None:
        """Drop with probability `p`; without a seed every instance draws another mask."""
        self.p = p
        self.rng = np.random.default_rng(seed)
        self.mask: Array = np.ones((), dtype=bool)  #: of the last `forward`

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of the mask of an input of that shape: what is dropped together has one mask element."""
        return shape

    @property
    def scale(self) -> float:
        """What a kept element is multiplied with."""
        return 0.0 if self.p == 1 else 1.0 / (1.0 - self.p)

    def shift(self, kept: Array) -> Array | float:  # noqa: ARG002 - for those below that do shift
        """Return what is added; `kept` is the mask as 0.0 and 1.0."""
        return 0.0

    @_nan_is_meant
    def forward(self, input: Array, mask: Array | None = None) -> Array:
        """Drop under `mask`, or under one drawn here; either way it is kept in `self.mask` for `backward`."""
        self.mask = self.rng.random(self.mask_shape(input.shape)) >= self.p if mask is None else mask
        x = _wide(input)
        kept = self.mask.astype(x.dtype)
        return _narrow(x * (kept * self.scale) + self.shift(kept), like=input)

    @_nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input: what was dropped passes nothing back."""
        dy = _wide(grad_output)
        return _narrow(dy * (self.mask.astype(dy.dtype) * self.scale), like=grad_output)

    def eval(self, input: Array) -> Array:
        """Return the input: training has scaled already."""
        return input


class HintonDropout(Dropout):
    """Dropout as its paper has it, arXiv 1207.0580: it scales in eval, not in training.

    training   y  = x * mask
    backward   dx = dy * mask
    eval       y  = x * (1 - p)              (the "mean network"; p is the probability of dropping)
    """

    scale = 1.0

    @_nan_is_meant
    def eval(self, input: Array) -> Array:
        """Return the input times the probability of keeping an element."""
        return _narrow(_wide(input) * (1.0 - self.p), like=input)


class _ChannelDropout(Dropout):
    """Drops whole channels: the last `spatial` dimensions share one mask element."""

    spatial: int

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape with 1 for each dimension within a channel."""
        return shape[: -self.spatial] + (1,) * self.spatial


class Dropout1d(_ChannelDropout):
    """Dropout of channels, torch.nn.functional.dropout1d.

    x: (N, C, L) or (C, L), mask: (N, C, 1) or (C, 1).
    """

    spatial = 1


class Dropout2d(_ChannelDropout):
    """Dropout of channels, torch.nn.functional.dropout2d.

    x: (N, C, H, W), mask: (N, C, 1, 1).
    """

    spatial = 2


class Dropout3d(_ChannelDropout):
    """Dropout of channels, torch.nn.functional.dropout3d.

    x: (N, C, D, H, W) or (C, D, H, W), mask: (N, C, 1, 1, 1) or (C, 1, 1, 1).
    """

    spatial = 3


class AlphaDropout(Dropout):
    """Dropout that keeps mean 0 and variance 1, for SELU. arXiv 1706.02515; torch.nn.functional.alpha_dropout.

    alpha' = 1.7580993..., the limit of SELU at minus infinity with its sign turned
    a = ((1 - p) (1 + p alpha'^2))^(-1/2),  b = a p alpha'

        training   y  = a (x * mask - alpha' (1 - mask)) + b
        backward   dx = dy * mask * a
        eval       y  = x

    x, y, mask: any shape. p = 1 gives x * 0.
    """

    alpha = 1.7580993408473766

    @property
    def scale(self) -> float:
        """The factor a of the affine map."""
        p = self.p
        return 0.0 if p == 1 else float(((1 - p) * (1 + p * self.alpha**2)) ** -0.5)

    def shift(self, kept: Array) -> Array | float:
        """Return b where an element is kept, b - a alpha' where it is dropped."""
        return self.scale * self.alpha * (kept - (1.0 - self.p))


class FeatureAlphaDropout(AlphaDropout):
    """Alpha dropout of whole channels. torch.nn.functional.feature_alpha_dropout.

    x: (N, C, ...), mask: (N, C, 1, ...).
    """

    def mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (N, C, 1, ...)."""
        return shape[:2] + (1,) * len(shape[2:])


# -- penalties


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
        return _narrow(self.value(_wide(weight)), like=weight)

    @_nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the weight. grad_output: a scalar."""
        return _narrow(_wide(grad_output) * self.slope(_wide(self.weight)), like=self.weight)


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

    @_nan_is_meant
    def forward(self, input: Array, weight: Array, bias: Array, target: Array) -> Array:
        """Return the loss; the mean over an empty batch is nan."""
        self.x, self.w = _wide(input), _wide(weight)
        self.error = self.x @ self.w.T + _wide(bias) - _wide(target)
        loss = np.square(self.error).sum() / self.error.size + self.penalty.value(self.w)
        return _narrow(loss, like=input)

    @_nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, Array, Array, Array]:
        """Return the gradients of input, weight, bias and target. grad_output: a scalar."""
        dloss = _wide(grad_output)
        dy = dloss * 2.0 * self.error / self.error.size
        batch = tuple(range(dy.ndim - 1))
        dx = dy @ self.w
        dw = np.tensordot(dy, self.x, axes=(batch, batch)) + dloss * self.penalty.slope(self.w)
        db = dy.sum(axis=batch)
        dx, dw, db, dt = (_narrow(gradient, like=grad_output) for gradient in (dx, dw, db, -dy))
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


# -- optimizers. param: any shape; grads: (steps, *param.shape); each output: (steps, *param.shape)


def sgd(
    param: Array,
    grads: Array,
    lr: float,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
) -> dict[str, Array]:
    """Stochastic gradient descent. torch.optim.SGD; momentum as in Sutskever et al., ICML 2013.

    g = grad + weight_decay * w             (the decay comes first: momentum carries it along)
    v = g in the first step, then           (no dampening in the first step)
    v = momentum * v + (1 - dampening) * g
    w = w - lr * v                          (nesterov: w - lr * (g + momentum * v))
    """
    w, v = _wide(param), None
    names = ["param", "momentum_buffer"] if momentum else ["param"]
    steps: dict[str, list[Array]] = {name: [] for name in names}
    for grad in _wide(grads):
        g = grad + weight_decay * w if weight_decay else grad
        if momentum:
            v = g if v is None else momentum * v + (1 - dampening) * g
            steps["momentum_buffer"].append(v)
            g = g + momentum * v if nesterov else v
        w = w - lr * g
        steps["param"].append(w)
    return _stack(steps, like=param)


def adam(
    param: Array,
    grads: Array,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    amsgrad: bool = False,
) -> dict[str, Array]:
    """Adam, the decay as an L2 penalty: weight_decay * w joins the gradient. arXiv 1412.6980; torch.optim.Adam."""
    return _adam(param, grads, lr, betas, eps, amsgrad, l2=weight_decay, shrink=1.0)


def adamw(
    param: Array,
    grads: Array,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.01,
    amsgrad: bool = False,
) -> dict[str, Array]:
    """Adam, the decay apart from the gradient: w shrinks by lr * weight_decay. arXiv 1711.05101; torch.optim.AdamW."""
    return _adam(param, grads, lr, betas, eps, amsgrad, l2=0.0, shrink=1.0 - lr * weight_decay)


def _adam(
    param: Array,
    grads: Array,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    amsgrad: bool,
    *,
    l2: float,
    shrink: float,
) -> dict[str, Array]:
    """Return the trajectory of w and of the moments m (exp_avg) and v (exp_avg_sq).

        w = shrink * w                                      (adamw)
        g = grad + l2 * w                                   (adam)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g^2
        m' = m / (1 - beta1^t),  v' = v / (1 - beta2^t)     (both start at 0: this takes the bias out)
        w = w - lr * m' / (sqrt(v') + eps)

    amsgrad, arXiv 1904.09237: v' comes from the largest v so far.
    """
    beta1, beta2 = betas
    w = _wide(param)
    m, v, v_max = (np.zeros_like(w) for _ in range(3))
    names = ["param", "exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * amsgrad
    steps: dict[str, list[Array]] = {name: [] for name in names}
    for t, grad in enumerate(_wide(grads), start=1):
        w = shrink * w
        g = grad + l2 * w if l2 else grad
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        v_max = np.maximum(v_max, v)
        unbiased_m = m / (1 - beta1**t)
        unbiased_v = (v_max if amsgrad else v) / (1 - beta2**t)
        w = w - lr * unbiased_m / (np.sqrt(unbiased_v) + eps)
        for name, value in zip(names, (w, m, v, v_max), strict=False):
            steps[name].append(value)
    return _stack(steps, like=param)


def _stack(steps: dict[str, list[Array]], like: Array) -> dict[str, Array]:
    return {name: _narrow(np.stack(values), like=like) for name, values in steps.items()}


# -- keeping norms in bounds


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

    @_nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the input, each slice at most maxnorm long; a shorter one stays as it is."""
        self.x = _wide(input)
        others = tuple(axis for axis in range(input.ndim) if axis != self.dim % input.ndim)
        self.norm = (np.abs(self.x) ** self.p).sum(axis=others, keepdims=True) ** (1 / self.p)
        self.others = others
        return _narrow(self.x * self._factor(), like=input)

    @_nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input; the norm depends on it too."""
        dy, long = _wide(grad_output), self.norm > self.maxnorm
        norm = np.where(long, self.norm, 1.0)  # of no use where the slice is short, but not 0
        dnorm = np.sign(self.x) * (np.abs(self.x) / norm) ** (self.p - 1)
        along = (self.x * dy).sum(axis=self.others, keepdims=True)
        scaled = self._factor() * (dy - dnorm * along / (norm + 1e-7))
        return _narrow(np.where(long, scaled, dy), like=grad_output)

    def _factor(self) -> Array:
        return np.where(self.norm > self.maxnorm, self.maxnorm / (self.norm + 1e-7), 1.0).astype(self.x.dtype)


@_nan_is_meant
def clip_grad_norm(max_norm: float, norm_type: float = 2.0, **grads: Array) -> dict[str, Array]:
    """Scale all gradients by one factor, so that their norm together is at most max_norm; never scale up.

        n = (sum over all gradients of |g|^norm_type)^(1 / norm_type)
        g = g * min(1, max_norm / (n + 1e-6))

    torch.nn.utils.clip_grad_norm_; arXiv 1211.5063. Gradients: any number, any shapes.
    """
    first = next(iter(grads.values()))
    norms = [np.linalg.norm(_wide(grad).ravel(), norm_type) for grad in grads.values()]
    total_norm = np.asarray(np.linalg.norm(norms, norm_type))
    factor = np.minimum(1.0, max_norm / (total_norm + 1e-6))
    clipped = {name: _narrow(_wide(grad) * factor, like=grad) for name, grad in grads.items()}
    return {"total_norm": _narrow(total_norm, like=first), **clipped}


def clip_grad_value(clip_value: float, **grads: Array) -> dict[str, Array]:
    """Clamp each element to [-clip_value, clip_value]. torch.nn.utils.clip_grad_value_.

    Gradients: any number, any shapes.
    """
    return {name: _narrow(np.clip(_wide(grad), -clip_value, clip_value), like=grad) for name, grad in grads.items()}
