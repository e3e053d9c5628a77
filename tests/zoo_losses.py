"""Wrong losses, one fault each.

The first line of each docstring says what is wrong; the tuple at the end says what replay must make of it.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import log_expit
from zoo import wrong

from harness.implementations import numpy as right
from harness.implementations.numpy.precision import narrow, widen

Array: TypeAlias = npt.NDArray[Any]


# -- losses


class MeanOverSamples(right.CrossEntropy):
    """Its mean divides by the number of samples, not by the sum of their weights."""

    def reduce(self, terms: Array, like: Array, total: Array | float | None = None) -> Array:
        return super().reduce(terms, like, None)


class IgnoredCounts(right.CrossEntropy):
    """Its mean counts what is ignored with a weight of 1."""

    def forward(self, *args: Any, **given: Any) -> Array:
        self.ignored = (given["target"] == self.ignore_index).sum()
        return super().forward(*args, **given)

    def reduce(self, terms: Array, like: Array, total: Array | float | None = None) -> Array:
        return super().reduce(terms, like, None if total is None else np.asarray(total + self.ignored))


class IgnoreIndexForgotten(right.NllLoss):
    """Its ignore_index is -100 always."""

    def __init__(self, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(-100, reduction)


class SmoothedOverTheOthers(right.CrossEntropy):
    """It shares label_smoothing among the K - 1 other classes."""

    def forward(self, *args: Any, **given: Any) -> Array:
        x = given["input"]
        classes = x.shape[min(x.ndim - 1, 1)]
        self.smoothing *= classes / max(classes - 1, 1)
        return super().forward(*args, **given)


class SoftmaxTwice(right.CrossEntropy):
    """It takes probabilities for logits: softmax comes twice."""

    def forward(self, *args: Any, **given: Any) -> Array:
        x = given["input"]
        return super().forward(**{**given, "input": right.Softmax(min(x.ndim - 1, 1)).forward(x)})


class OnlyTheTarget(right.CrossEntropy):
    """Its gradient forgets the softmax of the classes that are not the target."""

    def backward(self, grad_output: Array) -> Any:
        answer = super().backward(grad_output)
        dx = answer[0] if isinstance(answer, tuple) else answer
        kept = np.where(self.share == 0, np.zeros((), dtype=dx.dtype), dx)
        return (kept, *answer[1:]) if isinstance(answer, tuple) else kept


class LogOfTheSigmoid(right.BinaryCrossEntropyWithLogits):
    """It takes the logarithm of the sigmoid, -inf for large logits."""

    def terms(self, x: Array, t: Array, w: Array | None, p: Array | None) -> Array:
        s = 1 / (1 + np.exp(-x))
        terms = -((1 if p is None else p) * t * np.log(s) + (1 - t) * np.log(1 - s))
        return np.asarray(terms if w is None else terms * w)


class PosWeightOfBoth(right.BinaryCrossEntropyWithLogits):
    """It weights the negative side by pos_weight too."""

    def terms(self, x: Array, t: Array, w: Array | None, p: Array | None) -> Array:
        terms = -(1 if p is None else p) * (t * log_expit(x) + (1 - t) * log_expit(-x))
        return np.asarray(terms if w is None else terms * w)


class LogUnclamped(right.BinaryCrossEntropy):
    """It does not bound the logarithms by -100."""

    def terms(self, x: Array, t: Array, w: Array | None) -> Array:
        terms = (t - 1) * np.log1p(-x) - t * np.log(x)
        return np.asarray(terms if w is None else terms * w)


def log_sigmoid_by_log(x: Array) -> Array:
    """Return the logarithm of the sigmoid; 1 is added before the logarithm, which loses the right tail."""
    return np.asarray(np.minimum(x, 0) - np.log(1 + np.exp(-np.abs(x))))


class LogitsByLog(right.BinaryCrossEntropyWithLogits):
    """It adds 1 before the logarithm, which loses small losses."""

    def terms(self, x: Array, t: Array, w: Array | None, p: Array | None) -> Array:
        positive = (1 if p is None else p) * t * log_sigmoid_by_log(x)
        terms = -(positive + (1 - t) * log_sigmoid_by_log(-x))
        return np.asarray(terms if w is None else terms * w)


class SoftMarginByLog(right.SoftMarginLoss):
    """It adds 1 before the logarithm, which loses small losses."""

    def terms(self, x: Array, t: Array) -> Array:
        return -log_sigmoid_by_log(t * x)


class CrossEntropyByLog(right.BinaryCrossEntropy):
    """It subtracts from 1 before the logarithm, which loses small losses."""

    def terms(self, x: Array, t: Array, w: Array | None) -> Array:
        terms = (t - 1) * np.maximum(np.log(1 - x), -100) - t * np.maximum(np.log(x), -100)
        return np.asarray(terms if w is None else terms * w)


class LogTargetIgnored(right.KlDiv):
    """It ignores log_target."""

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)


class BatchmeanIsMean(right.KlDiv):
    """It takes batchmean for the mean of all elements."""

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction.removeprefix("batch"), log_target)


class NanAtZeroTarget(right.KlDiv):
    """It computes 0 * log 0 for a target of 0."""

    def terms(self, x: Array, t: Array) -> Array:
        return super().terms(x, t) if self.log_target else np.asarray(t * (np.log(t) - x))


class HuberIsSmoothL1(right.HuberLoss):
    """It divides by delta, as the smooth L1 loss does by beta."""

    def error(self, d: Array) -> Array:
        return np.asarray(super().error(d) / self.delta)


class SmoothL1IsHuber(right.SmoothL1Loss):
    """It multiplies by beta, as the Huber loss does by delta."""

    def error(self, d: Array) -> Array:
        return np.asarray(super().error(d) * self.beta)


class HalfOfSquares(right.MseLoss):
    """It takes half of the squares."""

    def error(self, d: Array) -> Array:
        return np.asarray(np.square(d) / 2)


class MeanIgnoresWeight(right.MseLoss):
    """Its mean divides by the number of elements, whatever their weights."""

    weighted_mean = False


class SlopeOneAtZero(right.L1Loss):
    """Its gradient is 1 where both are equal."""

    def slope(self, d: Array) -> Array:
        return np.where(d >= 0, 1, -1).astype(d.dtype)


class StirlingForAll(right.PoissonNllLoss):
    """It adds Stirling's term for targets up to 1 too."""

    def terms(self, x: Array, t: Array) -> Array:
        full, self.full = self.full, False
        terms = super().terms(x, t)
        self.full = full
        return np.asarray(terms + t * np.log(t) - t + 0.5 * np.log(2 * np.pi * t) if full else terms)


class EpsAddedToVar(right.GaussianNllLoss):
    """It adds eps to the variance instead of bounding it."""

    def terms(self, x: Array, t: Array, var: Array) -> Array:
        return super().terms(x, t, var + np.asarray(self.eps, dtype=var.dtype))


class NoGradientBelowEps(right.GaussianNllLoss):
    """A variance below eps gets no gradient."""

    def slopes(self, x: Array, t: Array, var: Array) -> tuple[Array, ...]:
        dx, dt, dvar = super().slopes(x, t, var)
        return dx, dt, np.where(var < self.eps, np.zeros((), dtype=var.dtype), dvar)


class HingeAtTheMargin(right.HingeEmbeddingLoss):
    """It has no gradient where the distance equals the margin."""

    def slopes(self, x: Array, t: Array) -> tuple[Array, ...]:
        return (np.where(t == 1, 1, -1 * (self.margin - x > 0)).astype(x.dtype),)


class RankedTheOtherWay(right.MarginRankingLoss):
    """It takes t = 1 for the second input being the larger."""

    def terms(self, x1: Array, x2: Array, t: Array) -> Array:
        return super().terms(x2, x1, t)


class TargetCountsToo(right.MultiMarginLoss):
    """It counts the margin of the right class to itself."""

    def forward(self, *args: Any, **given: Any) -> Array:
        super().forward(*args, **given)
        x, target = given["input"], given["target"]
        h = self.h.copy()
        np.put_along_axis(h, self.at, self.margin, axis=1)
        terms = (self.scale * h**self.p).sum(axis=1)
        return self.reduce(terms.reshape(target.shape), like=x)


class SummedOverLabels(right.MultilabelSoftMarginLoss):
    """It sums over the labels and does not average."""

    def reduce(self, terms: Array, like: Array, total: Array | float | None = None) -> Array:
        return super().reduce(terms * self.x.shape[-1], like, total)


class NeverSwaps(right.TripletMarginLoss):
    """It ignores swap."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "swap": False})


class TripletWithoutEps(right.TripletMarginLoss):
    """It adds nothing to the differences."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "eps": 0.0})


class CosineMarginIgnored(right.CosineEmbeddingLoss):
    """It ignores the margin."""

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(0.0, reduction)


class MeanOfTheTerms(right.CtcLoss):
    """Its mean does not divide by the number of labels."""

    def forward(self, *args: Any, **given: Any) -> Array:
        loss = super().forward(*args, **given)
        if self.reduction != "mean":
            return loss
        self.reduction = "none"
        each = super().forward(*args, **given)
        self.reduction = "mean"
        return narrow(np.asarray(widen(each).mean()), like=loss)


class InfinityStays(right.CtcLoss):
    """It ignores zero_infinity."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "zero_infinity": False})


class SigmoidCutOff(right.SoftMarginLoss):
    """It is -log of a sigmoid of at least 1e-12, at most 27.6."""

    def terms(self, x: Array, t: Array) -> Array:
        terms = super().terms(x, t)
        return np.asarray(np.minimum(terms, -np.log(1e-12)), dtype=terms.dtype)


class MarginExpInSingle(right.SoftMarginLoss):
    """It takes exp of a large score in float32."""

    def terms(self, x: Array, t: Array) -> Array:
        terms = super().terms(x, t)
        return np.where(np.isinf(np.exp((-t * x).astype(np.float32))), np.inf, terms).astype(terms.dtype)


LOSSES = (
    *wrong(
        "loss/cross_entropy",
        (MeanOverSamples, "*", "forward/output: "),
        (IgnoredCounts, "*", "forward/output: "),
        (SmoothedOverTheOthers, "*", "forward/output: "),
        (SoftmaxTwice, "*", "forward/output: "),
        (OnlyTheTarget, "*", "backward/grad_input: "),
    ),
    *wrong("loss/nll_loss", (IgnoreIndexForgotten, "ignored-*", "forward/output: ")),
    *wrong(
        "loss/binary_cross_entropy_with_logits",
        (LogOfTheSigmoid, "traps-*", "forward/output: "),
        (PosWeightOfBoth, "*", "forward/output: "),
        (LogitsByLog, "traps-tiny-float32", "forward/output: "),
    ),
    *wrong(
        "loss/binary_cross_entropy",
        (LogUnclamped, "*", "forward/output: "),
        (CrossEntropyByLog, "traps-tiny-float32", "forward/output: "),
    ),
    *wrong("loss/soft_margin_loss", (SoftMarginByLog, "traps-tiny-float32", "forward/output: ")),
    *wrong(
        "loss/kl_div",
        (LogTargetIgnored, "*", "forward/output: "),
        (BatchmeanIsMean, "reduced-*", "forward/output: "),
        (NanAtZeroTarget, "zeros-*", "differ in nan or inf"),
    ),
    *wrong("loss/huber_loss", (HuberIsSmoothL1, "*", "forward/output: ")),
    *wrong("loss/smooth_l1_loss", (SmoothL1IsHuber, "*", "forward/output: ")),
    *wrong(
        "loss/mse_loss",
        (HalfOfSquares, "*", "forward/output: "),
        (MeanIgnoresWeight, "weight-reduced-*", "forward/output: "),
    ),
    *wrong("loss/l1_loss", (SlopeOneAtZero, "ties-*", "backward/grad_input: ")),
    *wrong("loss/poisson_nll_loss", (StirlingForAll, "*", "forward/output: ")),
    *wrong(
        "loss/gaussian_nll_loss",
        (EpsAddedToVar, "*", "forward/output: "),
        (NoGradientBelowEps, "eps-*", "backward/grad_var: "),
    ),
    *wrong("loss/hinge_embedding_loss", (HingeAtTheMargin, "*", "backward/grad_input: ")),
    *wrong("loss/margin_ranking_loss", (RankedTheOtherWay, "*", "forward/output: ")),
    *wrong("loss/multi_margin_loss", (TargetCountsToo, "*", "forward/output: ")),
    *wrong(
        "loss/soft_margin_loss",
        (SigmoidCutOff, "traps-wrong-*", "forward/output: "),
        (MarginExpInSingle, "traps-wrong-double", "differ in nan or inf"),
    ),
    *wrong("loss/multilabel_soft_margin_loss", (SummedOverLabels, "*", "forward/output: ")),
    *wrong(
        "loss/triplet_margin_loss",
        (NeverSwaps, "swap-*", "forward/output: "),
        (TripletWithoutEps, "*", "forward/output: "),
    ),
    *wrong("loss/cosine_embedding_loss", (CosineMarginIgnored, "*", "forward/output: ")),
    *wrong(
        "loss/ctc_loss",
        (MeanOfTheTerms, "*", "forward/output: "),
        (InfinityStays, "*", "forward/output: "),
    ),
)
