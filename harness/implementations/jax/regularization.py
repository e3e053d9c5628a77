"""Dropout by jax.random.bernoulli, and penalties."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from harness.implementations.framework import Drawn, Operator

#: minus SELU's limit for large negative numbers
_ALPHA = 1.7580993408473766


def _dropout(shape: Callable[[Any], tuple[int, ...]], law: Callable[[Any, Any, float], Any]) -> Operator:
    """Return dropout with a mask of a shape: the one given, or one of jax.random.bernoulli."""

    def dropout(input: Any, mask: Any = None, *, p: float = 0.5, training: bool = True, seed: int = 0) -> Any:
        if not training:
            return input
        if mask is not None:
            return law(input, mask, p)
        drawn = jax.random.bernoulli(jax.random.key(seed), 1 - p, shape(input))
        return Drawn(answer=law(input, drawn, p), noise={"mask": drawn})

    return dropout


def _scaled(input: Any, mask: Any, p: float) -> Any:
    return input * mask * (0 if p == 1 else 1 / (1 - p))


def _alpha(input: Any, mask: Any, p: float) -> Any:
    if p in (0, 1):
        return _scaled(input, mask, p)
    a = 1 / math.sqrt((_ALPHA * _ALPHA * p + 1) * (1 - p))
    return a * (input * mask + _ALPHA * (mask - 1.0).astype(input.dtype)) + a * _ALPHA * p


def _elements(input: Any) -> tuple[int, ...]:
    return tuple(input.shape)


def _channels(spatial: int) -> Callable[[Any], tuple[int, ...]]:
    """Return the shape of a mask of whole channels, batched or not."""
    return lambda array: (*array.shape[: array.ndim - spatial], *(1 for _ in range(spatial)))


def _features(input: Any) -> tuple[int, ...]:
    return (*input.shape[:2], *(1 for _ in input.shape[2:]))


def hinton_dropout(input: Any, mask: Any = None, *, p: float = 0.5, training: bool = True, seed: int = 0) -> Any:
    """Keep what is kept as it is; in evaluation everything times the probability of keeping it."""
    if not training:
        return input * (1 - p)
    if mask is not None:
        return input * mask
    drawn = jax.random.bernoulli(jax.random.key(seed), 1 - p, input.shape)
    return Drawn(answer=input * drawn, noise={"mask": drawn})


def l1_penalty(weight: Any, *, lambd: float) -> Any:
    """jnp.sum of jnp.abs."""
    return lambd * jnp.sum(jnp.abs(weight))


def l2_penalty(weight: Any, *, lambd: float) -> Any:
    """Half of jnp.sum of jnp.square."""
    return lambd / 2 * jnp.sum(jnp.square(weight))


def elastic_net_penalty(weight: Any, *, lambd1: float, lambd2: float) -> Any:
    """Both."""
    return l1_penalty(weight, lambd=lambd1) + l2_penalty(weight, lambd=lambd2)


def _mse(input: Any, weight: Any, bias: Any, target: Any) -> Any:
    return jnp.mean(jnp.square(jnp.matmul(input, weight.T) + bias - target))


def linear_mse_l1(input: Any, weight: Any, bias: Any, target: Any, *, lambd: float) -> Any:
    """Take a linear layer's mean squared error with an L1 penalty."""
    return _mse(input, weight, bias, target) + l1_penalty(weight, lambd=lambd)


def linear_mse_l2(input: Any, weight: Any, bias: Any, target: Any, *, lambd: float) -> Any:
    """Take a linear layer's mean squared error with an L2 penalty."""
    return _mse(input, weight, bias, target) + l2_penalty(weight, lambd=lambd)


def linear_mse_elastic_net(input: Any, weight: Any, bias: Any, target: Any, *, lambd1: float, lambd2: float) -> Any:
    """Take a linear layer's mean squared error with both penalties."""
    return _mse(input, weight, bias, target) + elastic_net_penalty(weight, lambd1=lambd1, lambd2=lambd2)


REGULARIZATION = {
    "alpha_dropout": _dropout(_elements, _alpha),
    "dropout": _dropout(_elements, _scaled),
    "dropout1d": _dropout(_channels(1), _scaled),
    "dropout2d": _dropout(_channels(2), _scaled),
    "dropout3d": _dropout(_channels(3), _scaled),
    "elastic_net_penalty": elastic_net_penalty,
    "feature_alpha_dropout": _dropout(_features, _alpha),
    "hinton_dropout": hinton_dropout,
    "l1_penalty": l1_penalty,
    "l2_penalty": l2_penalty,
    "linear_mse_elastic_net": linear_mse_elastic_net,
    "linear_mse_l1": linear_mse_l1,
    "linear_mse_l2": linear_mse_l2,
}
