"""The steps of keras.optimizers; a parameter's trajectory with the optimizer's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import ml_dtypes
from keras import ops

from harness.implementations.keras.shared import dtype_of, no


def _trajectory(
    optimizer: Any, param: Any, grads: Any, states: Mapping[str, Callable[[Mapping[str, Any]], Any]]
) -> dict[str, Any]:
    """Step once with each row of `grads`; `states` reads torch's state from the optimizer's own variables."""
    variable = keras.Variable(param, dtype=dtype_of(param), name="param")
    optimizer.build([variable])
    rows: dict[str, list[Any]] = {"param": [], **{name: [] for name in states}}
    for grad in ops.unstack(grads):
        optimizer.apply([grad], [variable])
        own = {each.path.rpartition("/")[2].removeprefix("param_"): each for each in optimizer.variables}
        own |= {str(i): each for i, each in enumerate(optimizer.variables)}
        rows["param"].append(ops.copy(variable.value))
        for name, read in states.items():
            rows[name].append(ops.copy(read(own)))
    return {name: ops.stack(values) for name, values in rows.items()}


def _own(name: str) -> Callable[[Mapping[str, Any]], Any]:
    return lambda variables: variables[name].value


def _plain(weight_decay: float, maximize: bool = False) -> None:
    no(weight_decay, "weight decay that is added to the gradient")
    no(maximize, "maximize")


def sgd(
    param: Any,
    grads: Any,
    lr: float = 1e-3,
    momentum: float = 0.0,
    nesterov: bool = False,
    weight_decay: float = 0.0,
    dampening: float = 0.0,
) -> Any:
    """keras.optimizers.SGD; its velocity is torch's buffer times -lr."""
    _plain(weight_decay)
    no(dampening, "dampening")
    optimizer = keras.optimizers.SGD(lr, momentum=momentum, nesterov=nesterov)
    states = {"momentum_buffer": lambda own: ops.divide(own["momentum"].value, -lr)} if momentum else {}
    return _trajectory(optimizer, param, grads, states)


def _adam(kind: Any, param: Any, grads: Any, lr: float, betas: Sequence[float], amsgrad: bool, **rest: Any) -> Any:
    optimizer = kind(lr, beta_1=betas[0], beta_2=betas[1], amsgrad=amsgrad, **rest)
    states = {"exp_avg": _own("momentum"), "exp_avg_sq": _own("velocity")}
    if amsgrad:
        states["max_exp_avg_sq"] = _own("velocity_hat")
    return _trajectory(optimizer, param, grads, states)


def adam(
    param: Any,
    grads: Any,
    lr: float = 1e-3,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    amsgrad: bool = False,
) -> Any:
    """keras.optimizers.Adam."""
    _plain(weight_decay)
    return _adam(keras.optimizers.Adam, param, grads, lr, betas, amsgrad, epsilon=eps)


def adamw(
    param: Any,
    grads: Any,
    lr: float = 1e-3,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    amsgrad: bool = False,
) -> Any:
    """keras.optimizers.AdamW."""
    decay = {"weight_decay": weight_decay}
    return _adam(keras.optimizers.AdamW, param, grads, lr, betas, amsgrad, epsilon=eps, **decay)


def adadelta(
    param: Any,
    grads: Any,
    lr: float = 1.0,
    rho: float = 0.9,
    eps: float = 1e-6,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> Any:
    """keras.optimizers.Adadelta."""
    _plain(weight_decay, maximize)
    states = {"square_avg": _own("accumulated_grad"), "acc_delta": _own("accumulated_delta_var")}
    return _trajectory(keras.optimizers.Adadelta(lr, rho=rho, epsilon=eps), param, grads, states)


def adagrad(
    param: Any,
    grads: Any,
    lr: float = 1e-2,
    lr_decay: float = 0.0,
    weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0,
    eps: float = 1e-10,
    maximize: bool = False,
) -> Any:
    """keras.optimizers.Adagrad, its rate by InverseTimeDecay."""
    _plain(weight_decay, maximize)
    rate = keras.optimizers.schedules.InverseTimeDecay(lr, 1, lr_decay) if lr_decay else lr
    optimizer = keras.optimizers.Adagrad(rate, initial_accumulator_value=initial_accumulator_value, epsilon=eps)
    return _trajectory(optimizer, param, grads, {"sum": _own("accumulator")})


def adamax(
    param: Any,
    grads: Any,
    lr: float = 2e-3,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> Any:
    """keras.optimizers.Adamax."""
    _plain(weight_decay, maximize)
    optimizer = keras.optimizers.Adamax(lr, beta_1=betas[0], beta_2=betas[1], epsilon=eps)
    return _trajectory(optimizer, param, grads, {"exp_avg": _own("momentum"), "exp_inf": _own("norm")})


def adafactor(
    param: Any,
    grads: Any,
    lr: float = 1e-2,
    beta2_decay: float = -0.8,
    eps: Sequence[float | None] = (None, 1e-3),
    d: float = 1.0,
    weight_decay: float = 0.0,
    maximize: bool = False,
) -> Any:
    """keras.optimizers.Adafactor; its first epsilon is added to the squares, torch's limits what they add up to."""
    _plain(0.0, maximize)
    decay = {"weight_decay": weight_decay} if weight_decay else {}
    smallest = float(ml_dtypes.finfo(dtype_of(param)).eps) if eps[0] is None else eps[0]
    optimizer = keras.optimizers.Adafactor(
        lr, beta_2_decay=beta2_decay, epsilon_1=smallest**2, epsilon_2=eps[1], clip_threshold=d, **decay
    )
    if len(param.shape) < 2:  # noqa: PLR2004
        return _trajectory(optimizer, param, grads, {"variance": _own("velocity")})
    states = {
        "row_var": lambda own: ops.expand_dims(own["2"].value, -1),  # both have the parameter's name
        "col_var": lambda own: ops.expand_dims(own["3"].value, -2),
    }
    return _trajectory(optimizer, param, grads, states)


def rmsprop(
    param: Any,
    grads: Any,
    lr: float = 1e-2,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    centered: bool = False,
    maximize: bool = False,
) -> Any:
    """keras.optimizers.RMSprop; its momentum is torch's buffer times lr."""
    _plain(weight_decay, maximize)
    optimizer = keras.optimizers.RMSprop(lr, rho=alpha, momentum=momentum, epsilon=eps, centered=centered)
    states: dict[str, Callable[[Mapping[str, Any]], Any]] = {"square_avg": _own("velocity")}
    if momentum:
        states["momentum_buffer"] = lambda own: ops.divide(own["momentum"].value, lr)
    if centered:
        states["grad_avg"] = _own("average_gradient")
    return _trajectory(optimizer, param, grads, states)


OPTIMIZERS = {
    "adadelta": adadelta,
    "adafactor": adafactor,
    "adagrad": adagrad,
    "adam": adam,
    "adamax": adamax,
    "adamw": adamw,
    "rmsprop": rmsprop,
    "sgd": sgd,
}
