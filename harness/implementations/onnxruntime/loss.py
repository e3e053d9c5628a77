"""Losses, and penalties."""

from __future__ import annotations

from typing import Any

from harness.errors import Unsupported
from harness.implementations.framework import Operator
from harness.implementations.onnxruntime.graph import Value, node

_IGNORED = -100  #: torch's default, which ONNX has to be told


def _classified(op: str, input: Value, target: Value, weight: Value | None, **how: Any) -> Value:
    """Return a loss over classes in axis 1; torch lets the batch out."""
    if target.floating:
        raise Unsupported(f"{op} takes classes, no probabilities")
    if input.rank > 1:
        return node(op, input, target, weight, **how)
    loss = node(op, node("Unsqueeze", input, [0]), node("Unsqueeze", target, [0]), weight, **how)
    return node("Squeeze", loss, [0]) if how["reduction"] == "none" else loss


def cross_entropy(
    input: Value,
    target: Value,
    weight: Value | None = None,
    *,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
    ignore_index: int = _IGNORED,
) -> Value:
    """SoftmaxCrossEntropyLoss."""
    if label_smoothing:
        raise Unsupported("SoftmaxCrossEntropyLoss does not smooth labels")
    how = {"reduction": reduction, "ignore_index": ignore_index}
    return _classified("SoftmaxCrossEntropyLoss", input, target, weight, **how)


def nll_loss(
    input: Value,
    target: Value,
    weight: Value | None = None,
    *,
    reduction: str = "mean",
    ignore_index: int = _IGNORED,
) -> Value:
    """NegativeLogLikelihoodLoss."""
    how = {"reduction": reduction, "ignore_index": ignore_index}
    return _classified("NegativeLogLikelihoodLoss", input, target, weight, **how)


def l1_loss(input: Value, target: Value, weight: Value | None = None, *, reduction: str = "mean") -> Value:
    """Reduce Abs of Sub."""
    _unweighted(weight)
    return _reduced(node("Abs", input - target), reduction)


def mse_loss(input: Value, target: Value, weight: Value | None = None, *, reduction: str = "mean") -> Value:
    """Reduce the square of Sub."""
    _unweighted(weight)
    difference = input - target
    return _reduced(difference * difference, reduction)


def soft_margin_loss(input: Value, target: Value, *, reduction: str = "mean") -> Value:
    """Reduce Softplus of the negative product."""
    return _reduced(node("Softplus", -(target * input)), reduction)


def _unweighted(weight: Value | None) -> None:
    if weight is not None:
        raise Unsupported("the reductions take no weights")


def _reduced(loss: Value, reduction: str) -> Value:
    if reduction == "none":
        return loss
    return node("ReduceMean" if reduction == "mean" else "ReduceSum", loss, keepdims=0)


def l1_penalty(weight: Value, *, lambd: float) -> Value:
    """ReduceL1, scaled."""
    return node("ReduceL1", weight, keepdims=0) * lambd


def l2_penalty(weight: Value, *, lambd: float) -> Value:
    """ReduceSumSquare, scaled."""
    return node("ReduceSumSquare", weight, keepdims=0) * (lambd / 2)


def elastic_net_penalty(weight: Value, *, lambd1: float, lambd2: float) -> Value:
    """Add both."""
    return l1_penalty(weight, lambd=lambd1) + l2_penalty(weight, lambd=lambd2)


LOSSES: dict[str, Operator] = {
    "cross_entropy": cross_entropy,
    "elastic_net_penalty": elastic_net_penalty,
    "l1_loss": l1_loss,
    "l1_penalty": l1_penalty,
    "l2_penalty": l2_penalty,
    "mse_loss": mse_loss,
    "nll_loss": nll_loss,
    "soft_margin_loss": soft_margin_loss,
}
