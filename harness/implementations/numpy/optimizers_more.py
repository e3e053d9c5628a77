"""Optimizers in NumPy with a step size of their own kind, as trajectories of parameter and state.

param: any shape; grads: (steps, *param.shape); each output has a row for each step. g is the gradient, negated to
maximize.
"""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np

from harness.implementations.numpy.optimizers_adaptive import penalized, trajectory
from harness.implementations.numpy.precision import Array, nan_is_meant, widen

__all__ = ["asgd", "muon", "rprop"]


def sign(x: Array) -> Array:
    """Return the sign, 0 of nan as in torch."""
    return np.asarray((x > 0).astype(x.dtype) - (x < 0))


@nan_is_meant
def rprop(
    param: Array,
    grads: Array,
    lr: float = 1e-2,
    etas: tuple[float, float] = (0.5, 1.2),
    step_sizes: tuple[float, float] = (1e-6, 50.0),
    maximize: bool = False,
) -> dict[str, Array]:
    """Follow the gradient's sign, in steps that grow while it lasts. Riedmiller and Braun, 1993; torch.optim.Rprop.

    s = g * (g of the step before)
    size = size * etas[1] where s > 0, * etas[0] where s < 0; between step_sizes    (lr at first)
    g = 0 where s < 0                               (and 0 is remembered: the next step neither grows nor shrinks)
    w = w - sign(g) * size
    """
    w = widen(param)
    previous, size = np.zeros_like(w), np.full_like(w, lr)
    rows = []
    for grad in widen(grads):
        g = -grad if maximize else grad
        agreement = g * previous
        factor = np.where(agreement > 0, etas[1], np.where(agreement < 0, etas[0], 1.0)).astype(w.dtype)
        size = np.clip(size * factor, *step_sizes)
        g = np.where(agreement < 0, 0.0, g).astype(w.dtype)
        w = w - sign(g) * size
        previous = g
        rows.append({"param": w, "prev": previous, "step_size": size})
    return trajectory(rows, like=param)


@nan_is_meant
def asgd(
    param: Array,
    grads: Array,
    lr: float = 1e-2,
    lambd: float = 1e-4,
    alpha: float = 0.75,
    t0: float = 1e6,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> dict[str, Array]:
    """Average the parameters of plain descent. Polyak and Juditsky, SIAM J. Control Optim. 1992; torch.optim.ASGD.

        w = w * (1 - lambd * eta) - eta * (g + weight_decay * w before)
        ax = ax + mu * (w - ax)                         (the average; while mu is 1, w itself)
        eta = lr / (1 + lambd * lr * t)^alpha,  mu = 1 / max(1, t - t0)     (of the next step; eta is lr, mu 1 at first)

    eta and mu are kept in float32, whatever the dtype of w.
    """
    w = widen(param)
    average = np.zeros_like(w)
    eta, mu = np.float32(lr), np.float32(1.0)
    scalars, rows = [], []
    for t, grad in enumerate(widen(grads), start=1):
        g = penalized(grad, w, weight_decay, maximize)
        w = w * (1 - lambd * float(eta)) - float(eta) * g
        average = w if mu == 1 else average + (w - average) * float(mu)
        eta = np.float32(lr / (1 + lambd * lr * t) ** alpha)
        mu = np.float32(1 / max(1.0, t - t0))
        scalars.append((eta, mu))
        rows.append({"param": w, "ax": average})
    etas, mus = np.array(scalars, dtype=np.float32).T
    return {**trajectory(rows, like=param), "eta": etas, "mu": mus}


def muon(
    param: Array,
    grads: Array,
    lr: float = 1e-3,
    weight_decay: float = 0.1,
    momentum: float = 0.95,
    nesterov: bool = True,
    ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
    eps: float = 1e-7,
    ns_steps: int = 5,
    adjust_lr_fn: str | None = None,
) -> dict[str, Array]:
    """Step along the nearest orthogonal matrix to the momentum. Jordan et al., 2024; torch.optim.Muon.

        b = momentum * b + (1 - momentum) * g
        u = (1 - momentum) * g + momentum * b           (nesterov; else u = b)
        w = w * (1 - lr * weight_decay) - lr * scale * orthogonal(u)
        scale = sqrt(max(1, rows / columns)), or for "match_rms_adamw" (arXiv 2502.16982) 0.2 * sqrt(max(rows, columns))

    param: (rows, columns).
    """
    w = widen(param)
    rows, columns = w.shape
    scale = (
        0.2 * math.sqrt(max(rows, columns)) if adjust_lr_fn == "match_rms_adamw" else math.sqrt(max(1, rows / columns))
    )
    buffer = np.zeros_like(w)
    steps = []
    for g in widen(grads):
        buffer = momentum * buffer + (1 - momentum) * g
        update = (1 - momentum) * g + momentum * buffer if nesterov else buffer
        direction = orthogonal(update, ns_coefficients, ns_steps, eps).astype(w.dtype)
        w = w * (1 - lr * weight_decay) - lr * scale * direction
        steps.append({"param": w, "momentum_buffer": buffer})
    return trajectory(steps, like=param)


def orthogonal(g: Array, coefficients: tuple[float, float, float], steps: int, eps: float) -> Array:
    """Return g with all its singular values brought near 1, by Newton and Schulz's iteration in bfloat16.

        x = g / max(|g|, eps),  then `steps` times, with A = x x^T:  x = a x + (b A + c A A) x

    It works on the transposed where g has more rows than columns, and each line is rounded once.
    """

    def rounded(x: Array) -> Array:
        return x.astype(ml_dtypes.bfloat16).astype(np.float32)

    a, b, c = coefficients
    x = rounded(g.T if g.shape[0] > g.shape[1] else g)
    x = rounded(x / np.maximum(rounded(np.sqrt(np.square(x).sum(keepdims=True))), rounded(np.asarray(eps))))
    for _ in range(steps):
        gram = rounded(x @ x.T)
        x = rounded(a * x + rounded(b * gram + c * (gram @ gram)) @ x)
    return x.T if g.shape[0] > g.shape[1] else x
