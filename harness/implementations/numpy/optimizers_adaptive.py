"""Optimizers in NumPy that scale each element's step by its past gradients, as trajectories of parameter and state.

param: any shape; grads: (steps, *param.shape); each output has a row for each step. In all of them g is the gradient,
negated to maximize, and with weight_decay the parameter's share joins it: g + weight_decay * w.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import ml_dtypes
import numpy as np

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["adadelta", "adafactor", "adagrad", "adamax", "nadam", "radam", "rmsprop"]


def trajectory(rows: Sequence[Mapping[str, Array]], like: Array) -> dict[str, Array]:
    """Return the values of each name, one row a step, in the dtype of `like`."""
    return {name: narrow(np.stack([row[name] for row in rows]), like=like) for name in rows[0]}


def penalized(grad: Array, w: Array, weight_decay: float, maximize: bool) -> Array:
    """Return g: the gradient, negated to maximize, and the parameter's share."""
    g = -grad if maximize else grad
    return g + weight_decay * w if weight_decay else g  # 0 * inf is nan


@nan_is_meant
def adamax(
    param: Array,
    grads: Array,
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> dict[str, Array]:
    """Adam with the largest gradient so far, fading, in place of the mean square. arXiv 1412.6980; torch.optim.Adamax.

    m = beta1 * m + (1 - beta1) * g
    u = max(beta2 * u, |g| + eps)
    w = w - lr / (1 - beta1^t) * m / u
    """
    beta1, beta2 = betas
    w = widen(param)
    m, u = np.zeros_like(w), np.zeros_like(w)
    rows = []
    for t, grad in enumerate(widen(grads), start=1):
        g = penalized(grad, w, weight_decay, maximize)
        m = beta1 * m + (1 - beta1) * g
        u = np.maximum(beta2 * u, np.abs(g) + eps)
        w = w - lr / (1 - beta1**t) * m / u
        rows.append({"param": w, "exp_avg": m, "exp_inf": u})
    return trajectory(rows, like=param)


@nan_is_meant
def nadam(
    param: Array,
    grads: Array,
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum_decay: float = 4e-3,
    decoupled_weight_decay: bool = False,
    maximize: bool = False,
) -> dict[str, Array]:
    """Adam with Nesterov's momentum. Dozat, ICLR 2016 workshop; torch.optim.NAdam.

        mu_t = beta1 * (1 - 0.96^(t * momentum_decay) / 2),  M_t = mu_1 * ... * mu_t      (mu_product, in float32)
        m = beta1 * m + (1 - beta1) * g,  v = beta2 * v + (1 - beta2) * g^2,  d = sqrt(v / (1 - beta2^t)) + eps
        w = w - lr * ((1 - mu_t) / (1 - M_t) * g + mu_(t+1) / (1 - M_(t+1)) * m) / d

    decoupled_weight_decay: w shrinks by lr * weight_decay before the step, and g stays the plain gradient.
    """
    beta1, beta2 = betas
    w = widen(param)
    m, v = np.zeros_like(w), np.zeros_like(w)
    product, products, rows = np.float32(1.0), [], []
    for t, grad in enumerate(widen(grads), start=1):
        g = penalized(grad, w, 0.0 if decoupled_weight_decay else weight_decay, maximize)
        w = w * (1 - lr * weight_decay) if decoupled_weight_decay else w
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (step * momentum_decay)) for step in (t, t + 1))
        product = product * np.float32(mu)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        d = np.sqrt(v / (1 - beta2**t)) + eps
        w = w - lr * (1 - mu) / (1 - float(product)) * g / d - lr * mu_next / (1 - float(product) * mu_next) * m / d
        products.append(product)
        rows.append({"param": w, "exp_avg": m, "exp_avg_sq": v})
    return {**trajectory(rows, like=param), "mu_product": np.array(products, dtype=np.float32)}


@nan_is_meant
def radam(
    param: Array,
    grads: Array,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled_weight_decay: bool = False,
    maximize: bool = False,
) -> dict[str, Array]:
    """Adam whose first steps, the mean square being uncertain, are not adaptive. torch.optim.RAdam; arXiv 1908.03265.

        m = beta1 * m + (1 - beta1) * g,  m' = m / (1 - beta1^t),  v = beta2 * v + (1 - beta2) * g^2
        R = 2 / (1 - beta2) - 1,  r = R - 2 t beta2^t / (1 - beta2^t)      (how many gradients v is the mean of)
        r > 5:  c = sqrt((r - 4) (r - 2) R / ((R - 4) (R - 2) r))
                w = w - lr * c * m' * sqrt(1 - beta2^t) / (sqrt(v) + eps)
        else    w = w - lr * m'

    decoupled_weight_decay: w shrinks by lr * weight_decay before the step, and g stays the plain gradient.
    """
    beta1, beta2 = betas
    w = widen(param)
    m, v = np.zeros_like(w), np.zeros_like(w)
    longest = 2 / (1 - beta2) - 1
    rows = []
    for t, grad in enumerate(widen(grads), start=1):
        g = penalized(grad, w, 0.0 if decoupled_weight_decay else weight_decay, maximize)
        w = w * (1 - lr * weight_decay) if decoupled_weight_decay else w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        r = longest - 2 * t * beta2**t / (1 - beta2**t)
        step = lr * m / (1 - beta1**t)
        if r > 5:  # noqa: PLR2004 - the paper's
            c = ((r - 4) * (r - 2) * longest / ((longest - 4) * (longest - 2) * r)) ** 0.5
            step = step * c * (1 - beta2**t) ** 0.5 / (np.sqrt(v) + eps)
        w = w - step
        rows.append({"param": w, "exp_avg": m, "exp_avg_sq": v})
    return trajectory(rows, like=param)


@nan_is_meant
def rmsprop(
    param: Array,
    grads: Array,
    lr: float = 1e-2,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    centered: bool = False,
    maximize: bool = False,
) -> dict[str, Array]:
    """Divide by the root of the mean square. Hinton's lecture 6e; centered: arXiv 1308.0850; torch.optim.RMSprop.

    v = alpha * v + (1 - alpha) * g^2
    a = alpha * a + (1 - alpha) * g                     (centered: v - a^2 in place of v below)
    b = momentum * b + g / (sqrt(v) + eps)
    w = w - lr * b
    """
    w = widen(param)
    v, a, b = (np.zeros_like(w) for _ in range(3))
    rows = []
    for grad in widen(grads):
        g = penalized(grad, w, weight_decay, maximize)
        v = alpha * v + (1 - alpha) * g * g
        a = alpha * a + (1 - alpha) * g
        b = momentum * b + g / (np.sqrt(v - a * a if centered else v) + eps)
        w = w - lr * b
        rows.append({"param": w, "square_avg": v, "momentum_buffer": b, "grad_avg": a})
    states = trajectory(rows, like=param)
    unused = {"momentum_buffer": not momentum, "grad_avg": not centered}
    return {name: values for name, values in states.items() if not unused.get(name)}


@nan_is_meant
def adagrad(
    param: Array,
    grads: Array,
    lr: float = 1e-2,
    lr_decay: float = 0.0,
    weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0,
    eps: float = 1e-10,
    maximize: bool = False,
) -> dict[str, Array]:
    """Divide by the root of the sum of all squares. Duchi et al., JMLR 12 (2011); torch.optim.Adagrad.

    s = s + g^2                                         (from initial_accumulator_value on)
    w = w - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)
    """
    w = widen(param)
    s = np.full_like(w, initial_accumulator_value)
    rows = []
    for t, grad in enumerate(widen(grads), start=1):
        g = penalized(grad, w, weight_decay, maximize)
        s = s + g * g
        w = w - lr / (1 + (t - 1) * lr_decay) * g / (np.sqrt(s) + eps)
        rows.append({"param": w, "sum": s})
    return trajectory(rows, like=param)


@nan_is_meant
def adadelta(
    param: Array,
    grads: Array,
    lr: float = 1.0,
    rho: float = 0.9,
    eps: float = 1e-6,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> dict[str, Array]:
    """Scale by the ratio of the mean squares of past steps and gradients. arXiv 1212.5701; torch.optim.Adadelta.

    v = rho * v + (1 - rho) * g^2
    d = sqrt(u + eps) / sqrt(v + eps) * g               (u of the steps before)
    u = rho * u + (1 - rho) * d^2
    w = w - lr * d
    """
    w = widen(param)
    v, u = np.zeros_like(w), np.zeros_like(w)
    rows = []
    for grad in widen(grads):
        g = penalized(grad, w, weight_decay, maximize)
        v = rho * v + (1 - rho) * g * g
        d = np.sqrt(u + eps) / np.sqrt(v + eps) * g
        u = rho * u + (1 - rho) * d * d
        w = w - lr * d
        rows.append({"param": w, "square_avg": v, "acc_delta": u})
    return trajectory(rows, like=param)


@nan_is_meant
def adafactor(
    param: Array,
    grads: Array,
    lr: float = 1e-2,
    beta2_decay: float = -0.8,
    eps: tuple[float | None, float] = (None, 1e-3),
    d: float = 1.0,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> dict[str, Array]:
    """Adam's mean square, of a matrix kept as row and column means only. arXiv 1804.04235; torch.optim.Adafactor.

        c = t^beta2_decay, r = (1 - c) * r + c * (row means of g^2), q = (1 - c) * q + c * (column means of g^2)
        v = r q / max(mean of r, eps1)                  (a vector: v = (1 - c) * v + c * g^2)
        u = g / sqrt(max(v, eps1^2)),  RMS(x) = sqrt(mean of x^2)
        w = w * (1 - lr * weight_decay)
        w = w - max(eps2, RMS(w before)) * min(lr, 1 / sqrt(t)) * u / max(1, RMS(u) / d)

    eps = (eps1, eps2); eps1 is the dtype's epsilon when it is None. Here weight_decay does not join g.
    """
    eps1 = float(ml_dtypes.finfo(param.dtype).eps) if eps[0] is None else eps[0]
    w = widen(param)
    state: dict[str, Array] = {}
    rows = []
    for t, grad in enumerate(widen(grads), start=1):
        g, c = -grad if maximize else grad, t**beta2_decay
        squares = g * g
        if w.ndim > 1:
            new = {"row_var": squares.mean(axis=-1, keepdims=True), "col_var": squares.mean(axis=-2, keepdims=True)}
        else:
            new = {"variance": squares}
        state = {name: (1 - c) * state.get(name, 0.0) + c * value for name, value in new.items()}
        if w.ndim > 1:
            r = state["row_var"]
            v = r @ state["col_var"] / np.maximum(r.mean(axis=-2, keepdims=True), eps1)
        else:
            v = state["variance"]
        u = g / np.sqrt(np.maximum(v, eps1 * eps1))
        step = max(eps[1], _rms(w)) * min(lr, 1 / math.sqrt(t)) / max(1.0, _rms(u) / d)
        w = w * (1 - lr * weight_decay) - step * u
        rows.append({"param": w, **state})
    return trajectory(rows, like=param)


def _rms(x: Array) -> float:
    return math.sqrt(float(np.square(x).mean()))
