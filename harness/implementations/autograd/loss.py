"""Losses and penalties, which autograd's users compose of autograd.numpy."""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp


def _reduced(terms: Any, reduction: str) -> Any:
    if reduction == "none":
        return terms
    return anp.mean(terms) if reduction == "mean" else anp.sum(terms)


def _weighed(terms: Any, weight: Any, reduction: str) -> Any:
    """Reduce weighed terms; their mean divides by the sum of the weights."""
    if weight is None:
        return _reduced(terms, reduction)
    weighed = weight * terms
    return anp.sum(weighed) / anp.sum(weight + 0 * terms) if reduction == "mean" else _reduced(weighed, reduction)


def l1_loss(input: Any, target: Any, weight: Any = None, *, reduction: str = "mean") -> Any:
    """anp.abs of the difference."""
    return _weighed(anp.abs(input - target), weight, reduction)


def mse_loss(input: Any, target: Any, weight: Any = None, *, reduction: str = "mean") -> Any:
    """anp.square of the difference."""
    return _weighed(anp.square(input - target), weight, reduction)


def soft_margin_loss(input: Any, target: Any, *, reduction: str = "mean") -> Any:
    """anp.logaddexp."""
    return _reduced(anp.logaddexp(0, -target * input), reduction)


def l1_penalty(weight: Any, *, lambd: float) -> Any:
    """anp.sum of anp.abs."""
    return lambd * anp.sum(anp.abs(weight))


def l2_penalty(weight: Any, *, lambd: float) -> Any:
    """Half of anp.sum of anp.square."""
    return lambd / 2 * anp.sum(anp.square(weight))


def elastic_net_penalty(weight: Any, *, lambd1: float, lambd2: float) -> Any:
    """Both."""
    return l1_penalty(weight, lambd=lambd1) + l2_penalty(weight, lambd=lambd2)


LOSSES = {
    "elastic_net_penalty": elastic_net_penalty,
    "l1_loss": l1_loss,
    "l1_penalty": l1_penalty,
    "l2_penalty": l2_penalty,
    "mse_loss": mse_loss,
    "soft_margin_loss": soft_margin_loss,
}
