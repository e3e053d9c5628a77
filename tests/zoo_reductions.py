"""Wrong reductions, one fault each.

The first line of each docstring says what is wrong; the tuple at the end says what replay must make of it.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from zoo import wrong

from harness.implementations import numpy as right
from harness.implementations.numpy.precision import narrow, widen

Array: TypeAlias = npt.NDArray[Any]


# -- reductions


class CorrectionIgnored(right.Var):
    """It divides by n, whatever correction says."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "correction": 0})


class SquaresLessSquare(right.Var):
    """It is E[x^2] - m^2, which a large mean swallows."""

    def forward(self, input: Array) -> Array:
        super().forward(input)
        squares = np.square(self.x).sum(axis=self.axes, keepdims=True) - self.count * np.square(self.mean)
        return self.finish(squares / self.divisor, like=input)


class DeviationAtZero(right.Std):
    """Its gradient is 0 / 0 where all elements are equal."""

    def slope(self, dy: Array) -> Array:
        return np.asarray(dy / self.y * self.rest / self.divisor)


class MeanForgotten(right.VarMean):
    """It passes no gradient of the mean back."""

    def backward(self, grad_spread: Array, grad_mean: Array) -> Array:
        return super().backward(grad_spread, np.zeros_like(grad_mean))


class SumOfHalves(right.Sum):
    """It accumulates in the dtype of its input, which stalls in half precision."""

    def forward(self, input: Array) -> Array:
        y = super().forward(input)
        if input.dtype.itemsize > 2 or input.dtype.kind in "biu" or not input.size or not self.axes:
            return y
        kept = [axis for axis in range(input.ndim) if axis not in self.axes]
        rows = input.transpose(*kept, *self.axes).reshape(*(input.shape[axis] for axis in kept), -1)
        return np.add.accumulate(rows, axis=-1, dtype=input.dtype)[..., -1].reshape(y.shape)


class NanCounts(right.Nanmean):
    """It divides by the number of all elements."""

    def forward(self, input: Array) -> Array:
        super().forward(input)
        n = self.x.size // max(self.count.size, 1)
        return self.finish(np.nansum(self.x, axis=self.axes, keepdims=True) / np.asarray(n, self.x.dtype), like=input)


class ProdDivides(right.Prod):
    """Its gradient is dy y / x, 0 / 0 at a zero."""

    def backward(self, grad_output: Array) -> Array:
        y = self.x.prod(axis=self.dim, keepdims=True)
        return narrow(widen(grad_output).reshape(y.shape) * y / self.x, like=grad_output)


class CumprodDivides(right.Cumprod):
    """Its gradient is a sum of dy y / x, 0 / 0 at a zero."""

    def backward(self, grad_output: Array) -> Array:
        dy = np.moveaxis(widen(grad_output).reshape(grad_output.shape or (1,)), self.dim, -1)
        y = np.cumprod(self.x, axis=-1)
        dx = np.cumsum((dy * y)[..., ::-1], axis=-1)[..., ::-1] / self.x
        return narrow(np.moveaxis(dx, -1, self.dim).reshape(grad_output.shape), like=grad_output)


class CumsumNotReversed(right.Cumsum):
    """Its gradient is the running sum from the start."""

    def backward(self, grad_output: Array) -> Array:
        return right.Cumsum(self.dim).forward(grad_output)


class LogsumexpWithoutMax(right.Logsumexp):
    """It does not subtract the largest element, so that exp overflows."""

    def forward(self, input: Array) -> Array:
        super().forward(input)
        self.y = np.log(np.exp(self.x).sum(axis=self.axes, keepdims=True))
        return self.finish(self.y, like=input)


class LogcumsumexpWithoutMax(right.Logcumsumexp):
    """It is the logarithm of the running sum of exponentials, which overflow."""

    def forward(self, input: Array) -> Array:
        super().forward(input)
        self.y = np.log(np.cumsum(np.exp(self.x), axis=-1))
        return narrow(np.moveaxis(self.y, -1, self.dim).reshape(input.shape), like=input)


class DescendingReversed(right.Sort):
    """It sorts and turns round, so that equal elements come in reverse when descending."""

    def forward(self, input: Array) -> tuple[Array, Array]:
        x = widen(input).reshape(input.shape or (1,))
        order = np.argsort(x, axis=self.dim, kind="stable")
        self.indices = np.flip(order, self.dim) if self.descending else order
        self.size, self.shape = x.shape[self.dim], input.shape
        values = np.take_along_axis(x, self.indices, self.dim).reshape(input.shape)
        return narrow(values, like=input), self.indices.reshape(input.shape).astype(np.int64)


class NanFirst(right.Sort):
    """It takes nan for the smallest."""

    def forward(self, input: Array) -> tuple[Array, Array]:
        if input.dtype.kind in "biu":
            return super().forward(input)
        values, indices = super().forward(np.where(np.isnan(widen(input)), -np.inf, widen(input)))
        answer = np.take_along_axis(input.reshape(input.shape or (1,)), self.indices, self.dim).reshape(values.shape)
        return np.asarray(answer), indices


class MedianAbove(right.Median):
    """It takes the upper one of the two in the middle."""

    def select(self, x: Array) -> Array:
        missing = np.isnan(x)
        middle = np.argsort(x, axis=-1, kind="stable")[..., x.shape[-1] // 2]
        return np.where(missing.any(axis=-1), missing.argmax(axis=-1), middle)


class MedianWithoutNan(right.Median):
    """It leaves nan out, as nanmedian does."""

    def select(self, x: Array) -> Array:
        return right.Nanmedian(self.dim).select(x)


class NearestRank(right.Quantile):
    """It takes the nearest rank for linear interpolation."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**params)
        self.interpolation = "nearest" if self.interpolation == "linear" else self.interpolation


class HalfRankUp(right.Quantile):
    """It rounds the nearest rank half up."""

    def _share(self, rank: Array) -> Array:
        return (
            np.asarray(np.floor(rank - np.floor(rank) + 0.5))
            if self.interpolation == "nearest"
            else super()._share(rank)
        )


class TopkAscending(right.Topk):
    """It answers the largest in ascending order."""

    def forward(self, input: Array) -> tuple[Array, Array]:
        values, indices = super().forward(input)
        if not input.ndim:
            return values, indices
        self.indices = np.flip(self.indices, self.dim)
        return np.flip(values, self.dim), np.flip(indices, self.dim)


class TopkSmallest(right.Topk):
    """It ignores largest."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "largest": True})


def argmax_last(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """It answers the last of equal ones."""
    x = widen(input)
    if not x.ndim:
        return right.argmax(input, dim, keepdim)
    axis = -1 if dim is None else dim
    flat = x.reshape(-1) if dim is None else x
    found = flat.shape[axis] - 1 - np.argmax(np.flip(flat, axis), axis=axis)
    return np.asarray(found, dtype=np.int64).reshape(right.argmax(input, dim, keepdim).shape)


def argmin_in_row(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """Without dim it counts within the row."""
    found = right.argmin(input, dim, keepdim)
    return np.asarray(found % input.shape[-1]) if dim is None and input.ndim > 1 else found


class TiesShareMax(right.Max):
    """Along dim equal elements share the gradient too."""

    def backward(self, grad_values: Array) -> Array:
        if self.dim is None or not self.x.ndim:
            return super().backward(grad_values)
        tied = self.x == self.x.max(axis=self.dim, keepdims=True)
        dy = widen(grad_values).reshape(self.indices.shape)
        return narrow(dy * tied / tied.sum(axis=self.dim, keepdims=True), like=grad_values)


class AmaxToTheFirst(right.Amax):
    """The first of equal elements gets the whole gradient."""

    def backward(self, grad_output: Array) -> Array:
        if len(self.axes) != 1:
            return super().backward(grad_output)
        (axis,) = self.axes
        dx = np.zeros_like(self.x)
        np.put_along_axis(dx, self.x.argmax(axis=axis, keepdims=True), self.stand_up(grad_output), axis)
        return narrow(dx, like=grad_output)


class AminToAll(right.Amin):
    """All of equal elements get the whole gradient."""

    def backward(self, grad_output: Array) -> Array:
        return narrow(self.stand_up(grad_output) * (self.x == self.y), like=grad_output)


class ModeOfTheLargest(right.Mode):
    """It takes the largest of several modes."""

    def select(self, x: Array) -> Array:
        return super().select(-x)


class KthFromZero(right.Kthvalue):
    """It counts k from 0."""

    def select(self, x: Array) -> Array:
        return np.argsort(x, axis=-1, kind="stable")[..., min(self.k, x.shape[-1] - 1)]


class CummaxOfTheFirst(right.Cummax):
    """It answers the first of equal ones."""

    def beats(self, new: Array, best: Array) -> Array:
        return np.asarray(new > best)


class NormAtZero(right.VectorNorm):
    """Its gradient is 0 / 0 of a vector of zeros."""

    def _slope(self) -> Array:
        if self.ord != 2:
            return super()._slope()
        return np.asarray(self.x / self.norm)


class NormWithoutSize(right.VectorNorm):
    """It takes x^p for |x|^p."""

    def forward(self, x: Array) -> Array:
        if self.ord in (0, 2) or np.isinf(self.ord):
            return super().forward(x)
        super().forward(x)
        return self.finish((self.x**self.ord).sum(axis=self.axes, keepdims=True) ** (1 / self.ord), like=x)


def searchsorted_other_side(sorted_sequence: Array, input: Array, **given: Any) -> Array:
    """It takes left for right."""
    behind = given.pop("right", False) or given.pop("side", "left") == "right"
    return right.searchsorted(sorted_sequence, input, **given, right=not behind)


def bucketize_right(input: Array, boundaries: Array, out_int32: bool = False, right: bool = False) -> Array:
    """It takes right the other way round, as numpy.digitize has it."""
    found = np.searchsorted(widen(boundaries), widen(input), side="left" if right else "right")
    return np.asarray(found, dtype=np.int32 if out_int32 else np.int64)


def histc_half_open(input: Array, bins: int = 100, min: float = 0, max: float = 0) -> Array:
    """It leaves the upper limit out of the last bin."""
    x = widen(input)
    counts = right.histc(input, bins, min, max)
    high = x.max() if min == max and x.size else max
    counts[-1:] -= np.asarray((x == high).sum(), dtype=counts.dtype)
    return counts


def bincount_short(input: Array, weights: Array | None = None, minlength: int = 0) -> Array:
    """It ignores minlength."""
    return right.bincount(input, weights)


def count_without_nan(input: Array, dim: Any = None) -> Array:
    """It does not count nan."""
    return right.count_nonzero(np.where(np.isnan(widen(input)), np.zeros_like(input), input), dim)


def unique_in_order(input: Array, **params: Any) -> Any:
    """It answers the elements in the order in which they occur."""
    if params.get("dim") is not None or params.get("return_inverse") or params.get("return_counts"):
        return right.unique(input, **params)
    _, first = np.unique(widen(input), return_index=True)
    return input.reshape(-1)[np.sort(first)]


class DiffTurned(right.Diff):
    """It subtracts the next one from each."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        return y if y.dtype == bool else np.negative(y)


class SpacingIgnored(right.Trapezoid):
    """It ignores dx."""

    def __init__(self, dx: float = 1.0, dim: int = -1) -> None:
        super().__init__(1.0, dim)


REDUCTION = (
    *wrong(
        "reduction/var",
        (CorrectionIgnored, "*", "forward/output: "),
        (SquaresLessSquare, "traps-*", "forward/output: "),
    ),
    *wrong("reduction/std", (DeviationAtZero, "edges-*", "differ in nan or inf")),
    *wrong("reduction/var_mean", (MeanForgotten, "*", "backward/grad_input: ")),
    *wrong("reduction/sum", (SumOfHalves, "traps-*", "forward/output: ")),
    *wrong("reduction/nanmean", (NanCounts, "*", "forward/output: ")),
    *wrong("reduction/prod", (ProdDivides, "traps-*", "differ in nan or inf")),
    *wrong("reduction/cumprod", (CumprodDivides, "traps-*", "differ in nan or inf")),
    *wrong("reduction/cumsum", (CumsumNotReversed, "*", "backward/grad_input: ")),
    *wrong("reduction/logsumexp", (LogsumexpWithoutMax, "traps-*", "differ in nan or inf")),
    *wrong("reduction/logcumsumexp", (LogcumsumexpWithoutMax, "traps-*", "differ in nan or inf")),
    *wrong(
        "reduction/sort",
        (DescendingReversed, "*", "forward/indices: "),
        (NanFirst, "edges-*", "differ in nan or inf"),
    ),
    *wrong(
        "reduction/median",
        (MedianAbove, "*", "forward/values: "),
        (MedianWithoutNan, "edges-*", "differ in nan or inf"),
    ),
    *wrong(
        "reduction/quantile",
        (NearestRank, "*", "forward/output: "),
        (HalfRankUp, "traps-q0_5-nearest", "forward/output: "),
    ),
    *wrong(
        "reduction/topk",
        (TopkAscending, "*", "forward/values: "),
        (TopkSmallest, "*", "forward/values: "),
    ),
    *wrong("reduction/argmax", (argmax_last, "*", "forward/output: ")),
    *wrong("reduction/argmin", (argmin_in_row, "whole-*", "forward/output: ")),
    *wrong("reduction/max", (TiesShareMax, "*", "backward/grad_input: ")),
    *wrong("reduction/amax", (AmaxToTheFirst, "*", "backward/grad_input: ")),
    *wrong("reduction/amin", (AminToAll, "*", "backward/grad_input: ")),
    *wrong("reduction/mode", (ModeOfTheLargest, "*", "forward/values: ")),
    *wrong("reduction/kthvalue", (KthFromZero, "*", "forward/values: ")),
    *wrong("reduction/cummax", (CummaxOfTheFirst, "*", "forward/indices: ")),
    *wrong(
        "reduction/vector_norm",
        (NormAtZero, "traps-*", "differ in nan or inf"),
        (NormWithoutSize, "*", "forward/output: "),
    ),
    *wrong("reduction/searchsorted", (searchsorted_other_side, "*", "forward/output: ")),
    *wrong("reduction/bucketize", (bucketize_right, "*", "forward/output: ")),
    *wrong("reduction/histc", (histc_half_open, "*", "forward/output: ")),
    *wrong("reduction/bincount", (bincount_short, "*", "forward/output: ")),
    *wrong("reduction/count_nonzero", (count_without_nan, "*", "forward/output: ")),
    *wrong("reduction/unique", (unique_in_order, "alone-*", "forward/output: ")),
    *wrong("reduction/diff", (DiffTurned, "*", "forward/output: ")),
    *wrong("reduction/trapezoid", (SpacingIgnored, "spacing-*", "forward/output: ")),
)
