"""Losses with a margin in NumPy: scores, distances and similarities that must differ by so much."""

from __future__ import annotations

import numpy as np

from harness.errors import Unsupported
from harness.implementations.numpy.losses_shared import Loss, TermLoss
from harness.implementations.numpy.pointwise import unbroadcast
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = [
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "MultiMarginLoss",
    "MultilabelMarginLoss",
    "TripletMarginLoss",
]


class HingeEmbeddingLoss(TermLoss):
    """A distance that is to be small for t = 1, and above the margin for t = -1.

        term = x where t is 1, max(margin - x, 0) where t is -1
        dx = dterm where t is 1, -dterm where t is -1 and x <= margin, else 0

    input x, target t: any shapes that broadcast; t gets no gradient. torch.nn.functional.hinge_embedding_loss.
    """

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        """Take the margin and the reduction."""
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: Array, target: Array) -> Array:
        """Return the loss."""
        return self.loss(input, target)

    def terms(self, x: Array, t: Array) -> Array:
        """Return the terms."""
        return np.where(t == 1, x, np.maximum(self.margin - x, 0))

    def slopes(self, x: Array, t: Array) -> tuple[Array, ...]:
        """Return their derivative by x."""
        return (np.where(t == 1, 1, -1 * (self.margin - x >= 0)).astype(x.dtype),)


class MarginRankingLoss(TermLoss):
    """The first score is to be above the second for t = 1, and below it for t = -1.

        term = max(-t (x1 - x2) + margin, 0)
        dx1 = -t dterm, dx2 = t dterm, dt = -(x1 - x2) dterm, where -t (x1 - x2) + margin >= 0, else 0

    input1 x1, input2 x2, target t: any shapes that broadcast. torch.nn.functional.margin_ranking_loss.
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        """Take the margin and the reduction."""
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Array, input2: Array, target: Array) -> Array:
        """Return the loss."""
        return self.loss(input1, input2, target)

    def terms(self, x1: Array, x2: Array, t: Array) -> Array:
        """Return the terms."""
        return np.asarray(np.maximum(-t * (x1 - x2) + self.margin, 0))

    def slopes(self, x1: Array, x2: Array, t: Array) -> tuple[Array, ...]:
        """Return their derivatives by x1, x2 and t."""
        inside = -t * (x1 - x2) + self.margin >= 0
        return -t * inside, t * inside, (x2 - x1) * inside


class MultiMarginLoss(Loss):
    """The score of the right class is to exceed every other one by a margin. torch.nn.functional.multi_margin_loss.

        h[j] = max(margin - x[t] + x[j], 0) for j other than t
        term = w[t] / C sum(h^p),   dx[j] = w[t] / C p h[j]^(p - 1) dterm where h[j] > 0,   dx[t] = -sum of those

    input x: (N, C), or (C) of one sample, target t: (N) or a scalar, weight w: (C), without a gradient.
    """

    def __init__(self, p: int = 1, margin: float = 1.0, reduction: str = "mean") -> None:
        """Take the power, 1 or 2, the margin and the reduction."""
        super().__init__(reduction)
        if p not in (1, 2):
            raise Unsupported(f"p={p}")
        self.p, self.margin = p, margin

    @nan_is_meant
    def forward(self, input: Array, target: Array, weight: Array | None = None) -> Array:
        """Return the loss."""
        self.input, x = input, np.atleast_2d(widen(input))
        self.at = target.reshape(-1, 1)
        picked = np.take_along_axis(x, self.at, axis=1)
        self.h = np.maximum(self.margin - picked + x, 0)
        np.put_along_axis(self.h, self.at, 0, axis=1)
        self.scale = (np.ones(x.shape[1], dtype=x.dtype) if weight is None else widen(weight))[self.at] / x.shape[1]
        terms = (self.scale * self.h**self.p).sum(axis=1)
        return self.reduce(terms.reshape(target.shape), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        slope = (self.h > 0) if self.p == 1 else 2 * self.h
        dx = self.scale * slope * self.spread(grad_output).reshape(-1, 1)
        np.put_along_axis(dx, self.at, -dx.sum(axis=1, keepdims=True), axis=1)
        return narrow(dx.reshape(self.input.shape), like=self.input)


class MultilabelMarginLoss(Loss):
    """Each right class is to score 1 above each wrong one. torch.nn.functional.multilabel_margin_loss.

        term = 1 / C sum over right k and wrong j of h[k, j],   h[k, j] = max(1 - x[k] + x[j], 0)
        where h[k, j] > 0:   dx[k] takes -dterm / C, dx[j] takes dterm / C

    input x: (N, C) or (C), target: integers of that shape, the right classes first and -1 behind the last one. A class
    that is named twice counts twice.
    """

    @nan_is_meant
    def forward(self, input: Array, target: Array) -> Array:
        """Return the loss."""
        self.input, x = input, np.atleast_2d(widen(input))
        named = np.zeros(x.shape, dtype=x.dtype)  # how often each class is named as a right one
        for row, classes in zip(named, np.atleast_2d(target), strict=True):
            np.add.at(row, classes[np.cumsum(classes < 0) == 0], 1)
        h = 1 - x[:, :, np.newaxis] + x[:, np.newaxis, :]
        self.pairs = named[:, :, np.newaxis] * (named == 0)[:, np.newaxis, :] * (h > 0)
        terms = (self.pairs * h).sum(axis=(1, 2)) / x.shape[1]
        return self.reduce(terms.reshape(input.shape[:-1]), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        counts = self.pairs.sum(axis=1) - self.pairs.sum(axis=2)
        dx = counts / counts.shape[1] * self.spread(grad_output).reshape(-1, 1)
        return narrow(dx.reshape(self.input.shape), like=self.input)


class TripletMarginLoss(Loss):
    """An anchor is to be nearer to the positive than to the negative, by a margin.

        D(x, y) = (sum |x - y + eps|^p)^(1 / p) over the last axis
        term = max(D(a, pos) - D(a, neg) + margin, 0);   with swap, min(D(a, neg), D(pos, neg)) for D(a, neg)
        dD/dx = sign(d) (|d| / D)^(p - 1),   d = x - y + eps,   dD/dy = -dD/dx;   two equal distances share the gradient

    anchor a, positive pos, negative neg: (..., features), terms: (...).
    torch.nn.functional.triplet_margin_loss; arXiv 1503.03832; swap: Balntas et al., BMVC 2016.
    """

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, reduction: str = "mean"
    ) -> None:
        """Take the margin, which norm, what is added to each difference, whether to swap, and the reduction."""
        super().__init__(reduction)
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    @nan_is_meant
    def forward(self, anchor: Array, positive: Array, negative: Array) -> Array:
        """Return the loss."""
        self.inputs = (anchor, positive, negative)
        a, pos, neg = (widen(x) for x in self.inputs)
        self.d_pos, self.d_neg, self.d_swap = a - pos + self.eps, a - neg + self.eps, pos - neg + self.eps
        near, far, other = (self._norm(d) for d in (self.d_pos, self.d_neg, self.d_swap))
        # how much of the smaller distance to the negative is that from the positive: all, none, or half at a tie
        self.swapped = np.where(other == far, 0.5, other < far).astype(far.dtype) if self.swap else np.zeros_like(far)
        margins = near - (np.minimum(far, other) if self.swap else far) + self.margin
        self.inside = margins >= 0
        return self.reduce(np.maximum(margins, 0), like=anchor)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of anchor, positive and negative."""
        dterm = (self.spread(grad_output) * self.inside)[..., np.newaxis]
        swapped = self.swapped[..., np.newaxis]
        near = dterm * self._slope(self.d_pos)
        far = -dterm * np.where(swapped < 1, (1 - swapped) * self._slope(self.d_neg), 0)
        other = -dterm * np.where(swapped > 0, swapped * self._slope(self.d_swap), 0)
        gradients = (near + far, other - near, -far - other)
        pairs = zip(gradients, self.inputs, strict=True)
        return tuple(narrow(unbroadcast(gradient, x.shape), like=x) for gradient, x in pairs)

    def _norm(self, d: Array) -> Array:
        return np.asarray((np.abs(d) ** self.p).sum(axis=-1) ** (1 / self.p))

    def _slope(self, d: Array) -> Array:
        norm = self._norm(d)[..., np.newaxis]
        return np.where(norm == 0, 0, np.sign(d) * (np.abs(d) / norm) ** (self.p - 1))


class CosineEmbeddingLoss(Loss):
    """Two vectors are to point one way for t = 1, and not nearly so for t = -1.

        n1 = sum(x1^2) + e, n2 = sum(x2^2) + e, cos = sum(x1 x2) / sqrt(n1 n2), e = 1e-12
        term = 1 - cos where t is 1, max(cos - margin, 0) where t is -1
        dx1 = dcos (x2 / sqrt(n1 n2) - cos x1 / n1),   dx2 = dcos (x1 / sqrt(n1 n2) - cos x2 / n2)

    input1 x1, input2 x2: (N, D) or (D), target t: (N) or a scalar; t gets no gradient.
    torch.nn.functional.cosine_embedding_loss.
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        """Take the largest cosine that costs nothing for t = -1, and the reduction."""
        super().__init__(reduction)
        self.margin = margin

    @nan_is_meant
    def forward(self, input1: Array, input2: Array, target: Array) -> Array:
        """Return the loss."""
        self.inputs = (input1, input2)
        self.x1, self.x2, t = widen(input1), widen(input2), widen(target)
        tiny = np.asarray(1e-12, dtype=self.x1.dtype)
        self.n1 = np.square(self.x1).sum(axis=-1, keepdims=True) + tiny
        self.n2 = np.square(self.x2).sum(axis=-1, keepdims=True) + tiny
        self.root = np.sqrt(self.n1 * self.n2)
        self.cos = (self.x1 * self.x2).sum(axis=-1, keepdims=True) / self.root
        cos = self.cos[..., 0]
        self.slope = np.where(t == 1, -1, 1 * (cos - self.margin >= 0)).astype(self.x1.dtype)
        return self.reduce(np.where(t == 1, 1 - cos, np.maximum(cos - self.margin, 0)), like=input1)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of both vectors."""
        dcos = (self.spread(grad_output) * self.slope)[..., np.newaxis]
        gradients = (
            dcos * (self.x2 / self.root - self.cos * self.x1 / self.n1),
            dcos * (self.x1 / self.root - self.cos * self.x2 / self.n2),
        )
        pairs = zip(gradients, self.inputs, strict=True)
        return tuple(narrow(unbroadcast(gradient, x.shape), like=x) for gradient, x in pairs)
