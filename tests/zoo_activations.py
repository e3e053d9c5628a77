"""Wrong activations, one fault each.

The first line of each docstring says what is wrong; the tuple at the end says what replay must make of it.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from zoo import wrong

from harness.implementations import numpy as right
from harness.implementations.numpy.precision import narrow, widen

Array: TypeAlias = npt.NDArray[Any]


# -- activations


class SoftmaxWithoutMax(right.Softmax):
    """It does not subtract the largest element, so that exp overflows."""

    def forward(self, input: Array) -> Array:
        powers = np.exp(np.atleast_1d(widen(input)))
        self.y = powers / powers.sum(axis=self.dim, keepdims=True)
        return narrow(self.y.reshape(input.shape), like=input)


class SoftmaxOfTheLast(right.Softmax):
    """It takes the last dimension, whatever dim says."""

    def __init__(self, dim: int) -> None:
        super().__init__(-1)


class SoftmaxDiagonal(right.Softmax):
    """Its gradient is that of a sigmoid, y (1 - y), without the other elements."""

    def backward(self, grad_output: Array) -> Array:
        dx = self.y * (1 - self.y) * np.atleast_1d(widen(grad_output))
        return narrow(dx.reshape(grad_output.shape), like=grad_output)


class SoftminIsSoftmax(right.Softmin):
    """It forgets the sign in backward."""

    def backward(self, grad_output: Array) -> Array:
        return -super().backward(grad_output)


class LogOfSoftmax(right.LogSoftmax):
    """It is the logarithm of the softmax, -inf where that vanishes."""

    def forward(self, input: Array) -> Array:
        x = np.atleast_1d(widen(input))
        powers = np.exp(x - x.max(axis=self.dim, keepdims=True, initial=-np.inf))
        self.y = np.log(powers / powers.sum(axis=self.dim, keepdims=True))
        return narrow(self.y.reshape(input.shape), like=input)


class LogSoftmaxWithoutSum(right.LogSoftmax):
    """Its gradient takes the sum of dy for 1."""

    def backward(self, grad_output: Array) -> Array:
        dx = np.atleast_1d(widen(grad_output)) - np.exp(self.y)
        return narrow(dx.reshape(grad_output.shape), like=grad_output)


class TanhForNone(right.Gelu):
    """It takes the tanh approximation always."""

    def __init__(self, approximate: str = "none") -> None:
        super().__init__("tanh")


class ErfForTanh(right.Gelu):
    """It ignores approximate."""

    def __init__(self, approximate: str = "none") -> None:
        super().__init__("none")


class ReluAtZero(right.Relu):
    """Its gradient is 1 at 0."""

    def slope(self, x: Array) -> Array:
        return (x >= 0).astype(x.dtype)


class ReluByProduct(right.Relu):
    """It multiplies by the mask, so that -inf gives nan."""

    def value(self, x: Array) -> Array:
        return np.asarray(x * (x > 0))


class LeakyAtZero(right.LeakyRelu):
    """Its slope at 0 is that of the right side."""

    def slope(self, x: Array) -> Array:
        return np.where(x >= 0, 1.0, self.negative_slope).astype(x.dtype)


class LeakyByMax(right.LeakyRelu):
    """It is max(x, negative_slope x), which is wrong for slopes above 1 and below 0."""

    def value(self, x: Array) -> Array:
        return np.maximum(x, x * self.negative_slope)


class HardtanhAtTheLimits(right.Hardtanh):
    """Its gradient is 1 at the limits too."""

    def slope(self, x: Array) -> Array:
        return ((x >= self.min_val) & (x <= self.max_val)).astype(x.dtype)


class EluSlopeWithoutAlpha(right.Elu):
    """Its gradient on the negative side lacks alpha."""

    def slope(self, x: Array) -> Array:
        return np.where(x > 0, 1.0, np.exp(np.minimum(x, 0))).astype(x.dtype)


class CeluIsElu(right.Celu):
    """It does not divide by alpha inside, as ELU does not."""

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__(alpha)
        self.width = 1.0


class SeluRounded(right.Selu):
    """It has four decimals of its constants."""

    scale, alpha = 1.0507, 1.6733


class SoftplusWithoutThreshold(right.Softplus):
    """It has no threshold, so that exp overflows."""

    def value(self, x: Array) -> Array:
        return np.asarray(np.log1p(np.exp(x * self.beta)) / self.beta)


class SoftplusForgetsBeta(right.Softplus):
    """It does not divide by beta."""

    def value(self, x: Array) -> Array:
        return np.where(x * self.beta > self.threshold, x, np.log1p(np.exp(x * self.beta)))


class HardsigmoidOfKeras(right.Hardsigmoid):
    """Its slope is 0.2, as in Keras."""

    def value(self, x: Array) -> Array:
        return np.clip(x * 0.2 + 0.5, 0, 1)


class HardswishSlopeAtThree(right.Hardswish):
    """Its gradient at 3 is 3 / 2, as on the left of it."""

    def slope(self, x: Array) -> Array:
        return np.where(x == 3, np.asarray(1.5, dtype=x.dtype), super().slope(x))


class SiluSlopeOfSigmoid(right.Silu):
    """Its gradient takes the gate for a constant."""

    def slope(self, x: Array) -> Array:
        return np.asarray(expit(x))


class LogOfSigmoid(right.Logsigmoid):
    """It is the logarithm of the sigmoid, -inf where that vanishes."""

    def value(self, x: Array) -> Array:
        return np.log(1 / (1 + np.exp(-x)))


class MishOfSigmoid(right.Mish):
    """It takes the sigmoid for tanh of softplus."""

    def value(self, x: Array) -> Array:
        return np.asarray(x * expit(x))


class SoftsignSlopeOfOne(right.Softsign):
    """Its gradient is not squared."""

    def slope(self, x: Array) -> Array:
        return np.asarray(1 / (1 + np.abs(x)))


class ThresholdIncluded(right.Threshold):
    """It keeps what equals the threshold."""

    def value(self, x: Array) -> Array:
        return np.where(x < self.threshold, np.asarray(self.fill, dtype=x.dtype), x)


class HardshrinkKeepsTheLimit(right.Hardshrink):
    """It keeps what equals lambd."""

    def value(self, x: Array) -> Array:
        return np.where(np.abs(x) < self.lambd, np.zeros((), dtype=x.dtype), x)


class SoftshrinkIsHard(right.Softshrink):
    """It keeps what is above lambd as it is."""

    def value(self, x: Array) -> Array:
        return np.where(np.abs(x) > self.lambd, x, x * 0)


class GluHalvesSwapped(right.Glu):
    """It gates the second half by the first."""

    def forward(self, input: Array) -> Array:
        super().forward(input)
        return narrow(self.b * expit(self.a), like=input)


class PreluAlongTheLast(right.Prelu):
    """It has the slopes along the last axis where that is as long as the channels'."""

    def forward(self, input: Array, weight: Array) -> Array:
        y = super().forward(input, weight)
        if weight.size > 1 and input.shape[-1] == weight.size:
            return narrow(np.where(self.x > 0, self.x, widen(weight) * self.x), like=input)
        return y


class RreluEvalByUpper(right.Rrelu):
    """Its slope in eval is the upper one."""

    def eval(self, input: Array) -> Array:
        x = widen(input)
        return narrow(np.where(x > 0, x, x * self.upper), like=input)


class TauMultiplies(right.GumbelSoftmax):
    """It multiplies by tau."""

    def __init__(self, tau: float = 1.0, hard: bool = False, dim: int = -1, seed: int | None = None) -> None:
        super().__init__(1 / tau, hard, dim, seed)


class HardHasNoGradient(right.GumbelSoftmax):
    """Its hard answer passes no gradient back."""

    def backward(self, grad_output: Array) -> Array:
        return np.zeros_like(grad_output) if self.hard else super().backward(grad_output)


# -- tiny answers, lost beside a 1: caught only where nothing large stands beside them


class TanhByExp(right.Tanh):
    """It is 1 - 2 / (exp(2 x) + 1), which loses the digits near 0."""

    def value(self, x: Array) -> Array:
        return np.asarray(1 - 2 / (np.exp(2 * x) + 1))


class EluByExp(right.Elu):
    """It subtracts 1 from exp, which loses the digits near 0."""

    def value(self, x: Array) -> Array:
        return np.where(x > 0, x, self.alpha * (np.exp(x) - 1))


class CeluByExp(right.Celu):
    """It subtracts 1 from exp, which loses the digits near 0."""

    def value(self, x: Array) -> Array:
        return np.where(x > 0, x, self.alpha * (np.exp(x / self.alpha) - 1))


class SeluByExp(right.Selu):
    """It subtracts 1 from exp, which loses the digits near 0."""

    def value(self, x: Array) -> Array:
        return self.scale * np.where(x > 0, x, self.alpha * (np.exp(x) - 1))


class SoftplusByLog(right.Softplus):
    """It adds 1 before the logarithm, which loses the left tail."""

    def value(self, x: Array) -> Array:
        return np.where(x * self.beta > self.threshold, x, np.log(1 + np.exp(x * self.beta)) / self.beta)


class LogsigmoidByLog(right.Logsigmoid):
    """It adds 1 before the logarithm, which loses the right tail."""

    def value(self, x: Array) -> Array:
        return np.asarray(np.minimum(x, 0) - np.log(1 + np.exp(-np.abs(x))))


class LogsigmoidSlopeByDifference(right.Logsigmoid):
    """Its gradient is 1 - s(x), which loses the right tail."""

    def slope(self, x: Array) -> Array:
        return np.asarray(1 - expit(x))


class SigmoidByTanh(right.Sigmoid):
    """It is (1 + tanh(x / 2)) / 2, which loses the left tail."""

    def value(self, x: Array) -> Array:
        return np.asarray((1 + np.tanh(x / 2)) / 2)


ACTIVATIONS = (
    *wrong(
        "activation/softmax",
        (SoftmaxWithoutMax, "traps-*", "forward/output: "),
        (SoftmaxOfTheLast, "dims-*", "forward/output: "),
        (SoftmaxDiagonal, "*", "backward/grad_input: "),
    ),
    *wrong("activation/softmin", (SoftminIsSoftmax, "*", "backward/grad_input: ")),
    *wrong(
        "activation/log_softmax",
        (LogOfSoftmax, "traps-*", "forward/output: "),
        (LogSoftmaxWithoutSum, "*", "backward/grad_input: "),
    ),
    *wrong(
        "activation/gelu",
        (TanhForNone, "*", "forward/output: "),
        (ErfForTanh, "*", "forward/output: "),
    ),
    *wrong(
        "activation/relu",
        (ReluAtZero, "*", "backward/grad_input: "),
        (ReluByProduct, "edges-*", "differ in nan or inf"),
    ),
    *wrong(
        "activation/leaky_relu",
        (LeakyAtZero, "*", "backward/grad_input: "),
        (LeakyByMax, "*", "forward/output: "),
    ),
    *wrong("activation/hardtanh", (HardtanhAtTheLimits, "*", "backward/grad_input: ")),
    *wrong("activation/tanh", (TanhByExp, "traps-tiny-float32", "forward/output: ")),
    *wrong("activation/sigmoid", (SigmoidByTanh, "traps-tiny-float32", "forward/output: ")),
    *wrong(
        "activation/elu",
        (EluSlopeWithoutAlpha, "*", "backward/grad_input: "),
        (EluByExp, "traps-tiny-float32", "forward/output: "),
    ),
    *wrong(
        "activation/celu",
        (CeluIsElu, "*", "forward/output: "),
        (CeluByExp, "traps-tiny-float32", "forward/output: "),
    ),
    *wrong(
        "activation/selu",
        (SeluRounded, "*", "forward/output: "),
        (SeluByExp, "traps-tiny-float32", "forward/output: "),
    ),
    *wrong(
        "activation/softplus",
        (SoftplusWithoutThreshold, "*", "forward/output: "),
        (SoftplusForgetsBeta, "*", "forward/output: "),
        (SoftplusByLog, "traps-tiny-float32", "forward/output: "),
    ),
    *wrong("activation/hardsigmoid", (HardsigmoidOfKeras, "*", "forward/output: ")),
    *wrong("activation/hardswish", (HardswishSlopeAtThree, "ties-*", "backward/grad_input: ")),
    *wrong("activation/silu", (SiluSlopeOfSigmoid, "*", "backward/grad_input: ")),
    *wrong(
        "activation/logsigmoid",
        (LogOfSigmoid, "traps-*", "forward/output: "),
        (LogsigmoidByLog, "traps-tiny-float32", "forward/output: "),
        (LogsigmoidSlopeByDifference, "traps-tiny-float32", "backward/grad_input: "),
    ),
    *wrong("activation/mish", (MishOfSigmoid, "*", "forward/output: ")),
    *wrong("activation/softsign", (SoftsignSlopeOfOne, "*", "backward/grad_input: ")),
    *wrong("activation/threshold", (ThresholdIncluded, "*", "forward/output: ")),
    *wrong("activation/hardshrink", (HardshrinkKeepsTheLimit, "ties-*", "forward/output: ")),
    *wrong("activation/softshrink", (SoftshrinkIsHard, "*", "forward/output: ")),
    *wrong("activation/glu", (GluHalvesSwapped, "*", "forward/output: ")),
    *wrong("activation/prelu", (PreluAlongTheLast, "channels-*", "forward/output: ")),
    *wrong("activation/rrelu", (RreluEvalByUpper, "*", "eval/output: ")),
    *wrong(
        "activation/gumbel_softmax",
        (TauMultiplies, "*", "forward/output: "),
        (HardHasNoGradient, "*", "backward/grad_logits: "),
    ),
)
