"""Wrong normalization layers, one fault each.

The first line of each docstring says what is wrong; the tuple at the end says what replay must make of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from zoo import wrong

from harness.implementations import numpy as right
from harness.implementations.numpy.precision import narrow, widen

Array: TypeAlias = npt.NDArray[Any]


# -- normalization


class BiasedRunningVar(right.BatchNorm):
    """Its running variance takes the biased variance of the batch."""

    def forward(self, *args: Any, **given: Any) -> dict[str, Array]:
        answer = super().forward(*args, **given)
        if "running_var" in answer:
            moved = (1 - self.momentum) * widen(given["running_var"]) + self.momentum * self.var.ravel()
            answer["running_var"] = narrow(moved, like=given["running_var"])
        return answer


class DividesByUnbiased(right.BatchNorm):
    """It normalizes by the unbiased variance."""

    def standardize(self, x: Array, axes: tuple[int, ...]) -> Array:
        super().standardize(x, axes)
        n = x.size // max(self.mean.size, 1)
        return self.apply(x, self.mean, self.var * (n / max(n - 1, 1)))


class MomentumOfTheOld(right.BatchNorm):
    """It takes momentum for the share of the old statistics."""

    def __init__(self, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__(1 - momentum, eps)


class EvalByTheBatch(right.BatchNorm):
    """It takes the statistics of the batch in eval too."""

    def eval(self, *args: Any, **given: Any) -> Array:
        return self.forward(*args, **given)["output"]


class StatisticsWithoutGradient(right.BatchNorm):
    """Its backward takes mean and variance for constants."""

    def slope(self, dxhat: Array) -> Array:
        return np.asarray(dxhat * self.scale)


class VarianceBySquares(right.BatchNorm):
    """Its variance is E[x^2] - m^2, which a large mean swallows."""

    def standardize(self, x: Array, axes: tuple[int, ...]) -> Array:
        self.axes, self.mean = axes, x.mean(axis=axes, keepdims=True)
        self.var = np.square(x).mean(axis=axes, keepdims=True) - np.square(self.mean)
        return self.apply(x, self.mean, self.var)


class EpsOutsideTheRoot(right.LayerNorm):
    """It adds eps to the deviation, outside the root."""

    def apply(self, x: Array, mean: Array, var: Array) -> Array:
        self.scale = 1 / (np.sqrt(var) + self.eps)
        self.xhat: Array = (x - mean) * self.scale
        return self.xhat


class LastAxisOnly(right.LayerNorm):
    """It standardizes over the last axis alone, whatever normalized_shape says."""

    def standardize(self, x: Array, axes: tuple[int, ...]) -> Array:
        return super().standardize(x, axes[-1:])


class LayerUnbiased(right.LayerNorm):
    """It divides by the unbiased deviation."""

    def standardize(self, x: Array, axes: tuple[int, ...]) -> Array:
        super().standardize(x, axes)
        n = x.size // max(self.mean.size, 1)
        return self.apply(x, self.mean, self.var * (n / max(n - 1, 1)))


class GroupsAsSizes(right.GroupNorm):
    """It takes num_groups for the number of channels in a group."""

    def _grouped(self, x: Array) -> Array:
        groups = max(x.shape[1] // self.num_groups, 1)
        return x.reshape(len(x), groups, math.prod(x.shape[1:]) // groups)


class EachPlaceAlone(right.GroupNorm):
    """It standardizes over the channels of a group at each place, not over the places too."""

    def _by_place(self, x: Array) -> Array:
        places = math.prod(self.input.shape[2:])
        return x.reshape(len(x), self.num_groups, self.input.shape[1] // self.num_groups, places)

    def standardize(self, x: Array, axes: tuple[int, ...]) -> Array:
        return super().standardize(self._by_place(x), (2,))

    def slope(self, dxhat: Array) -> Array:
        return super().slope(self._by_place(dxhat))


class StatisticsOfTheBatch(right.InstanceNorm):
    """It standardizes over the batch as well, as batch_norm does."""

    def standardize(self, x: Array, axes: tuple[int, ...]) -> Array:
        return super().standardize(x, (0, *axes))


class RmsLessMean(right.RmsNorm):
    """It subtracts the mean first."""

    def forward(self, *args: Any, **given: Any) -> Array:
        x = given["input"]
        axes = tuple(range(-len(self.normalized_shape), 0))
        centred = narrow(widen(x) - widen(x).mean(axis=axes, keepdims=True), like=x)
        return super().forward(**{**given, "input": centred})


class RmsOwnEps(right.RmsNorm):
    """Its eps is 1e-5 when it is left out."""

    def __init__(self, normalized_shape: Sequence[int], eps: float | None = None) -> None:
        super().__init__(normalized_shape, 1e-5 if eps is None else eps)


class AlphaPerChannel(right.LocalResponseNorm):
    """It takes the sum of the neighbours' squares for their mean."""

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__(size, alpha * size, beta, k)


class EpsAddedToTheNorm(right.Normalize):
    """It adds eps to the norm instead of bounding it."""

    def forward(self, input: Array) -> Array:
        super().forward(input)
        self.divisor = self.norm + np.asarray(self.eps, dtype=self.x.dtype)
        return narrow(self.x / self.divisor, like=input)


class NormOfEverything(right.WeightNorm):
    """It takes one length for the whole weight, whatever dim says."""

    def forward(self, v: Array, g: Array) -> Array:
        super().forward(v, g)
        self.norm = np.sqrt(np.square(self.v).sum(keepdims=True))
        return narrow(self.v * (self.g / self.norm), like=v)


class SigmaIsConstant(right.SpectralNorm):
    """Its backward takes sigma for a constant."""

    def backward(self, grad_output: Array) -> Array:
        return narrow(widen(grad_output) / self.sigma, like=grad_output)


NORMALIZATION = (
    *wrong(
        "normalization/batch_norm",
        (BiasedRunningVar, "*", "forward/running_var: "),
        (DividesByUnbiased, "*", "forward/output: "),
        (MomentumOfTheOld, "*", "forward/running_mean: "),
        (EvalByTheBatch, "*", "eval/output: "),
        (StatisticsWithoutGradient, "*", "backward/grad_input: "),
        (VarianceBySquares, "traps-*", "forward/output: "),
    ),
    *wrong(
        "normalization/layer_norm",
        (EpsOutsideTheRoot, "*", "forward/output: "),
        (LastAxisOnly, "*", "forward/output: "),
        (LayerUnbiased, "*", "forward/output: "),
    ),
    *wrong(
        "normalization/group_norm",
        (GroupsAsSizes, "*", "forward/output: "),
        (EachPlaceAlone, "*", "forward/output: "),
    ),
    *wrong("normalization/instance_norm", (StatisticsOfTheBatch, "*", "forward/output: ")),
    *wrong(
        "normalization/rms_norm",
        (RmsLessMean, "*", "forward/output: "),
        (RmsOwnEps, "axes-*", "forward/output: "),
    ),
    *wrong("normalization/local_response_norm", (AlphaPerChannel, "*", "forward/output: ")),
    *wrong("normalization/normalize", (EpsAddedToTheNorm, "*", "forward/output: ")),
    *wrong("normalization/weight_norm", (NormOfEverything, "*", "forward/output: ")),
    *wrong("normalization/spectral_norm", (SigmaIsConstant, "*", "backward/grad_weight: ")),
)
