"""Losses of mlx.nn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx
from mlx.nn import losses

from harness.errors import Unsupported
from harness.implementations.framework import Operator

#: the class that torch ignores, by default one that never stands in a target
_NO_CLASS = -100


def binary_cross_entropy(input: Any, target: Any, *, weight: Any = None, reduction: str = "mean") -> Any:
    """losses.binary_cross_entropy of probabilities."""
    return losses.binary_cross_entropy(input, target, _like(weight, input), False, reduction)


def binary_cross_entropy_with_logits(input: Any, target: Any, *, weight: Any = None, reduction: str = "mean") -> Any:
    """losses.binary_cross_entropy of logits."""
    return losses.binary_cross_entropy(input, target, _like(weight, input), True, reduction)


def cross_entropy(
    input: Any, target: Any, *, reduction: str = "mean", label_smoothing: float = 0.0, ignore_index: int = _NO_CLASS
) -> Any:
    """losses.cross_entropy; its weights are those of samples, torch's those of classes."""
    if ignore_index != _NO_CLASS:
        raise Unsupported("losses.cross_entropy ignores no class")
    return losses.cross_entropy(input, target, None, _classes(input), label_smoothing, reduction)


def nll_loss(input: Any, target: Any, *, reduction: str = "mean", ignore_index: int = _NO_CLASS) -> Any:
    """losses.nll_loss."""
    if ignore_index != _NO_CLASS:
        raise Unsupported("losses.nll_loss ignores no class")
    return losses.nll_loss(input, target, _classes(input), reduction)


def gaussian_nll_loss(
    input: Any, target: Any, var: Any, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """losses.gaussian_nll_loss."""
    return losses.gaussian_nll_loss(input, target, var, full, eps, reduction)


def kl_div(input: Any, target: Any, *, reduction: str = "mean", log_target: bool = False) -> Any:
    """losses.kl_div_loss, of the logarithm of a distribution and summed over one axis."""
    if not log_target or reduction != "sum":
        raise Unsupported("losses.kl_div_loss takes a logarithm and sums over an axis")
    return losses.kl_div_loss(input, target, -1, "sum")


def huber_loss(input: Any, target: Any, *, reduction: str = "mean", delta: float = 1.0) -> Any:
    """losses.huber_loss."""
    return losses.huber_loss(input, target, delta, reduction)


def smooth_l1_loss(input: Any, target: Any, *, reduction: str = "mean", beta: float = 1.0) -> Any:
    """losses.smooth_l1_loss."""
    return losses.smooth_l1_loss(input, target, beta, reduction)


def margin_ranking_loss(input1: Any, input2: Any, target: Any, *, margin: float = 0.0, reduction: str = "mean") -> Any:
    """losses.margin_ranking_loss."""
    return losses.margin_ranking_loss(input1, input2, target, margin, reduction)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """losses.triplet_loss."""
    if swap:
        raise Unsupported("losses.triplet_loss swaps nothing")
    return losses.triplet_loss(anchor, positive, negative, -1, p, margin, eps, reduction)


def _plain(function: Callable[..., Any]) -> Operator:
    def operator(input: Any, target: Any, *, reduction: str = "mean") -> Any:
        return function(input, target, reduction)

    return operator


def _like(weight: Any, input: Any) -> Any:
    """Return a weight for each element: torch's is spread over them."""
    return None if weight is None else mx.broadcast_to(weight, input.shape)


def _classes(input: Any) -> int:
    """Return torch's axis of the classes."""
    return 0 if input.ndim == 1 else 1


def _penalty_l1(weight: Any, lambd: float) -> Any:
    return lambd * mx.sum(mx.abs(weight))


def _penalty_l2(weight: Any, lambd: float) -> Any:
    return lambd / 2 * mx.sum(mx.square(weight))


def l1_penalty(weight: Any, *, lambd: float) -> Any:
    """mx.abs and mx.sum."""
    return _penalty_l1(weight, lambd)


def l2_penalty(weight: Any, *, lambd: float) -> Any:
    """mx.square and mx.sum."""
    return _penalty_l2(weight, lambd)


def elastic_net_penalty(weight: Any, *, lambd1: float, lambd2: float) -> Any:
    """Both penalties."""
    return _penalty_l1(weight, lambd1) + _penalty_l2(weight, lambd2)


def _linear_mse(penalty: Callable[..., Any]) -> Operator:
    def operator(input: Any, weight: Any, bias: Any, target: Any, **params: float) -> Any:
        return losses.mse_loss(mx.addmm(bias, input, weight.T), target) + penalty(weight, **params)

    return operator


LOSSES: dict[str, Operator] = {
    "binary_cross_entropy": binary_cross_entropy,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "cross_entropy": cross_entropy,
    "elastic_net_penalty": elastic_net_penalty,
    "gaussian_nll_loss": gaussian_nll_loss,
    "huber_loss": huber_loss,
    "kl_div": kl_div,
    "l1_loss": _plain(losses.l1_loss),
    "l1_penalty": l1_penalty,
    "l2_penalty": l2_penalty,
    "linear_mse_elastic_net": _linear_mse(elastic_net_penalty),
    "linear_mse_l1": _linear_mse(l1_penalty),
    "linear_mse_l2": _linear_mse(l2_penalty),
    "margin_ranking_loss": margin_ranking_loss,
    "mse_loss": _plain(losses.mse_loss),
    "nll_loss": nll_loss,
    "smooth_l1_loss": smooth_l1_loss,
    "triplet_margin_loss": triplet_margin_loss,
}
