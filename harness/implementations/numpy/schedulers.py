"""Learning-rate schedules in NumPy: the rate in force in each of the first `steps` steps, t = 0, 1, ..., steps - 1.

lr: a scalar, the optimizer's own rate; the answer: (steps,), computed in float64 and rounded once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.errors import Unsupported
from harness.implementations.numpy.precision import Array, narrow

__all__ = [
    "constant_lr",
    "cosine_annealing_lr",
    "cosine_annealing_warm_restarts",
    "cyclic_lr",
    "exponential_lr",
    "linear_lr",
    "multi_step_lr",
    "one_cycle_lr",
    "polynomial_lr",
    "step_lr",
]


def step_lr(lr: Array, steps: int, step_size: int, gamma: float = 0.1) -> Array:
    """Multiply by gamma every step_size steps: lr * gamma^(t // step_size). torch.optim.lr_scheduler.StepLR."""
    return narrow(float(lr) * float(gamma) ** (np.arange(steps) // step_size), like=lr)


def multi_step_lr(lr: Array, steps: int, milestones: Sequence[int], gamma: float = 0.1) -> Array:
    """Multiply by gamma at each milestone, twice at one that is named twice. torch.optim.lr_scheduler.MultiStepLR."""
    passed = np.searchsorted(np.sort(milestones), np.arange(steps), side="right")
    return narrow(float(lr) * float(gamma) ** passed, like=lr)


def constant_lr(lr: Array, steps: int, factor: float = 1.0 / 3.0, total_iters: int = 5) -> Array:
    """Multiply by factor in the first total_iters (at least one) steps. torch.optim.lr_scheduler.ConstantLR."""
    return narrow(float(lr) * np.where(np.arange(steps) < total_iters, factor, 1.0), like=lr)


def linear_lr(
    lr: Array, steps: int, start_factor: float = 1.0 / 3.0, end_factor: float = 1.0, total_iters: int = 5
) -> Array:
    """Go from start_factor to end_factor in total_iters steps, and stay. torch.optim.lr_scheduler.LinearLR.

    lr * (start_factor + (end_factor - start_factor) * min(t, total_iters) / total_iters)
    """
    done = np.minimum(np.arange(steps), total_iters) / total_iters
    return narrow(float(lr) * (start_factor + (end_factor - start_factor) * done), like=lr)


def exponential_lr(lr: Array, steps: int, gamma: float) -> Array:
    """Multiply by gamma in every step: lr * gamma^t. torch.optim.lr_scheduler.ExponentialLR."""
    return narrow(float(lr) * float(gamma) ** np.arange(steps), like=lr)


def polynomial_lr(lr: Array, steps: int, total_iters: int = 5, power: float = 1.0) -> Array:
    """Go to 0 in total_iters steps: lr * (1 - min(t, total_iters) / total_iters)^power.

    torch.optim.lr_scheduler.PolynomialLR.
    """
    return narrow(float(lr) * (1 - np.minimum(np.arange(steps), total_iters) / total_iters) ** power, like=lr)


def _cosine(start: float | Array, end: float | Array, done: Array) -> Array:
    """Return half a wave of a cosine from start, where done is 0, to end, where it is 1."""
    return np.asarray(end + (start - end) * (1 + np.cos(np.pi * done)) / 2)


def cosine_annealing_lr(lr: Array, steps: int, T_max: int, eta_min: float = 0.0) -> Array:  # noqa: N803 - torch's own
    """Go along a cosine to eta_min, in T_max steps, and back. torch.optim.lr_scheduler.CosineAnnealingLR.

    eta_min + (lr - eta_min) * (1 + cos(pi * t / T_max)) / 2; arXiv 1608.03983 without its restarts.
    """
    return narrow(_cosine(float(lr), eta_min, np.arange(steps) / T_max), like=lr)


def cosine_annealing_warm_restarts(
    lr: Array,
    steps: int,
    T_0: int,  # noqa: N803 - torch's own
    T_mult: int = 1,  # noqa: N803
    eta_min: float = 0.0,
) -> Array:
    """Go along a cosine to eta_min, jump back, and again, each time T_mult times as long. arXiv 1608.03983.

    torch.optim.lr_scheduler.CosineAnnealingWarmRestarts. eta_min itself is never reached: there the next period starts.
    """
    done: list[float] = []
    length = T_0
    while len(done) < steps:
        done.extend(t / length for t in range(length))
        length *= T_mult
    return narrow(_cosine(float(lr), eta_min, np.array(done[:steps])), like=lr)


def cyclic_lr(
    lr: Array,
    steps: int,
    base_lr: float,
    max_lr: float,
    step_size_up: int = 2000,
    step_size_down: int | None = None,
    mode: str = "triangular",
    gamma: float = 1.0,
    cycle_momentum: bool = True,
) -> Array:
    """Go up and down between base_lr and max_lr. arXiv 1506.01186; torch.optim.lr_scheduler.CyclicLR.

        base_lr + (max_lr - base_lr) * h * s,   h from 0 to 1 in step_size_up steps, back in step_size_down
        s = 1 (triangular), 2^-(number of cycles done) (triangular2) or gamma^t (exp_range)

    The optimizer's own rate plays no part. step_size_down is step_size_up when it is not given.
    """
    if cycle_momentum:
        raise Unsupported("the momentum is not cycled here")
    t = np.arange(steps)
    down = step_size_up if step_size_down is None else step_size_down
    cycle, place = np.divmod(t, step_size_up + down)
    height = np.where(place <= step_size_up, place / step_size_up, (step_size_up + down - place) / down)
    scales = {"triangular": np.ones(steps), "triangular2": 0.5**cycle, "exp_range": float(gamma) ** t}
    return narrow(base_lr + (max_lr - base_lr) * height * scales[mode], like=lr)


def one_cycle_lr(
    lr: Array,
    steps: int,
    max_lr: float,
    total_steps: int | None = None,
    epochs: int | None = None,
    steps_per_epoch: int | None = None,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    cycle_momentum: bool = True,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
) -> Array:
    """Go up to max_lr, and far down in the rest of total_steps. arXiv 1708.07120; torch.optim.lr_scheduler.OneCycleLR.

        low = max_lr / div_factor,  last = low / final_div_factor,  N = total_steps (or epochs * steps_per_epoch)
        low -> max_lr until t = pct_start * N - 1,  -> last until t = N - 1
        three_phase: -> low until t = 2 * pct_start * N - 2 in between

    Each part is half a wave of a cosine, or a line (anneal_strategy "linear"). The optimizer's own rate plays no part.
    """
    if cycle_momentum:
        raise Unsupported("the momentum is not cycled here")
    total = total_steps if total_steps is not None else (epochs or 0) * (steps_per_epoch or 0)
    low = max_lr / div_factor
    ends, values = [0.0, pct_start * total - 1], [low, max_lr]
    if three_phase:
        ends.append(2 * pct_start * total - 2)
        values.append(low)
    ends.append(total - 1.0)
    values.append(low / final_div_factor)
    t = np.arange(steps)
    part = np.clip(np.searchsorted(ends[1:], t), 0, len(ends) - 2)  # the first part that ends at t or later
    start, end = np.array(values)[part], np.array(values)[part + 1]
    done = (t - np.array(ends)[part]) / (np.array(ends)[part + 1] - np.array(ends)[part])
    if anneal_strategy == "linear":
        return narrow(start + (end - start) * done, like=lr)
    return narrow(_cosine(start, end, done), like=lr)
