"""Losses of classification in NumPy: likelihoods of classes and of labels."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, log_expit

from harness.implementations.numpy.losses_shared import Loss, TermLoss
from harness.implementations.numpy.pointwise import unbroadcast
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = [
    "BinaryCrossEntropy",
    "BinaryCrossEntropyWithLogits",
    "CrossEntropy",
    "MultilabelSoftMarginLoss",
    "NllLoss",
    "SoftMarginLoss",
]


class BinaryCrossEntropy(TermLoss):
    """The negative logarithm of a probability x of a label t. torch.nn.functional.binary_cross_entropy.

        terms    -w (t max(log x, -100) + (1 - t) max(log(1 - x), -100))
        dx = w (x - t) / max(x (1 - x), 1e-12),   dt = w (log(1 - x) - log x)

    input x in [0, 1], target t: any one shape, weight w: one that broadcasts to it, without a gradient.
    """

    def forward(self, input: Array, target: Array, weight: Array | None = None) -> Array:
        """Return the loss."""
        return self.loss(input, target, weight)

    def terms(self, x: Array, t: Array, w: Array | None) -> Array:
        """Return the terms."""
        terms = (t - 1) * np.maximum(np.log1p(-x), -100) - t * np.maximum(np.log(x), -100)
        return np.asarray(terms if w is None else terms * w)

    def slopes(self, x: Array, t: Array, w: Array | None) -> tuple[Array, ...]:
        """Return their derivatives by x and t."""
        scale = np.ones((), dtype=x.dtype) if w is None else w
        least = np.asarray(1e-12, dtype=x.dtype)
        return scale * (x - t) / np.maximum(x * (1 - x), least), scale * (np.log1p(-x) - np.log(x))


class BinaryCrossEntropyWithLogits(TermLoss):
    """The same, x given by its logit. torch.nn.functional.binary_cross_entropy_with_logits.

        terms    -w (p t log s(x) + (1 - t) log s(-x)),   s(x) = 1 / (1 + exp(-x))
        dx = w ((p t + 1 - t) s(x) - p t),   dt = w (log s(-x) - p log s(x))

    input x, target t: any one shape, weight w and pos_weight p: shapes that broadcast to it, without a gradient; 1
    where they are not given.
    """

    def forward(
        self, input: Array, target: Array, weight: Array | None = None, pos_weight: Array | None = None
    ) -> Array:
        """Return the loss."""
        return self.loss(input, target, weight, pos_weight)

    def terms(self, x: Array, t: Array, w: Array | None, p: Array | None) -> Array:
        """Return the terms; log s(x) is computed as one function, so that nothing overflows or is log 0."""
        scale, p = _or_one(w, x), _or_one(p, x)
        return np.asarray(-scale * (p * t * log_expit(x) + (1 - t) * log_expit(-x)))

    def slopes(self, x: Array, t: Array, w: Array | None, p: Array | None) -> tuple[Array, ...]:
        """Return their derivatives by x and t."""
        scale, p = _or_one(w, x), _or_one(p, x)
        dx = scale * ((1 - t) * expit(x) - p * t * expit(-x))
        return dx, scale * (log_expit(-x) - p * log_expit(x))


def _or_one(x: Array | None, like: Array) -> Array:
    return np.ones((), dtype=like.dtype) if x is None else x


class SoftMarginLoss(TermLoss):
    """log(1 + exp(-t x)) for labels t of 1 and -1, dx = -t / (1 + exp(t x)). torch.nn.functional.soft_margin_loss.

    input x, target t: any shapes that broadcast; t gets no gradient.
    """

    def forward(self, input: Array, target: Array) -> Array:
        """Return the loss."""
        return self.loss(input, target)

    def terms(self, x: Array, t: Array) -> Array:
        """Return the terms."""
        return np.asarray(-log_expit(t * x))

    def slopes(self, x: Array, t: Array) -> tuple[Array, ...]:
        """Return their derivative by x."""
        return (-t * expit(-t * x),)


class MultilabelSoftMarginLoss(Loss):
    """The mean over C labels of the binary cross entropy of logits. torch.nn.functional.multilabel_soft_margin_loss.

        term    sum over the last axis of w e / C,   e = -(t log s(x) + (1 - t) log s(-x)),   s(x) = 1 / (1 + exp(-x))
        dx = dterm w (s(x) - t) / C,   dt = -dterm w x / C,   dw = dterm e / C

    input x, target t: (..., C), weight w: one that broadcasts to it; terms: (...).
    """

    @nan_is_meant
    def forward(self, input: Array, target: Array, weight: Array | None = None) -> Array:
        """Return the loss."""
        self.inputs = [x for x in (input, target, weight) if x is not None]
        self.x, self.t = widen(input), widen(target)
        self.w = _or_one(weight if weight is None else widen(weight), self.x)
        self.error = -(self.t * log_expit(self.x) + (1 - self.t) * log_expit(-self.x))
        return self.reduce((self.w * self.error).sum(axis=-1) / self.x.shape[-1], like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of input, target and, where it is given, weight."""
        de = self.spread(grad_output)[..., np.newaxis] / self.x.shape[-1]
        gradients = (de * self.w * (expit(self.x) - self.t), -de * self.w * self.x, de * self.error)
        pairs = zip(gradients, self.inputs, strict=False)
        return tuple(narrow(unbroadcast(gradient, x.shape), like=x) for gradient, x in pairs)


class NllLoss(Loss):
    """The negative of the log-probability of each target class. torch.nn.functional.nll_loss.

        term = -w[t] x[t],   0 where t is ignore_index;   the mean divides by the sum of the w[t] that are not ignored
        dx[t] = -w[t] dterm, 0 elsewhere

    input x: (N, C, ...), or (C) of one sample, target t: (N, ...) or a scalar, the terms too; weight w: (C), without a
    gradient, 1 where it is not given. If all is ignored the mean is 0 / 0 = nan.
    """

    def __init__(self, ignore_index: int = -100, reduction: str = "mean") -> None:
        """Take the class that does not count, and the reduction."""
        super().__init__(reduction)
        self.ignore_index = ignore_index

    @nan_is_meant
    def forward(self, input: Array, target: Array, weight: Array | None = None) -> Array:
        """Return the loss."""
        self.input, x = input, widen(input)
        w = np.ones(input.shape[_class_axis(input)], dtype=x.dtype) if weight is None else widen(weight)
        self.weight, self.target = _of_target(w, target, self.ignore_index)
        picked = _at_target(x, self.target)
        terms = np.where(self.weight == 0, 0, -self.weight * picked)
        return self.reduce(terms, like=input, total=self.weight.sum())

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dpicked = np.where(self.weight == 0, 0, -self.weight * self.spread(grad_output))  # where the total is 0 too
        return narrow(_one_hot(self.input, self.target) * _with_classes(dpicked, self.input), like=self.input)


class CrossEntropy(Loss):
    """The negative of the log-softmax at the target. torch.nn.functional.cross_entropy; smoothing: arXiv 1512.00567.

    With logp = log_softmax(x) over the C classes, and s the label_smoothing:

        t a class        term = -(1 - s) w[t] logp[t] - s / C sum(w logp), 0 where t is ignore_index
                         the mean divides by the sum of the w[t] that are not ignored
        t probabilities  term = -sum(w q logp),   q = (1 - s) t + s / C;   the mean divides by the number of terms
                         dt = -(1 - s) w logp dterm

    Both are -sum(g logp) for some g: dlogp = -g dterm, dx = dlogp - softmax(x) sum(dlogp). input x: (N, C, ...) or
    (C), target t: (N, ...) or a scalar, or probabilities of the shape of x, weight w: (C), without a gradient.
    """

    def __init__(self, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0) -> None:
        """Take the class that does not count, the reduction, and the share that all classes get alike."""
        super().__init__(reduction)
        self.ignore_index, self.smoothing = ignore_index, label_smoothing

    @nan_is_meant
    def forward(self, input: Array, target: Array, weight: Array | None = None) -> Array:
        """Return the loss."""
        self.input, x = input, widen(input)
        self.axis = _class_axis(input)
        shifted = x - x.max(axis=self.axis, keepdims=True, initial=-np.inf)
        self.logp = shifted - np.log(np.exp(shifted).sum(axis=self.axis, keepdims=True))
        classes = x.shape[self.axis]
        w = np.ones(classes, dtype=x.dtype) if weight is None else widen(weight)
        self.w = w.reshape(-1, *(1,) * (x.ndim - self.axis - 1))
        total = None
        if target.shape == input.shape and target.dtype == input.dtype:
            self.target: Array | None = target
            self.share = self.w * ((1 - self.smoothing) * widen(target) + self.smoothing / classes)
        else:
            self.target = None
            of_target, at = _of_target(w, target, self.ignore_index)
            counts = _with_classes((target != self.ignore_index).astype(x.dtype), input)
            hard = _one_hot(input, at) * _with_classes(of_target, input)
            self.share = (1 - self.smoothing) * hard + self.smoothing / classes * self.w * counts
            total = of_target.sum()
        terms = -np.where(self.share == 0, 0, self.share * self.logp).sum(axis=self.axis)
        return self.reduce(terms, like=input, total=total)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array | tuple[Array, Array]:
        """Return the gradient of the input and, if they are probabilities, of the target."""
        dterm = _with_classes(self.spread(grad_output), self.input)
        dlogp = np.where(self.share == 0, 0, -self.share * dterm)  # where the total is 0 too
        dx = narrow(dlogp - np.exp(self.logp) * dlogp.sum(axis=self.axis, keepdims=True), like=self.input)
        if self.target is None:
            return dx
        return dx, narrow(-(1 - self.smoothing) * self.w * self.logp * dterm, like=self.target)


def _class_axis(x: Array) -> int:
    """Return which axis the classes have: the second, or the only one of a single sample."""
    return min(x.ndim - 1, 1)


def _of_target(w: Array, target: Array, ignore_index: int) -> tuple[Array, Array]:
    """Return the weight of each target, and the target; an ignored one has the weight 0 and is class 0."""
    at = np.where(target == ignore_index, 0, target)
    return np.where(target == ignore_index, 0, w[at]).astype(w.dtype), at


def _with_classes(values: Array, x: Array) -> Array:
    """Return one value a sample, with an axis for the classes of `x`."""
    return np.expand_dims(values, _class_axis(x))


def _at_target(x: Array, target: Array) -> Array:
    """Return the element of `x` at the target class of each sample."""
    axis = _class_axis(x)
    return np.take_along_axis(x, np.expand_dims(target, axis), axis=axis).squeeze(axis)


def _one_hot(x: Array, target: Array) -> Array:
    """Return an array of the shape of `x`: 1 at the target class of each sample, 0 elsewhere."""
    axis = _class_axis(x)
    hot = np.zeros(x.shape, dtype=widen(x).dtype)
    np.put_along_axis(hot, np.expand_dims(target, axis), 1, axis=axis)
    return hot
