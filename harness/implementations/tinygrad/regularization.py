"""Dropout, penalties and optimizers: Tensor.dropout, sums of Tensor's, tinygrad.nn.optim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tinygrad import Tensor
from tinygrad.helpers import Context
from tinygrad.nn import optim

from harness.errors import Unsupported
from harness.implementations.framework import Operator


def dropout(input: Any, *, p: float = 0.5, training: bool = True, seed: int = 0) -> Any:
    """Tensor.dropout."""
    Tensor.manual_seed(seed)
    with Context(TRAINING=int(training)):
        return input.dropout(p)


# -- penalties


def l1_penalty(weight: Any, *, lambd: float) -> Any:
    """Tensor.abs and Tensor.sum."""
    return lambd * weight.abs().sum()


def l2_penalty(weight: Any, *, lambd: float) -> Any:
    """Tensor.square and Tensor.sum."""
    return lambd / 2 * weight.square().sum()


def elastic_net_penalty(weight: Any, *, lambd1: float, lambd2: float) -> Any:
    """Both penalties."""
    return l1_penalty(weight, lambd=lambd1) + l2_penalty(weight, lambd=lambd2)


def _linear_mse(penalty: Callable[..., Any]) -> Callable[..., Any]:
    def operator(input: Any, weight: Any, bias: Any, target: Any, **params: float) -> Any:
        return (input.linear(weight.transpose(), bias) - target).square().mean() + penalty(weight, **params)

    return operator


# -- optimizers


def _trajectory(optimizer: Any, param: Any, grads: Any, states: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Step once with each row of `grads`: the parameter and the states after each step."""
    rows: dict[str, list[Any]] = {}
    with Context(TRAINING=1):
        for step in range(grads.shape[0]):
            param.grad = grads[step].contiguous()
            optimizer.step()
            for name, value in {"param": param, **states(optimizer)}.items():
                rows.setdefault(name, []).append(value.detach().clone().realize())
    return {name: values[0].stack(*values[1:]) for name, values in rows.items()}


def _own(param: Any) -> Any:
    """Return a copy: an optimizer writes into what it is given."""
    return param.detach().clone().realize()


def _moments(optimizer: Any) -> dict[str, Any]:
    return {"exp_avg": optimizer.m[0], "exp_avg_sq": optimizer.v[0]}


def adam(
    param: Any,
    grads: Any,
    *,
    lr: float = 1e-3,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    amsgrad: bool = False,
) -> Any:
    """nn.optim.Adam."""
    if amsgrad or weight_decay:
        raise Unsupported("nn.optim.Adam has no amsgrad and no weight_decay")
    own = _own(param)
    return _trajectory(optim.Adam([own], lr, *betas, eps=eps), own, grads, _moments)


def adamw(
    param: Any,
    grads: Any,
    *,
    lr: float = 1e-3,
    betas: Sequence[float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    amsgrad: bool = False,
) -> Any:
    """nn.optim.AdamW."""
    if amsgrad:
        raise Unsupported("nn.optim.AdamW has no amsgrad")
    own = _own(param)
    return _trajectory(optim.AdamW([own], lr, *betas, eps=eps, weight_decay=weight_decay), own, grads, _moments)


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
    """nn.optim.SGD."""
    if dampening:
        raise Unsupported("nn.optim.SGD has no dampening")
    own = _own(param)
    return _trajectory(
        optim.SGD([own], lr, momentum, weight_decay, nesterov),
        own,
        grads,
        lambda optimizer: {"momentum_buffer": optimizer.b[0]} if momentum else {},
    )


REGULARIZATIONS: dict[str, Operator] = {
    "adam": adam,
    "adamw": adamw,
    "dropout": dropout,
    "elastic_net_penalty": elastic_net_penalty,
    "l1_penalty": l1_penalty,
    "l2_penalty": l2_penalty,
    "linear_mse_elastic_net": _linear_mse(elastic_net_penalty),
    "linear_mse_l1": _linear_mse(l1_penalty),
    "linear_mse_l2": _linear_mse(l2_penalty),
    "sgd": sgd,
}
