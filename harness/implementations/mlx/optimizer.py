"""Optimizers and schedules of mlx.optimizers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mlx.core as mx
import mlx.optimizers as optim

from harness.errors import Unsupported
from harness.implementations.framework import Operator


def _trajectory(optimizer: Any, param: Any, grads: Any, states: Mapping[str, str]) -> dict[str, Any]:
    """Step once with each row of `grads`: the parameter and the named states after each step."""
    rows: dict[str, list[Any]] = {}
    for grad in grads:
        param = optimizer.apply_gradients({"param": grad}, {"param": param})["param"]
        state = optimizer.state["param"]
        for name, value in {"param": param, **{torch: state[own] for torch, own in states.items()}}.items():
            rows.setdefault(name, []).append(value)
    return {name: mx.stack(values) for name, values in rows.items()}


def adam(param: Any, grads: Any, *, lr: float = 1e-3, betas: Sequence[float] = (0.9, 0.999), eps: float = 1e-8) -> Any:
    """optim.Adam, with the bias correction that it leaves out by default."""
    own = optim.Adam(lr, list(betas), eps, bias_correction=True)
    return _trajectory(own, param, grads, {"exp_avg": "m", "exp_avg_sq": "v"})


def adamw(
    param: Any,
    grads: Any,
    *,
    lr: float = 1e-3,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
) -> Any:
    """optim.AdamW, with the bias correction that it leaves out by default."""
    own = optim.AdamW(lr, list(betas), eps, weight_decay, bias_correction=True)
    return _trajectory(own, param, grads, {"exp_avg": "m", "exp_avg_sq": "v"})


def adamax(
    param: Any, grads: Any, *, lr: float = 2e-3, betas: Sequence[float] = (0.9, 0.999), eps: float = 1e-8
) -> Any:
    """optim.Adamax."""
    return _trajectory(optim.Adamax(lr, list(betas), eps), param, grads, {"exp_avg": "m", "exp_inf": "v"})


def adadelta(param: Any, grads: Any, *, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6) -> Any:
    """optim.AdaDelta."""
    return _trajectory(optim.AdaDelta(lr, rho, eps), param, grads, {"square_avg": "v", "acc_delta": "u"})


def adagrad(param: Any, grads: Any, *, lr: float = 1e-2, eps: float = 1e-10) -> Any:
    """optim.Adagrad."""
    return _trajectory(optim.Adagrad(lr, eps), param, grads, {"sum": "v"})


def rmsprop(param: Any, grads: Any, *, lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8) -> Any:
    """optim.RMSprop."""
    return _trajectory(optim.RMSprop(lr, alpha, eps), param, grads, {"square_avg": "v"})


def sgd(
    param: Any,
    grads: Any,
    *,
    lr: float = 1e-3,
    momentum: float = 0.0,
    dampening: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
) -> Any:
    """optim.SGD."""
    own = optim.SGD(lr, momentum, weight_decay, dampening, nesterov)
    return _trajectory(own, param, grads, {"momentum_buffer": "v"} if momentum else {})


# -- schedules


def _rates(schedule: Callable[[Any], Any], lr: Any, steps: int) -> Any:
    return mx.stack([mx.array(schedule(mx.array(step))).astype(lr.dtype) for step in range(steps)])


def exponential_lr(lr: Any, *, steps: int, gamma: float) -> Any:
    """optim.exponential_decay."""
    return _rates(optim.exponential_decay(lr.item(), gamma), lr, steps)


def step_lr(lr: Any, *, steps: int, step_size: int, gamma: float = 0.1) -> Any:
    """optim.step_decay."""
    return _rates(optim.step_decay(lr.item(), gamma, step_size), lr, steps)


def cosine_annealing_lr(lr: Any, *, steps: int, T_max: int, eta_min: float = 0.0) -> Any:  # noqa: N803
    """optim.cosine_decay, which stays at its end: torch's goes on."""
    if steps > T_max + 1:
        raise Unsupported("optim.cosine_decay does not come back from its end")
    return _rates(optim.cosine_decay(lr.item(), T_max, eta_min), lr, steps)


def linear_lr(
    lr: Any, *, steps: int, start_factor: float = 1.0 / 3, end_factor: float = 1.0, total_iters: int = 5
) -> Any:
    """optim.linear_schedule."""
    own = lr.item()
    return _rates(optim.linear_schedule(own * start_factor, own * end_factor, total_iters), lr, steps)


OPTIMIZERS: dict[str, Operator] = {
    "adadelta": adadelta,
    "adagrad": adagrad,
    "adam": adam,
    "adamax": adamax,
    "adamw": adamw,
    "cosine_annealing_lr": cosine_annealing_lr,
    "exponential_lr": exponential_lr,
    "linear_lr": linear_lr,
    "rmsprop": rmsprop,
    "sgd": sgd,
    "step_lr": step_lr,
}
