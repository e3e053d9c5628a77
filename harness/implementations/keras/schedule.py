"""keras.optimizers.schedules: the rate in force in each step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.optimizers import schedules

from harness.implementations.keras.shared import dtype_of, no


def _rates(schedule: Any, lr: Any, steps: int) -> Any:
    return ops.stack([ops.cast(schedule(step), dtype_of(lr)) for step in range(steps)])


def _piecewise(lr: Any, steps: int, milestones: Sequence[int], values: Sequence[Any]) -> Any:
    """Return rates that change in the steps `milestones`; Keras has a new value in the step after its boundary."""
    return _rates(schedules.PiecewiseConstantDecay([step - 1 for step in milestones], list(values)), lr, steps)


def constant_lr(lr: Any, steps: int, factor: float = 1 / 3, total_iters: int = 5) -> Any:
    """PiecewiseConstantDecay."""
    return _piecewise(lr, steps, [total_iters], [float(lr) * factor, float(lr)])


def multi_step_lr(lr: Any, steps: int, milestones: Sequence[int], gamma: float = 0.1) -> Any:
    """PiecewiseConstantDecay."""
    no(not milestones, "piecewise decay in one piece")
    ordered = sorted(set(milestones))
    values = [float(lr) * gamma ** sum(m < step for m in milestones) for step in [*ordered, max(ordered) + 1]]
    return _piecewise(lr, steps, ordered, values)


def exponential_lr(lr: Any, steps: int, gamma: float) -> Any:
    """ExponentialDecay over one step."""
    return _rates(schedules.ExponentialDecay(float(lr), 1, gamma), lr, steps)


def step_lr(lr: Any, steps: int, step_size: int, gamma: float = 0.1) -> Any:
    """ExponentialDecay by stairs."""
    return _rates(schedules.ExponentialDecay(float(lr), step_size, gamma, staircase=True), lr, steps)


def polynomial_lr(lr: Any, steps: int, total_iters: int = 5, power: float = 1.0) -> Any:
    """PolynomialDecay to 0."""
    return _rates(schedules.PolynomialDecay(float(lr), total_iters, 0.0, power), lr, steps)


def linear_lr(lr: Any, steps: int, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5) -> Any:
    """PolynomialDecay of power 1, between two rates."""
    start, end = float(lr) * start_factor, float(lr) * end_factor
    return _rates(schedules.PolynomialDecay(start, total_iters, end), lr, steps)


def cosine_annealing_lr(lr: Any, steps: int, T_max: int, eta_min: float = 0.0) -> Any:  # noqa: N803 - torch's name
    """CosineDecay, down to its end."""
    no(steps > T_max + 1, "cosine decay that goes up again")
    no(float(lr) == 0, "cosine decay from 0")
    return _rates(schedules.CosineDecay(float(lr), T_max, alpha=eta_min / float(lr)), lr, steps)


def cosine_annealing_warm_restarts(lr: Any, steps: int, T_0: int, T_mult: int = 1, eta_min: float = 0.0) -> Any:  # noqa: N803
    """CosineDecayRestarts."""
    no(float(lr) == 0, "cosine decay from 0")
    schedule = schedules.CosineDecayRestarts(float(lr), T_0, t_mul=float(T_mult), alpha=eta_min / float(lr))
    return _rates(schedule, lr, steps)


SCHEDULES = {
    "constant_lr": constant_lr,
    "cosine_annealing_lr": cosine_annealing_lr,
    "cosine_annealing_warm_restarts": cosine_annealing_warm_restarts,
    "exponential_lr": exponential_lr,
    "linear_lr": linear_lr,
    "multi_step_lr": multi_step_lr,
    "polynomial_lr": polynomial_lr,
    "step_lr": step_lr,
}
