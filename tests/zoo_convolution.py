"""Wrong convolutions, linear layers and embeddings, one fault each.

The first line of each docstring says what is wrong; the tuple at the end says what replay must make of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from zoo import ForwardOnly, wrong

from harness.implementations import numpy as right
from harness.implementations.numpy.precision import narrow, widen

Array: TypeAlias = npt.NDArray[Any]


# -- convolution


class TrueConvolution(right.Conv2d):
    """It flips the kernel, as mathematicians do."""

    def forward(self, *args: Any, **given: Any) -> Array:
        return super().forward(**{**given, "weight": given["weight"][..., ::-1, ::-1]})

    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        dx, dw, *rest = super().backward(grad_output)
        return dx, dw[..., ::-1, ::-1], *rest


class WidthFirst(ForwardOnly, right.Conv2d):
    """It takes stride and dilation as (width, height)."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(*args, **params)
        self.stride, self.dilation = self.stride[::-1], self.dilation[::-1]


class DilationIgnored(ForwardOnly, right.Conv2d):
    """It ignores dilation."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "dilation": 1})


class InterleavedGroups(right.Conv2d):
    """It deals the channels to the groups in turn."""

    def forward(self, *args: Any, **given: Any) -> Array:
        x = given["input"]
        channels = x.shape[-3]
        order = np.arange(channels).reshape(-1, self.groups).T.ravel()
        return super().forward(**{**given, "input": x[..., order, :, :]})


class OddOneInFront(right.Conv2d):
    """It puts the odd pixel of "same" padding in front."""

    def _padding(self, size: Sequence[int]) -> tuple[list[int], list[int]]:
        before, after = super()._padding(size)
        return after, before


class PaddedByOnes(right.Conv2d):
    """It pads with ones."""

    def forward(self, *args: Any, **given: Any) -> Array:
        weight = given["weight"]
        y, inside = super().forward(**given), super().forward(np.ones_like(given["input"]), weight)
        missing = widen(weight).sum(axis=(1, 2, 3))[:, np.newaxis, np.newaxis] - widen(inside)
        return narrow(widen(y) + missing, like=y)


class BiasGradientMean(right.Conv2d):
    """It averages the gradient of the bias over the batch."""

    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        dx, dw, *db = super().backward(grad_output)
        batch = max(len(grad_output), 1) if grad_output.ndim > 3 else 1
        return dx, dw, *(narrow(widen(d) / batch, like=d) for d in db)


class ConvInHalf(right.Conv2d):
    """It accumulates in the dtype of its input, which stalls in half precision."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        if y.dtype.itemsize > 2 or not y.size:
            return y
        weight = given["weight"].reshape(self.groups, len(given["weight"]) // self.groups, -1)
        total = np.zeros((*self.rows.shape[:-1], weight.shape[1]), dtype=y.dtype)
        for k in range(self.rows.shape[-1]):
            total = total + self.rows[..., k, np.newaxis].astype(y.dtype) * weight[:, np.newaxis, :, k]
        total = total.swapaxes(2, 3).reshape(y.shape)
        bias = given.get("bias")
        return total if bias is None else np.asarray(total + bias[:, np.newaxis, np.newaxis])


class SameDilationForgotten(ForwardOnly, right.Conv1d):
    """Its "same" padding forgets the dilation."""

    def _padding(self, size: Sequence[int]) -> tuple[list[int], list[int]]:
        dilation, self.dilation = self.dilation, (1,)
        answer = super()._padding(size)
        self.dilation = dilation
        return answer


class TransposeFlipped(right.ConvTranspose2d):
    """It flips the kernel once more."""

    def forward(self, *args: Any, **given: Any) -> Array:
        return super().forward(**{**given, "weight": given["weight"][..., ::-1, ::-1]})


class OutputPaddingIgnored(ForwardOnly, right.ConvTranspose2d):
    """It ignores output_padding."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "output_padding": 0})


class TransposePaddingReversed(ForwardOnly, right.ConvTranspose3d):
    """It takes padding as (width, height, depth)."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(*args, **params)
        self.padding = self.padding[::-1]


class OutputPaddingInFront(right.ConvTranspose1d):
    """It adds output_padding in front."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        return np.roll(y, self.output_padding[0], axis=-1)


class OneRowOfTheBatch(right.Linear):
    """Its gradient of the bias is that of the first row."""

    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        dx, dw, *db = super().backward(grad_output)
        first = grad_output.reshape(-1, *np.atleast_2d(self.weight).shape[:1])
        return dx, dw, *(np.asarray(first[:1].sum(axis=0).reshape(d.shape), dtype=d.dtype) for d in db)


class PaddingRowIsZero(right.Embedding):
    """It answers zeros for padding_idx."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        if self.padding_idx is None:
            return y
        at = self.padding_idx % len(self.weight)
        return np.where((self.ids == at)[..., np.newaxis], np.zeros((), dtype=y.dtype), y)


class PaddingRowLearns(right.Embedding):
    """It gives the row padding_idx a gradient."""

    def __init__(self, padding_idx: int | None = None, scale_grad_by_freq: bool = False) -> None:
        super().__init__(None, scale_grad_by_freq)


class LastOfTheRows(right.Embedding):
    """Its gradient of a row that occurs twice is that of the last time."""

    def backward(self, grad_output: Array) -> Array:
        dw = super().backward(grad_output)
        dw = np.zeros_like(dw)
        dw[self.ids.ravel()] = grad_output.reshape(self.ids.size, self.weight.shape[1])
        if self.padding_idx is not None:
            dw[self.padding_idx] = 0
        return dw


class EmbeddingByProduct(right.Embedding):
    """Its gradient is a product of one-hot rows, 0 * inf in those that do not occur."""

    def backward(self, grad_output: Array) -> Array:
        ids = self.ids.ravel()
        hot = (ids[:, np.newaxis] == np.arange(len(self.weight))).astype(widen(self.weight).dtype)
        if self.scale_grad_by_freq:
            hot /= np.maximum(hot.sum(axis=0), 1)
        dw = hot.T @ widen(grad_output).reshape(len(ids), self.weight.shape[1])
        if self.padding_idx is not None:
            dw[self.padding_idx] = 0
        return narrow(dw, like=self.weight)


class PaddingCounts(right.EmbeddingBag):
    """It counts padding in the mean of a bag."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        if self.mode != "mean" or self.padding_idx is None:
            return y
        kept = np.array([len(bag) for bag in self.bags])
        self.padding_idx = None
        whole = np.array([len(b) for b in self._bags(given["input"], given.get("offsets"), len(self.weight))])
        return narrow(widen(y) * (kept / np.maximum(whole, 1))[:, np.newaxis], like=y)


class PlacesFirst(right.Unfold):
    """It orders a column as (places of the kernel, channels)."""

    def forward(self, input: Array) -> Array:
        y = super().forward(input)
        split = y.reshape(*y.shape[:-2], input.shape[-3], math.prod(self.size), y.shape[-1])
        return split.swapaxes(-2, -3).reshape(y.shape)


class AveragedOverlaps(right.Fold):
    """It averages where columns overlap."""

    def forward(self, input: Array) -> Array:
        y = super().forward(input)
        count = super().forward(np.ones_like(input, dtype=np.float64))
        self.input = input
        return narrow(widen(y) / np.maximum(count, 1), like=y)


class FactorsTransposed(right.Bilinear):
    """It takes the matrices of the weight transposed where they are square."""

    def forward(self, *args: Any, **given: Any) -> Array:
        weight = given["weight"]
        turned = weight.swapaxes(1, 2) if weight.shape[1] == weight.shape[2] else weight
        return super().forward(**{**given, "weight": turned})


CONVOLUTION = (
    *wrong(
        "convolution/conv2d",
        (TrueConvolution, "*", "forward/output: "),
        (WidthFirst, "*", "forward/output: "),
        (DilationIgnored, "*", "forward/output: "),
        (InterleavedGroups, "groups-*", "forward/output: "),
        (OddOneInFront, "same-*", "forward/output: "),
        (PaddedByOnes, "*", "forward/output: "),
        (BiasGradientMean, "*", "backward/grad_bias: "),
        (ConvInHalf, "traps-long-sum-*", "forward/output: "),
    ),
    *wrong("convolution/conv1d", (SameDilationForgotten, "same-*", "forward/output: ")),
    *wrong(
        "convolution/conv_transpose2d",
        (TransposeFlipped, "*", "forward/output: "),
        (OutputPaddingIgnored, "*", "forward/output: "),
    ),
    *wrong("convolution/conv_transpose1d", (OutputPaddingInFront, "*", "forward/output: ")),
    *wrong("convolution/conv_transpose3d", (TransposePaddingReversed, "padding-*", "forward/output: shape ")),
    *wrong("convolution/linear", (OneRowOfTheBatch, "*", "backward/grad_bias: ")),
    *wrong(
        "convolution/embedding",
        (PaddingRowIsZero, "padding-*", "forward/output: "),
        (PaddingRowLearns, "padding-*", "backward/grad_weight: "),
        (LastOfTheRows, "*", "backward/grad_weight: "),
        (EmbeddingByProduct, "edges-*", "differ in nan or inf"),
    ),
    *wrong("convolution/embedding_bag", (PaddingCounts, "padding-*", "forward/output: ")),
    *wrong("convolution/unfold", (PlacesFirst, "*", "forward/output: ")),
    *wrong("convolution/fold", (AveragedOverlaps, "*", "forward/output: ")),
    *wrong("convolution/bilinear", (FactorsTransposed, "*", "forward/output: ")),
)
