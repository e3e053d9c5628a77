"""Losses: methods of Tensor, and the usual sums of powers of a difference."""

from __future__ import annotations

from typing import Any

from harness.errors import Unsupported
from harness.implementations.framework import Operator

#: the class that torch ignores, by default one that never stands in a target
_NO_CLASS = -100


def binary_cross_entropy(input: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Tensor.binary_crossentropy."""
    return input.binary_crossentropy(target, reduction)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, *, pos_weight: Any = None, reduction: str = "mean"
) -> Any:
    """Tensor.binary_crossentropy_logits."""
    return input.binary_crossentropy_logits(target, reduction, pos_weight)


def cross_entropy(
    input: Any, target: Any, *, reduction: str = "mean", label_smoothing: float = 0.0, ignore_index: int = _NO_CLASS
) -> Any:
    """Tensor.cross_entropy; of matrices with a class to ignore, Tensor.sparse_categorical_crossentropy."""
    if ignore_index == _NO_CLASS:
        return input.cross_entropy(target, reduction, label_smoothing)
    if input.ndim > 2:  # noqa: PLR2004 - its classes are the last dimension
        raise Unsupported("Tensor.cross_entropy ignores no class")
    return input.sparse_categorical_crossentropy(target, ignore_index, label_smoothing, reduction)


def nll_loss(
    input: Any, target: Any, *, weight: Any = None, reduction: str = "mean", ignore_index: int = _NO_CLASS
) -> Any:
    """Tensor.nll_loss."""
    if input.ndim == 1:
        raise Unsupported("Tensor.nll_loss takes batches")
    return input.nll_loss(target, weight, ignore_index, reduction)


def l1_loss(input: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Tensor.sub, Tensor.abs and a reduction."""
    return _reduced((input - target).abs(), reduction)


def mse_loss(input: Any, target: Any, *, reduction: str = "mean") -> Any:
    """Tensor.sub, Tensor.square and a reduction."""
    return _reduced((input - target).square(), reduction)


def _reduced(losses: Any, reduction: str) -> Any:
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()


LOSSES: dict[str, Operator] = {
    "binary_cross_entropy": binary_cross_entropy,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "cross_entropy": cross_entropy,
    "l1_loss": l1_loss,
    "mse_loss": mse_loss,
    "nll_loss": nll_loss,
}
