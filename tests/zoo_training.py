"""Wrong optimizers, schedulers and initializers, one fault each.

The first line of each docstring says what is wrong; the tuple at the end says what replay must make of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from zoo import wrong

from harness.implementations import numpy as right
from harness.implementations.numpy.precision import narrow, widen

Array: TypeAlias = npt.NDArray[Any]
Steps: TypeAlias = dict[str, Array]


# -- optimizers


def rmsprop_eps_inside(param: Array, grads: Array, eps: float = 1e-8, **options: Any) -> Steps:
    """It adds eps inside the root."""
    if options.get("centered") or options.get("momentum") or options.get("weight_decay"):
        return right.rmsprop(param, grads, eps=eps, **options)
    steps = right.rmsprop(param, grads, eps=eps, **options)
    sign = -1 if options.get("maximize") else 1
    moves = sign * widen(grads) / np.sqrt(widen(steps["square_avg"]) + eps)
    return {**steps, "param": narrow(widen(param) - options.get("lr", 1e-2) * np.cumsum(moves, axis=0), like=param)}


def rmsprop_never_centered(param: Array, grads: Array, centered: bool = False, **options: Any) -> Steps:
    """It keeps the mean gradient for centered and does not subtract it."""
    steps = right.rmsprop(param, grads, centered=centered, **options)
    return {**steps, **right.rmsprop(param, grads, **options)}


def adagrad_without_decay(param: Array, grads: Array, lr_decay: float = 0.0, **options: Any) -> Steps:
    """It ignores lr_decay."""
    return right.adagrad(param, grads, **options)


def adagrad_from_zero(param: Array, grads: Array, initial_accumulator_value: float = 0.0, **options: Any) -> Steps:
    """It ignores initial_accumulator_value."""
    return right.adagrad(param, grads, **options)


def adadelta_eps_outside(param: Array, grads: Array, lr: float = 1.0, rho: float = 0.9, **options: Any) -> Steps:
    """It adds eps outside the roots."""
    eps = options.get("eps", 1e-6)
    w, v, u = widen(param), np.zeros_like(widen(param)), np.zeros_like(widen(param))
    rows = []
    for grad in widen(grads):
        g = (-grad if options.get("maximize") else grad) + options.get("weight_decay", 0.0) * w
        v = rho * v + (1 - rho) * g * g
        d = (np.sqrt(u) + eps) / (np.sqrt(v) + eps) * g
        u = rho * u + (1 - rho) * d * d
        w = w - lr * d
        rows.append((w, v, u))
    names = ("param", "square_avg", "acc_delta")
    return {n: narrow(np.stack(values), like=param) for n, values in zip(names, zip(*rows, strict=True), strict=True)}


def adamax_uncorrected(param: Array, grads: Array, **options: Any) -> Steps:
    """It does not take the bias out of the mean gradient."""
    steps = right.adamax(param, grads, **options)
    if options.get("weight_decay"):
        return steps
    moves = widen(steps["exp_avg"]) / widen(steps["exp_inf"])
    return {**steps, "param": narrow(widen(param) - options.get("lr", 2e-3) * np.cumsum(moves, axis=0), like=param)}


def nadam_is_adam(param: Array, grads: Array, **options: Any) -> Steps:
    """It is Adam, without Nesterov's momentum."""
    steps = right.nadam(param, grads, **options)
    if options.get("weight_decay") or options.get("maximize"):
        return steps
    return {**steps, "param": _adam(param, grads, {"lr": 2e-3, **options})}


def _adam(param: Array, grads: Array, options: dict[str, Any]) -> Array:
    """Return the parameters of Adam under the options that it has."""
    known = {name: value for name, value in options.items() if name in ("lr", "betas", "eps")}
    return right.adam(param, grads, **known)["param"]


def nadam_decay_joins(param: Array, grads: Array, decoupled_weight_decay: bool = False, **options: Any) -> Steps:
    """It ignores decoupled_weight_decay."""
    return right.nadam(param, grads, **options)


def radam_always_adaptive(param: Array, grads: Array, **options: Any) -> Steps:
    """It is Adam, without the rectification."""
    steps = right.radam(param, grads, **options)
    if options.get("weight_decay") or options.get("maximize"):
        return steps
    return {**steps, "param": _adam(param, grads, options)}


def radam_decay_joins(param: Array, grads: Array, decoupled_weight_decay: bool = False, **options: Any) -> Steps:
    """It ignores decoupled_weight_decay."""
    return right.radam(param, grads, **options)


def rprop_never_forgets(
    param: Array,
    grads: Array,
    lr: float = 1e-2,
    etas: tuple[float, float] = (0.5, 1.2),
    step_sizes: tuple[float, float] = (1e-6, 50.0),
    maximize: bool = False,
) -> Steps:
    """It steps also where the sign has changed, and remembers the gradient."""
    w = widen(param)
    previous, size = np.zeros_like(w), np.full_like(w, lr)
    rows = []
    for grad in widen(grads):
        g = -grad if maximize else grad
        agreement = g * previous
        factor = np.where(agreement > 0, etas[1], np.where(agreement < 0, etas[0], 1.0)).astype(w.dtype)
        size = np.clip(size * factor, *step_sizes)
        w = w - np.where(np.isnan(g), 0, np.sign(g)).astype(w.dtype) * size
        previous = g
        rows.append((w, previous, size))
    names = ("param", "prev", "step_size")
    return {n: narrow(np.stack(values), like=param) for n, values in zip(names, zip(*rows, strict=True), strict=True)}


def rprop_etas_swapped(param: Array, grads: Array, etas: tuple[float, float] = (0.5, 1.2), **options: Any) -> Steps:
    """It takes the etas for each other."""
    return right.rprop(param, grads, etas=(etas[1], etas[0]), **options)


def asgd_averages_at_once(param: Array, grads: Array, t0: float = 1e6, **options: Any) -> Steps:
    """It averages from the first step on."""
    return right.asgd(param, grads, t0=0.0, **options)


def muon_without_nesterov(param: Array, grads: Array, nesterov: bool = True, **options: Any) -> Steps:
    """It ignores nesterov."""
    return right.muon(param, grads, nesterov=False, **options)


def muon_scale_of_columns(param: Array, grads: Array, adjust_lr_fn: str | None = None, **options: Any) -> Steps:
    """It ignores adjust_lr_fn."""
    return right.muon(param, grads, **options)


def adafactor_unclipped(param: Array, grads: Array, d: float = 1.0, **options: Any) -> Steps:
    """It does not clip the update by d."""
    return right.adafactor(param, grads, d=1e30, **options)


OPTIMIZER = (
    *wrong(
        "optimizer/rmsprop",
        (rmsprop_eps_inside, "*", "forward/param: "),
        (rmsprop_never_centered, "*", "forward/param: "),
    ),
    *wrong(
        "optimizer/adagrad",
        (adagrad_without_decay, "*", "forward/param: "),
        (adagrad_from_zero, "*", "forward/sum: "),
    ),
    *wrong("optimizer/adadelta", (adadelta_eps_outside, "*", "forward/param: ")),
    *wrong("optimizer/adamax", (adamax_uncorrected, "*", "forward/param: ")),
    *wrong(
        "optimizer/nadam",
        (nadam_is_adam, "*", "forward/param: "),
        (nadam_decay_joins, "*", "forward/param: "),
    ),
    *wrong(
        "optimizer/radam",
        (radam_always_adaptive, "*", "forward/param: "),
        (radam_decay_joins, "*", "forward/param: "),
    ),
    *wrong(
        "optimizer/rprop",
        (rprop_never_forgets, "*", "forward/param: "),
        (rprop_etas_swapped, "*", "forward/step_size: "),
    ),
    *wrong("optimizer/asgd", (asgd_averages_at_once, "*", "forward/ax: ")),
    *wrong(
        "optimizer/muon",
        (muon_without_nesterov, "*", "forward/param: "),
        (muon_scale_of_columns, "settings-match", "forward/param: "),
    ),
    *wrong("optimizer/adafactor", (adafactor_unclipped, "*", "forward/param: ")),
)


# -- schedulers


def _one_late(schedule: Callable[..., Array], lr: Array, steps: int, options: dict[str, Any]) -> Array:
    """Return a schedule whose first rate comes twice."""
    rates = schedule(lr, steps, **options)
    return np.concatenate([rates[:1], rates])[:steps]


def _one_early(schedule: Callable[..., Array], lr: Array, steps: int, options: dict[str, Any]) -> Array:
    """Return a schedule without its first rate."""
    return schedule(lr, steps + 1, **options)[1:]


def step_lr_late(lr: Array, steps: int, **options: Any) -> Array:
    """It is one step late."""
    return _one_late(right.step_lr, lr, steps, options)


def multi_step_lr_late(lr: Array, steps: int, milestones: list[int], gamma: float = 0.1) -> Array:
    """It changes the rate one step behind the milestone."""
    return right.multi_step_lr(lr, steps, [milestone + 1 for milestone in milestones], gamma)


def multi_step_lr_set(lr: Array, steps: int, milestones: list[int], gamma: float = 0.1) -> Array:
    """It counts a milestone that is named twice once."""
    return right.multi_step_lr(lr, steps, sorted(set(milestones)), gamma)


def constant_lr_late(lr: Array, steps: int, **options: Any) -> Array:
    """It returns to the rate one step late."""
    return _one_late(right.constant_lr, lr, steps, options)


def linear_lr_early(lr: Array, steps: int, **options: Any) -> Array:
    """It is one step early."""
    return _one_early(right.linear_lr, lr, steps, options)


def exponential_lr_early(lr: Array, steps: int, **options: Any) -> Array:
    """It is one step early."""
    return _one_early(right.exponential_lr, lr, steps, options)


def polynomial_lr_early(lr: Array, steps: int, **options: Any) -> Array:
    """It is one step early."""
    return _one_early(right.polynomial_lr, lr, steps, options)


def cosine_late(lr: Array, steps: int, **options: Any) -> Array:
    """It is one step late."""
    return _one_late(right.cosine_annealing_lr, lr, steps, options)


def cosine_stays(lr: Array, steps: int, T_max: int, eta_min: float = 0.0) -> Array:  # noqa: N803
    """It stays at eta_min after T_max steps."""
    rates = right.cosine_annealing_lr(lr, steps, T_max, eta_min)
    rates[T_max:] = eta_min
    return rates


def restarts_of_equal_length(lr: Array, steps: int, **options: Any) -> Array:
    """It ignores T_mult."""
    return right.cosine_annealing_warm_restarts(lr, steps, **{**options, "T_mult": 1})


def cyclic_of_cycles(lr: Array, steps: int, **options: Any) -> Array:
    """It takes gamma to the number of cycles, not of steps."""
    if options.get("mode") != "exp_range":
        return right.cyclic_lr(lr, steps, **options)
    up = options.get("step_size_up", 2000)
    cycle = np.arange(steps) // (up + (options.get("step_size_down") or up))
    plain = right.cyclic_lr(np.asarray(lr, np.float64), steps, **{**options, "mode": "triangular"})
    scale = options.get("gamma", 1.0) ** cycle
    return narrow(options["base_lr"] + (plain - options["base_lr"]) * scale, like=lr)


def one_cycle_of_n(lr: Array, steps: int, **options: Any) -> Array:
    """It reaches max_lr after pct_start of the steps, one step late."""
    total = options.get("total_steps") or options["epochs"] * options["steps_per_epoch"]
    pct_start = options.get("pct_start", 0.3) + 1 / total
    return right.one_cycle_lr(lr, steps, **{**options, "pct_start": pct_start})


def one_cycle_linear(lr: Array, steps: int, **options: Any) -> Array:
    """It ignores anneal_strategy."""
    return right.one_cycle_lr(lr, steps, **{**options, "anneal_strategy": "cos"})


SCHEDULER = (
    *wrong("scheduler/step_lr", (step_lr_late, "*", "forward/output: ")),
    *wrong(
        "scheduler/multi_step_lr",
        (multi_step_lr_late, "*", "forward/output: "),
        (multi_step_lr_set, "traps-*", "forward/output: "),
    ),
    *wrong("scheduler/constant_lr", (constant_lr_late, "*", "forward/output: ")),
    *wrong("scheduler/linear_lr", (linear_lr_early, "*", "forward/output: ")),
    *wrong("scheduler/exponential_lr", (exponential_lr_early, "*", "forward/output: ")),
    *wrong("scheduler/polynomial_lr", (polynomial_lr_early, "*", "forward/output: ")),
    *wrong(
        "scheduler/cosine_annealing_lr",
        (cosine_late, "*", "forward/output: "),
        (cosine_stays, "*", "forward/output: "),
    ),
    *wrong("scheduler/cosine_annealing_warm_restarts", (restarts_of_equal_length, "*", "forward/output: ")),
    *wrong("scheduler/cyclic_lr", (cyclic_of_cycles, "*", "forward/output: ")),
    *wrong(
        "scheduler/one_cycle_lr",
        (one_cycle_of_n, "*", "forward/output: "),
        (one_cycle_linear, "*", "forward/output: "),
    ),
)


# -- initializers


def xavier_of_fan_in(tensor: Array, symmetric: Array, gain: float = 1.0) -> Array:
    """It takes fan_in alone."""
    fan_in = math.prod(tensor.shape[1:])
    return narrow(widen(symmetric) * (gain * math.sqrt(3 / fan_in)), like=tensor)


def xavier_normal_bound(tensor: Array, normal: Array, gain: float = 1.0) -> Array:
    """It takes the bound of the uniform one for its standard deviation."""
    return right.xavier_normal_(tensor, normal, gain * math.sqrt(3))


def kaiming_of_relu(tensor: Array, symmetric: Array, a: float = 0.0, **options: Any) -> Array:
    """It ignores the slope a."""
    return right.kaiming_uniform_(tensor, symmetric, **options)


def kaiming_of_fan_in(tensor: Array, normal: Array, mode: str = "fan_in", **options: Any) -> Array:
    """It ignores mode."""
    return right.kaiming_normal_(tensor, normal, **options)


def uniform_from_zero(tensor: Array, uniform: Array, a: float = 0.0, b: float = 1.0) -> Array:
    """It does not subtract a from b."""
    return narrow(widen(uniform) * b + a, like=tensor)


def normal_of_variance(tensor: Array, normal: Array, mean: float = 0.0, std: float = 1.0) -> Array:
    """It takes std for the variance."""
    return right.normal_(tensor, normal, mean, math.sqrt(std))


def trunc_normal_clipped(
    tensor: Array, normal: Array, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0
) -> Array:
    """It clips the first draw to the limits."""
    return narrow(np.clip(widen(normal[0]) * std + mean, a, b), like=tensor)


def orthogonal_of_qr(tensor: Array, normal: Array, gain: float = 1.0) -> Array:
    """It leaves the signs as the factorization has them."""
    wide = normal.shape[0] < normal.shape[1]
    q, _ = np.linalg.qr(normal.T if wide else normal)
    return narrow((q.T if wide else q).reshape(tensor.shape) * gain, like=tensor)


def eye_of_the_last(tensor: Array) -> Array:
    """It starts from the lower right."""
    return np.eye(*tensor.shape, dtype=tensor.dtype)[::-1, ::-1]


def dirac_in_front(tensor: Array, groups: int = 1) -> Array:
    """It takes (size - 1) // 2 for the middle."""
    y = right.dirac_(tensor, groups)
    for axis in range(2, tensor.ndim):
        if tensor.shape[axis] % 2 == 0:
            y = np.roll(y, -1, axis=axis)
    return y


def dirac_of_one_group(tensor: Array, groups: int = 1) -> Array:
    """It ignores groups."""
    return right.dirac_(tensor)


INITIALIZER = (
    *wrong("initializer/xavier_uniform_", (xavier_of_fan_in, "*", "forward/output: ")),
    *wrong("initializer/xavier_normal_", (xavier_normal_bound, "*", "forward/output: ")),
    *wrong("initializer/kaiming_uniform_", (kaiming_of_relu, "*", "forward/output: ")),
    *wrong("initializer/kaiming_normal_", (kaiming_of_fan_in, "*", "forward/output: ")),
    *wrong("initializer/uniform_", (uniform_from_zero, "*", "forward/output: ")),
    *wrong("initializer/normal_", (normal_of_variance, "*", "forward/output: ")),
    *wrong("initializer/trunc_normal_", (trunc_normal_clipped, "*", "forward/output: ")),
    *wrong("initializer/orthogonal_", (orthogonal_of_qr, "*", "forward/output: ")),
    *wrong("initializer/eye_", (eye_of_the_last, "*", "forward/output: ")),
    *wrong(
        "initializer/dirac_",
        (dirac_in_front, "*", "forward/output: "),
        (dirac_of_one_group, "*", "forward/output: "),
    ),
)
