"""Wrong movements of elements and products of arrays, one fault each.

The first line of each docstring says what is wrong; the tuple at the end says what replay must make of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from zoo import ForwardOnly, wrong

from harness.implementations import numpy as right
from harness.implementations.numpy.pointwise import unbroadcast
from harness.implementations.numpy.precision import narrow, widen
from harness.implementations.numpy.shapes_indexing import places

Array: TypeAlias = npt.NDArray[Any]


# -- movements


class GatherAlongTheNext(right.Gather):
    """It gathers along the next axis where the indices fit there."""

    def move(self, *inputs: Array) -> Array:
        other = (self.dim + 1) % max(inputs[0].ndim, 1)
        fits = inputs[0].ndim > 1 and self.index.size and self.index.max() < inputs[0].shape[other]
        if not fits or any(n > m for n, m in zip(self.index.shape, inputs[0].shape, strict=True) if n != m):
            return super().move(*inputs)
        return np.asarray(inputs[0][places(self.index, other)])


class ScatterAssigns(right.ScatterAdd):
    """It assigns instead of adding, so that the last of equal indices wins."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = np.array(given["input"])
        super().forward(**given)
        index, src = given["index"], given["src"]
        y[places(index, self.dim)] = src[tuple(slice(size) for size in index.shape)]
        return y


class ScatterAddsOnce(right.ScatterAdd):
    """It is y[index] += src, which adds once where an index occurs twice."""

    def forward(self, *args: Any, **given: Any) -> Array:
        super().forward(**given)
        y, index = widen(given["input"]).copy(), given["index"]
        y[places(index, self.dim)] += widen(given["src"][tuple(slice(size) for size in index.shape)])
        return narrow(y, like=given["input"])


class IndexAddsOnce(right.IndexAdd):
    """It is y[index] += src, which adds once where an index occurs twice."""

    def forward(self, *args: Any, **given: Any) -> Array:
        super().forward(**given)
        y = widen(given["input"]).copy()
        added = (self.alpha * np.moveaxis(widen(given["source"]), self.dim, 0)).astype(y.dtype)
        np.moveaxis(y, self.dim, 0)[given["index"]] += added
        return narrow(y, like=given["input"])


class AlphaForgottenInBackward(right.IndexAdd):
    """Its gradient of the source lacks alpha."""

    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        return grad_output, grad_output.take(self.index, axis=self.dim)


class ScatterOverwrittenHasGradient(right.Scatter):
    """It passes a gradient to what was written over."""

    def backward(self, *grad_outputs: Array) -> Any:
        answer = super().backward(*grad_outputs)
        return (grad_outputs[0], *answer[1:]) if isinstance(answer, tuple) else grad_outputs[0]


class MeanOfSourcesOnly(right.ScatterReduce):
    """It takes include_self the other way round."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "include_self": not params.get("include_self", True)})


class RolledBack(right.Roll):
    """It rolls the wrong way."""

    def move(self, *inputs: Array) -> Array:
        shifts = [-n for n in self.shifts] if isinstance(self.shifts, Sequence) else -self.shifts
        return np.roll(inputs[0], shifts, axis=self.dims)


class RolledAlongTheFirst(right.Roll):
    """Without dims it rolls along the first axis."""

    def move(self, *inputs: Array) -> Array:
        return np.roll(inputs[0], self.shifts, axis=0 if self.dims is None else self.dims)


class DiagonalWithoutOthers(right.Einsum):
    """Its gradient of an operand with a letter twice fills the whole matrix."""

    def _gradient(self, k: int, dy: Array) -> Array:
        term = self.terms[k]
        if len(set(term)) == len(term):
            return super()._gradient(k, dy)
        dx = super()._gradient(k, dy)
        return np.broadcast_to(dx.sum(axis=-1, keepdims=True), dx.shape)


class ImplicitInOrder(right.Einsum):
    """Without an arrow its answer has the letters in the order in which they occur."""

    def _parsed(self) -> tuple[list[str], str]:
        terms, answer = super()._parsed()
        if "->" in self.equation:
            return terms, answer
        return terms, "".join(letter for letter in "".join(terms) if letter in answer)


class TurnedTheOtherWay(right.Rot90):
    """It turns the other way."""

    def __init__(self, k: int = 1, dims: Sequence[int] = (0, 1)) -> None:
        super().__init__(-k, dims)


class DiagonalBelow(right.Tril):
    """It counts its diagonal downwards."""

    def __init__(self, diagonal: int = 0) -> None:
        super().__init__(-diagonal)


class RepeatedAsWhole(right.RepeatInterleave):
    """It repeats the whole axis instead of each element."""

    def move(self, *inputs: Array) -> Array:
        if not isinstance(self.repeats, int):
            return np.asarray(super().move(*inputs))
        x = inputs[0].reshape(-1) if self.dim is None else inputs[0]
        axis = self.dim or 0
        return np.concatenate([x.take(range(0), axis), *[x] * self.repeats], axis=axis)


class CovOfN(right.Cov):
    """It divides by the number of observations, whatever correction says."""

    def __init__(self, correction: int = 1) -> None:
        super().__init__(0)


class CrossTheOtherWay(right.Cross):
    """It takes its factors the other way round."""

    def forward(self, *args: Any, **given: Any) -> Array:
        return np.asarray(-super().forward(*args, **given))


class KronSwapped(right.Kron):
    """It takes its factors the other way round."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        rank = len(self.left)
        order = [axis for k in range(rank) for axis in (2 * k + 1, 2 * k)]
        return (self.first * self.second).transpose(order).reshape(y.shape).astype(y.dtype)


class OuterTransposed(right.Outer):
    """It answers the products transposed where that has the same shape."""

    def forward(self, *args: Any, **given: Any) -> Array:
        y = super().forward(*args, **given)
        return y.T if y.shape == y.T.shape else y


class BroadcastOfTheFirst(right.BroadcastTo):
    """Its gradient is that of the first copy."""

    def backward(self, *grad_outputs: Array) -> Any:
        (dy,) = grad_outputs
        shape = self.shapes[0]
        share = unbroadcast(np.ones(dy.shape), shape)
        return narrow(widen(np.asarray(super().backward(dy))) / np.maximum(share, 1), like=dy)


class FromTheMaskedPlace(right.MaskedScatter):
    """It takes the source from the place of the mask, not the next one."""

    def move(self, *inputs: Array) -> Array:
        x, mask = np.broadcast_arrays(inputs[0], self.mask)
        y, source = x.copy(), inputs[1].reshape(-1)
        at = np.flatnonzero(mask)
        y[mask] = source[at % max(source.size, 1)]
        return y


class MeshOfImages(ForwardOnly, right.Meshgrid):
    """It takes indexing the other way round."""

    def __init__(self, *args: Any, **params: Any) -> None:
        super().__init__(**{**params, "indexing": "ij" if params.get("indexing", "ij") == "xy" else "xy"})


class StepIgnored(ForwardOnly, right.UnfoldDimension):
    """Its windows do not overlap, whatever step says."""

    def __init__(self, dimension: int, size: int, step: int) -> None:
        super().__init__(dimension, size, size)


class FlippedOnce(right.Flip):
    """It flips along the first of its axes only."""

    def __init__(self, dims: Any) -> None:
        super().__init__(dims)
        self.dims = list(self.dims)[:1]


class OffsetDownwards(right.DiagEmbed):
    """It counts the offset downwards."""

    def move(self, *inputs: Array) -> Array:
        y = np.asarray(super().move(*inputs))
        return np.swapaxes(y, -1, -2)


def one_hot_too_short(input: Array, num_classes: int = -1) -> Array:
    """It takes the largest number for the number of classes."""
    y = right.one_hot(input, num_classes)
    return y[..., :-1] if num_classes == -1 else y


SHAPE = (
    *wrong("shape/gather", (GatherAlongTheNext, "*", "forward/output: ")),
    *wrong(
        "shape/scatter_add",
        (ScatterAssigns, "*", "forward/output: "),
        (ScatterAddsOnce, "*", "forward/output: "),
    ),
    *wrong(
        "shape/index_add",
        (IndexAddsOnce, "*", "forward/output: "),
        (AlphaForgottenInBackward, "*", "backward/grad_source: "),
    ),
    *wrong("shape/scatter", (ScatterOverwrittenHasGradient, "*", "backward/grad_input: ")),
    *wrong("shape/scatter_reduce", (MeanOfSourcesOnly, "*", "forward/output: ")),
    *wrong(
        "shape/roll",
        (RolledBack, "*", "forward/output: "),
        (RolledAlongTheFirst, "flat-*", "forward/output: "),
    ),
    *wrong(
        "shape/einsum",
        (DiagonalWithoutOthers, "*", "backward/grad_"),
        (ImplicitInOrder, "implicit", "forward/output: "),
    ),
    *wrong("shape/rot90", (TurnedTheOtherWay, "*", "forward/output: ")),
    *wrong("shape/tril", (DiagonalBelow, "*", "forward/output: ")),
    *wrong("shape/repeat_interleave", (RepeatedAsWhole, "*", "forward/output: ")),
    *wrong("shape/cov", (CovOfN, "*", "forward/output: ")),
    *wrong("shape/cross", (CrossTheOtherWay, "*", "forward/output: ")),
    *wrong("shape/kron", (KronSwapped, "*", "forward/output: ")),
    *wrong("shape/outer", (OuterTransposed, "square-*", "forward/output: ")),
    *wrong("shape/broadcast_to", (BroadcastOfTheFirst, "*", "backward/grad_input: ")),
    *wrong("shape/masked_scatter", (FromTheMaskedPlace, "*", "forward/output: ")),
    *wrong("shape/meshgrid", (MeshOfImages, "*", "forward/")),
    *wrong("shape/unfold_dimension", (StepIgnored, "*", "forward/output: ")),
    *wrong("shape/flip", (FlippedOnce, "*", "forward/output: ")),
    *wrong("shape/diag_embed", (OffsetDownwards, "*", "forward/output: ")),
    *wrong("shape/one_hot", (one_hot_too_short, "*", "forward/output: ")),
)
