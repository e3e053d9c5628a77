"""What the losses share: terms that are kept, averaged or summed, and the gradient of that."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from harness.errors import Unsupported
from harness.implementations.numpy.pointwise import unbroadcast
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["Loss", "TermLoss"]


class Loss:
    """Terms, and their reduction: "none" keeps them, "sum" adds them, the others divide the sum by a total.

    The total is their number, or what a loss gives instead. The mean of no terms is 0 / 0 = nan.
    """

    reductions: tuple[str, ...] = ("none", "mean", "sum")

    def __init__(self, reduction: str = "mean") -> None:
        """Take the reduction."""
        if reduction not in self.reductions:
            raise Unsupported(f"reduction={reduction!r}")
        self.reduction = reduction

    def reduce(self, terms: Array, like: Array, total: Array | float | None = None) -> Array:
        """Return the loss in the dtype of `like`; shape and total are kept for `spread`."""
        self.shape = terms.shape
        self.total = np.asarray(terms.size if total is None else total, dtype=terms.dtype)
        if self.reduction == "none":
            return narrow(terms, like=like)
        return narrow(terms.sum() if self.reduction == "sum" else terms.sum() / self.total, like=like)

    def spread(self, grad_output: Array) -> Array:
        """Return the gradient of each term."""
        dloss = widen(grad_output)
        return np.broadcast_to(dloss if self.reduction in ("none", "sum") else dloss / self.total, self.shape)


class TermLoss(Loss):
    """A loss whose terms come from one element of each input, broadcast."""

    @abstractmethod
    def terms(self, *inputs: Any) -> Array:
        """Return the terms; an input that is not given is None."""

    @abstractmethod
    def slopes(self, *inputs: Any) -> tuple[Array, ...]:
        """Return the derivatives of the terms by the first inputs: those that get a gradient."""

    @nan_is_meant
    def loss(self, *inputs: Array | None, total: float | None = None) -> Array:
        """Return the loss of the inputs; they are kept for `backward`."""
        self.inputs = [x for x in inputs if x is not None]
        self.wide = [None if x is None else widen(x) for x in inputs]
        return self.reduce(self.terms(*self.wide), like=self.inputs[0], total=total)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of the inputs that get one, which integers do not, summed over what was broadcast."""
        dterms, slopes = self.spread(grad_output), self.slopes(*self.wide)
        pairs = [(slope, x) for slope, x in zip(slopes, self.inputs, strict=False) if x.dtype.kind not in "iub"]
        return tuple(narrow(unbroadcast(dterms * slope, x.shape), like=x) for slope, x in pairs)
