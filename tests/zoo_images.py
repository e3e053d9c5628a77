"""Wrong pooling and vision, one fault each.

The first line of each docstring says what is wrong; the tuple at the end says what replay must make of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
from zoo import ForwardOnly, wrong

from harness.implementations import numpy as right
from harness.implementations.numpy import vision_sampling
from harness.implementations.numpy.precision import narrow, widen
from harness.implementations.numpy.vision_sampling import Taps
from harness.implementations.numpy.windows import pad_pooled, scatter_windows, windows

Array: TypeAlias = npt.NDArray[Any]


# -- pooling


class AllOfTheTies(right.MaxPool2d):
    """Its gradient goes to every element that equals the maximum."""

    def forward(self, input: Array) -> Any:
        self.x = input
        return super().forward(input)

    def backward(self, grad_output: Array) -> Array:
        settings = self.size, self.stride, self.padding, self.dilation
        x = pad_pooled(widen(self.x).astype(np.float64), *settings, self.ceil_mode, inside=-np.inf)
        view = windows(x, self.size, self.stride, self.dilation)
        largest = view.max(axis=(-2, -1), keepdims=True)
        share = np.where(view == largest, widen(grad_output)[..., np.newaxis, np.newaxis], 0)
        dx = scatter_windows(share, x.shape[-2:], self.size, self.stride, self.dilation)
        (top, left), (height, width) = self.padding, self.x.shape[-2:]
        return narrow(dx[..., top : top + height, left : left + width], like=grad_output)


class IndexInTheWindow(right.MaxPool2d):
    """Its indices count within the window."""

    def forward(self, input: Array) -> Any:
        answer = super().forward(input)
        if not self.return_indices:
            return answer
        y, indices = answer
        width = input.shape[-1]
        row, column = indices // width, indices % width
        first = [np.arange(n) * s - p for n, s, p in zip(y.shape[-2:], self.stride, self.padding, strict=True)]
        inner = (row - first[0][:, np.newaxis]) // self.dilation[0] * self.size[1]
        return y, inner + (column - first[1]) // self.dilation[1]


class PadsWithZeros(right.MaxPool2d):
    """It pads with zeros, which beat negative numbers."""

    def forward(self, input: Array) -> Any:
        answer = super().forward(input)
        settings = self.size, self.stride, self.padding, self.dilation
        outside = pad_pooled(np.zeros(input.shape[-2:]), *settings, self.ceil_mode, inside=1)
        touches = windows(outside, self.size, self.stride, self.dilation).any(axis=(-2, -1))
        y = np.asarray(answer[0] if self.return_indices else answer)
        y = np.where(touches, np.maximum(y, 0), y).astype(y.dtype)
        return (y, answer[1]) if self.return_indices else y


class NeverCeil(ForwardOnly, right.MaxPool1d):
    """It ignores ceil_mode."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "ceil_mode": False})


class CountInverted(right.AvgPool2d):
    """It takes count_include_pad the other way round."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "count_include_pad": not params.get("count_include_pad", True)})


class DivisorIgnored(right.AvgPool2d):
    """It ignores divisor_override."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "divisor_override": None})


class AlwaysTheWholeWindow(right.AvgPool2d):
    """It divides by the size of a whole window also where that hangs over the padding."""

    def _sums(self, array: Array, inside: float) -> Array:
        counts = array.ndim == 2 and self.count_include_pad
        sums = super()._sums(array, inside)
        return np.full_like(sums, math.prod(self.size)) if counts else sums


class StrideOfOne(ForwardOnly, right.AvgPool1d):
    """Its stride is 1 when it is left out."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "stride": params.get("stride") or 1})


class NoOverlap(right.AdaptiveAvgPool2d):
    """Its windows end where the next one begins."""

    def spans(self, length: Sequence[int]) -> list[list[slice]]:
        return [
            [slice(s.start, max(s.start + 1, following)) for s, following in zip(spans, starts, strict=True)]
            for spans in super().spans(length)
            for starts in [[*(s.start for s in spans[1:]), spans[-1].stop if spans else 0][: len(spans)]]
        ]


class AdaptiveIndexOfTheWindow(right.AdaptiveMaxPool1d):
    """Its indices count from the start of the window."""

    def forward(self, input: Array) -> Any:
        answer = super().forward(input)
        if not self.return_indices:
            return answer
        starts = np.array([span.start for span in self.spans(input.shape[-1:])[0]], dtype=np.int64)
        return answer[0], answer[1] - starts


class PowerMean(right.LpPool2d):
    """It takes the mean of the powers for their sum."""

    def forward(self, input: Array) -> Array:
        y = super().forward(input)
        return y if np.isinf(self.p) else narrow(widen(y) * math.prod(self.size) ** (-1 / self.p), like=y)


class PowersOfSize(right.LpPool1d):
    """It takes |x|^p for x^p."""

    def forward(self, input: Array) -> Array:
        return super().forward(np.abs(input))


class UnpoolsInOrder(right.MaxUnpool1d):
    """It ignores the indices and puts each value at the start of its window."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        x = given["input"]
        y = np.zeros_like(y)
        step = y.shape[-1] // max(x.shape[-1], 1)
        y[..., : step * x.shape[-1] : step or 1] = x
        return y


class _UnpoolAxesMixed(ForwardOnly, right.MaxUnpool3d):
    """Takes one of its settings in another order of the axes, so that its answer has another size."""

    setting: str
    order: tuple[int, ...]

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(*args, **params)
        self.mixed = params.get(self.setting) is not None

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        if self.output_size is not None or not self.mixed:
            return y
        values = getattr(self, self.setting)
        setattr(self, self.setting, [values[axis] for axis in self.order])
        axes = zip(given["input"].shape[-3:], self.size, self.stride, self.padding, strict=True)
        length = [max((n - 1) * s - 2 * p + k, 1) for n, k, s, p in axes]
        return np.resize(y, (*y.shape[:-3], *length))


class UnpoolPaddingReversed(_UnpoolAxesMixed):
    """It takes padding as (width, height, depth)."""

    setting = "padding"
    order = (2, 1, 0)


class UnpoolStrideHeightFirst(_UnpoolAxesMixed):
    """It takes a stride that is given as (height, depth, width)."""

    setting = "stride"
    order = (1, 0, 2)


class RatioOfWidthFirst(ForwardOnly, right.FractionalMaxPool3d):
    """It takes output_ratio as (depth, width, height)."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(*args, **params)
        depth, height, width = self.output_ratio
        self.output_ratio = depth, width, height


POOLING = (
    *wrong(
        "pooling/max_pool2d",
        (AllOfTheTies, "traps-ties-*", "backward/grad_input: "),
        (IndexInTheWindow, "*", "forward/indices: "),
        (PadsWithZeros, "*", "forward/output: "),
    ),
    *wrong("pooling/max_pool1d", (NeverCeil, "ceil-*", "forward/output: ")),
    *wrong(
        "pooling/avg_pool2d",
        (CountInverted, "*", "forward/output: "),
        (DivisorIgnored, "divisor-*", "forward/output: "),
        (AlwaysTheWholeWindow, "ceil-*", "forward/output: "),
    ),
    *wrong("pooling/avg_pool1d", (StrideOfOne, "*", "forward/output: ")),
    *wrong("pooling/adaptive_avg_pool2d", (NoOverlap, "*", "forward/output: ")),
    *wrong("pooling/adaptive_max_pool1d", (AdaptiveIndexOfTheWindow, "*", "forward/indices: ")),
    *wrong("pooling/lp_pool2d", (PowerMean, "*", "forward/output: ")),
    *wrong("pooling/lp_pool1d", (PowersOfSize, "traps-*", "forward/output: ")),
    *wrong("pooling/max_unpool1d", (UnpoolsInOrder, "*", "forward/output: ")),
    *wrong(
        "pooling/max_unpool3d",
        (UnpoolPaddingReversed, "per-axis-*", "forward/output: shape "),
        (UnpoolStrideHeightFirst, "per-axis-*", "forward/output: shape "),
    ),
    *wrong("pooling/fractional_max_pool3d", (RatioOfWidthFirst, "ratios-*", "forward/output: shape ")),
)


# -- vision


class CornersInverted(right.Interpolate):
    """It takes align_corners the other way round."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**params)
        if self.mode.endswith(("linear", "cubic")):
            self.align_corners = not self.align_corners


class NearestIsExact(right.Interpolate):
    """It takes nearest-exact for nearest."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**params)
        self.mode = "nearest-exact" if self.mode == "nearest" else self.mode


class ExactIsNearest(right.Interpolate):
    """It takes nearest for nearest-exact."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**params)
        self.mode = self.mode.removesuffix("-exact")


class CubicOfPillow(right.Interpolate):
    """Its cubic kernel has a = -1/2 without antialias too."""

    def _axis(self, number: int, length: int) -> Taps:
        with patch.object(vision_sampling, "_A", -0.5):
            return super()._axis(number, length)


class RatioOfSizes(right.Interpolate):
    """It steps by the ratio of the sizes where scale_factor is given."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**params)
        self.recompute = True


class NoAntialias(right.Interpolate):
    """It ignores antialias."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**params)
        self.antialias = False


class FactorsReversed(ForwardOnly, right.Interpolate):
    """It takes three factors as (width, height, depth)."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**params)
        if isinstance(self.scale_factor, Sequence) and len(self.scale_factor) == 3:
            self.scale_factor = self.scale_factor[::-1]


class RowsFirst(right.GridSample):
    """It takes a point of the grid as (y, x)."""

    def forward(self, *args: Any, **given: Any) -> Array:
        return super().forward(given["input"], given["grid"][..., ::-1])

    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        dx, dgrid = super().backward(grad_output)
        return dx, dgrid[..., ::-1]


class ZerosForBorder(right.GridSample):
    """It takes zeros for border."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**params)
        self.padding_mode = "zeros" if self.padding_mode == "border" else self.padding_mode


class MirrorsAtCentres(right.GridSample):
    """It mirrors at the centres of the outermost pixels without align_corners too."""

    def _inside(self, s: Array, n: int) -> tuple[Array, Array]:
        corners, self.align_corners = self.align_corners, True
        answer = super()._inside(s, n)
        self.align_corners = corners
        return answer


class GridCornersInverted(right.GridSample):
    """It takes align_corners the other way round."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**params)
        self.align_corners = not self.align_corners


class ClippedHasAGradient(right.GridSample):
    """It gives the grid a gradient where border clipped it."""

    def _inside(self, s: Array, n: int) -> tuple[Array, Array]:
        inside, slope = super()._inside(s, n)
        return inside, np.ones_like(slope) if self.padding_mode == "border" else slope


class HalvesUp(right.GridSample):
    """It rounds halves up."""

    def _taps(self, g: Array, n: int) -> list[Any]:
        with patch.object(np, "rint", lambda s: np.floor(s + 0.5)):
            return super()._taps(g, n)


class HalvesDown(right.GridSample):
    """It rounds halves down."""

    def _taps(self, g: Array, n: int) -> list[Any]:
        with patch.object(np, "rint", lambda s: np.ceil(s - 0.5)):
            return super()._taps(g, n)


class HalvesAwayFromZero(right.GridSample):
    """It rounds halves away from zero, as C's round does."""

    def _taps(self, g: Array, n: int) -> list[Any]:
        with patch.object(np, "rint", lambda s: np.copysign(np.floor(np.abs(s) + 0.5), s)):
            return super()._taps(g, n)


class Symmetric(right.Pad):
    """Its reflect repeats the outermost element."""

    def _index(self, length: int, before: int, after: int) -> Array:
        if self.mode != "reflect":
            return super()._index(length, before, after)
        kept = np.arange(length)[max(-before, 0) : length - max(-after, 0)]
        return np.pad(kept, (max(before, 0), max(after, 0)), mode="symmetric")


class FirstAxisFirst(ForwardOnly, right.Pad):
    """It takes the pairs of pad from the first axis to the last."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**params)
        self.pairs = self.pairs[::-1]


class CopiesWithoutGradient(right.Pad):
    """It cuts the gradient out of the middle, without those of the copies."""

    def backward(self, grad_output: Array) -> Array:
        for (before, after), (_, index) in zip(self.pairs, self.indices, strict=True):
            index[: max(before, 0)] = -1
            index[len(index) - max(after, 0) :] = -1
        return super().backward(grad_output)


class DepthToSpace(right.PixelShuffle):
    """It takes the channels as (r, r, C), as TensorFlow does."""

    def forward(self, input: Array) -> Array:
        order = np.arange(input.shape[-3]).reshape(self.r, self.r, -1).transpose(2, 0, 1).ravel()
        return super().forward(input[..., order, :, :])


class ShuffledBack(right.ChannelShuffle):
    """It takes groups for the number of channels in a group."""

    def forward(self, input: Array) -> Array:
        return super().backward(input)


class AlwaysTheCentres(right.AffineGrid):
    """It aligns the corners always."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**params)
        self.align_corners = True


VISION = (
    *wrong(
        "vision/interpolate",
        (CornersInverted, "*", "forward/output: "),
        (NearestIsExact, "*", "forward/output: "),
        (ExactIsNearest, "*", "forward/output: "),
        (CubicOfPillow, "*", "forward/output: "),
        (RatioOfSizes, "*", "forward/output: "),
        (NoAntialias, "antialias-*", "forward/output: "),
        (FactorsReversed, "factors-3d-*", "forward/output: shape "),
    ),
    *wrong(
        "vision/grid_sample",
        (RowsFirst, "*", "forward/output: "),
        (ZerosForBorder, "*", "forward/output: "),
        (MirrorsAtCentres, "*", "forward/output: "),
        (GridCornersInverted, "*", "forward/output: "),
        (ClippedHasAGradient, "*", "backward/grad_grid: "),
        (HalvesUp, "nearest-halves-*", "forward/output: "),
        (HalvesDown, "nearest-halves-centres-*", "forward/output: "),
        (HalvesAwayFromZero, "volumes-halves-*", "forward/output: "),
    ),
    *wrong(
        "vision/pad",
        (Symmetric, "*", "forward/output: "),
        (FirstAxisFirst, "*", "forward/output: "),
        (CopiesWithoutGradient, "*", "backward/grad_input: "),
    ),
    *wrong("vision/pixel_shuffle", (DepthToSpace, "*", "forward/output: ")),
    *wrong("vision/channel_shuffle", (ShuffledBack, "*", "forward/output: ")),
    *wrong("vision/affine_grid", (AlwaysTheCentres, "*", "forward/output: ")),
)
