"""Optimizer steps in NumPy, each as the trajectory of its parameter and its state.

param: any shape; grads: (steps, *param.shape); each output: (steps, *param.shape).
"""

from __future__ import annotations

import numpy as np

from harness.implementations.numpy.precision import Array, narrow, widen

__all__ = [
    "adam",
    "adamw",
    "sgd",
]


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
    w, v = widen(param), None
    names = ["param", "momentum_buffer"] if momentum else ["param"]
    steps: dict[str, list[Array]] = {name: [] for name in names}
    for grad in widen(grads):
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
    w = widen(param)
    m, v, v_max = (np.zeros_like(w) for _ in range(3))
    names = ["param", "exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * amsgrad
    steps: dict[str, list[Array]] = {name: [] for name in names}
    for t, grad in enumerate(widen(grads), start=1):
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
    return {name: narrow(np.stack(values), like=like) for name, values in steps.items()}
