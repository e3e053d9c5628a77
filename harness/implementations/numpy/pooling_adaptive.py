"""Pooling to a given output size, adaptive and fractional, and max-unpooling in NumPy."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from harness.implementations.numpy.pooling import max_over, scatter_places
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen
from harness.implementations.numpy.windows import PerAxis, last, per_axis

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


class _Adaptive:
    """Windows that share out an axis: of length L, to `out` of them.

    Window i runs from floor(i L / out) to ceil((i + 1) L / out): they overlap where L is no multiple of out. An output
    size of None is that of the input.
    """

    spatial: int

    def __init__(self, output_size: PerAxis) -> None:
        """Take the output size, one for all axes or one each."""
        self.output_size = per_axis(output_size, self.spatial)

    def spans(self, length: Sequence[int]) -> list[list[slice]]:
        """Return for each axis the windows."""
        sizes = [n if out is None else out for n, out in zip(length, self.output_size, strict=True)]
        return [
            [slice(i * n // out, -(-(i + 1) * n // out)) for i in range(out)]
            for n, out in zip(length, sizes, strict=True)
        ]


class _AdaptiveAvgPool(_Adaptive):
    """The mean of each window of `_Adaptive`. torch.nn.functional.adaptive_avg_pool1d, 2d and 3d.

    input x: (N, C, *in) or (C, *in), y: (N, C, *output_size). The gradient of a place is the sum of dy / size over the
    windows that it is in.
    """

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the means."""
        x, axes = widen(input), tuple(range(-self.spatial, 0))
        self.shape, self.windows = input.shape, self.spans(input.shape[-self.spatial :])
        y = np.empty((*x.shape[: -self.spatial], *map(len, self.windows)), dtype=x.dtype)
        for at, window in self._each():
            y[last(at)] = x[last(window)].mean(axis=axes)
        return narrow(y, like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dy, axes = widen(grad_output), tuple(range(-self.spatial, 0))
        dx = np.zeros(self.shape, dtype=dy.dtype)
        for at, window in self._each():
            size = math.prod(span.stop - span.start for span in window)
            dx[last(window)] += np.expand_dims(dy[last(at)] / size, axes)
        return narrow(dx, like=grad_output)

    def _each(self) -> list[tuple[tuple[int, ...], tuple[slice, ...]]]:
        """Return the place of each output, and its window."""
        places = itertools.product(*(range(len(spans)) for spans in self.windows))
        return list(zip(places, itertools.product(*self.windows), strict=True))


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Means of (L) at a given size."""

    spatial = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Means of (H, W) at a given size."""

    spatial = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """Means of (D, H, W) at a given size."""

    spatial = 3


class _AdaptiveMaxPool(_Adaptive):
    """The maximum of each window of `_Adaptive`. torch.nn.functional.adaptive_max_pool1d, 2d and 3d.

    input x: (N, C, *in) or (C, *in), y: (N, C, *output_size). Its gradient goes to the place of the maximum, the first
    of equals; a place may be that of several windows. The indices, with return_indices, are places in the flattened
    (*in) of a channel.
    """

    def __init__(self, output_size: PerAxis, return_indices: bool = False) -> None:
        """Take the output size, one for all axes or one each."""
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, input: Array) -> Array | tuple[Array, Array]:
        """Return the maxima and, when asked for, their indices."""
        self.shape, length = input.shape, input.shape[-self.spatial :]
        places = np.arange(math.prod(length)).reshape(length)
        spans = self.spans(length)
        windows = [places[window].ravel() for window in itertools.product(*spans)]
        widest = max((window.size for window in windows), default=0)
        padded = np.full((len(windows), widest), -1)  # windows differ in size: -1 is no place
        for row, window in zip(padded, windows, strict=True):
            row[: window.size] = window
        y, self.indices = max_over(input, padded.reshape(*map(len, spans), widest))
        return (y, self.indices) if self.return_indices else y

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return scatter_places(grad_output, self.indices, self.shape, self.spatial)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """Maxima of (L) at a given size."""

    spatial = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """Maxima of (H, W) at a given size."""

    spatial = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """Maxima of (D, H, W) at a given size."""

    spatial = 3


class _FractionalMaxPool:
    """The maximum of windows at pseudo-random steps. torch.nn.functional.fractional_max_pool2d, 3d; arXiv 1412.6071.

    Along an axis of length L with windows of K places, and a sample u in [0, 1) for each channel, window i starts at

        floor((i + u) a) - floor(u a),  a = (L - K) / (out - 1);   the last one at L - K

    output_size is given, or floor(output_ratio * L). input x: (N, C, *in) or (C, *in), y: (N, C, *out), samples:
    (N, C, axes), in 2d that of the columns first. Maxima, gradient and indices as in max_pool.
    """

    spatial: int
    order: tuple[int, ...]  #: of the samples, axis by axis

    def __init__(
        self,
        kernel_size: PerAxis,
        output_size: PerAxis | None = None,
        output_ratio: float | Sequence[float] | None = None,
        return_indices: bool = False,
    ) -> None:
        """Take the window and the output size, or its ratio to that of the input, one for all axes or one each."""
        self.size = per_axis(kernel_size, self.spatial)
        self.output_size = None if output_size is None else per_axis(output_size, self.spatial)
        self.output_ratio = per_axis(output_ratio, self.spatial)
        self.return_indices = return_indices

    def forward(self, input: Array, _random_samples: Array) -> Array | tuple[Array, Array]:
        """Return the maxima and, when asked for, their indices."""
        self.shape, length = input.shape, input.shape[-self.spatial :]
        sizes = self.output_size or [int(n * ratio) for n, ratio in zip(length, self.output_ratio, strict=True)]
        places = np.arange(math.prod(length)).reshape(length)
        channels = input.reshape(-1, *length)
        samples = widen(_random_samples).reshape(len(channels), self.spatial)[:, list(self.order)]
        maxima = []
        for x, sample in zip(channels, samples, strict=True):
            axes = zip(sample, length, self.size, sizes, strict=True)
            spans = [[slice(start, start + k) for start in _starts(u, n, k, out)] for u, n, k, out in axes]
            windows = np.stack([places[window].ravel() for window in itertools.product(*spans)])
            maxima.append(max_over(x, windows.reshape(*sizes, -1)))
        shape = (*input.shape[: -self.spatial], *sizes)
        y, self.indices = (np.stack(part).reshape(shape) for part in zip(*maxima, strict=True))
        return (y, self.indices) if self.return_indices else y

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return scatter_places(grad_output, self.indices, self.shape, self.spatial)


def _starts(sample: float, length: int, size: int, out: int) -> list[int]:
    """Return where the windows along one axis start."""
    step = (length - size) / (out - 1) if out > 1 else 0.0
    return [int((i + sample) * step) - int(sample * step) for i in range(out - 1)] + [length - size]


class FractionalMaxPool2d(_FractionalMaxPool):
    """Fractional maxima of (H, W)."""

    spatial = 2
    order = (1, 0)


class FractionalMaxPool3d(_FractionalMaxPool):
    """Fractional maxima of (D, H, W)."""

    spatial = 3
    order = (0, 1, 2)


class _MaxUnpool:
    """Each element put where max_pool found it, zeros elsewhere. torch.nn.functional.max_unpool1d, 2d and 3d.

        y[n, c, indices[n, c, i]] = x[n, c, i],   dx[n, c, i] = dy[n, c, indices[n, c, i]]

    input x, indices: (N, C, *in) or (C, *in); an index is a place in the flattened output of a channel. y: (N, C,
    *output_size), or along each axis (in - 1) stride - 2 padding + kernel_size. An index must not come twice.
    """

    spatial: int

    def __init__(
        self,
        kernel_size: PerAxis,
        stride: PerAxis | None = None,
        padding: PerAxis = 0,
        output_size: Sequence[int] | None = None,
    ) -> None:
        """Take the settings of the pooling that is undone, and the output size where they leave it open."""
        self.size, self.stride = per_axis(kernel_size, self.spatial), per_axis(stride or kernel_size, self.spatial)
        self.padding, self.output_size = per_axis(padding, self.spatial), output_size

    def forward(self, input: Array, indices: Array) -> Array:
        """Return the elements at their places."""
        lead = input.shape[: -self.spatial]
        axes = zip(input.shape[-self.spatial :], self.size, self.stride, self.padding, strict=True)
        length = [(n - 1) * s - 2 * p + k for n, k, s, p in axes]
        if self.output_size is not None:
            length = list(self.output_size[-self.spatial :])
        y = np.zeros((*lead, math.prod(length)), dtype=input.dtype)
        self.shape, self.indices = input.shape, indices.reshape(*lead, math.prod(input.shape[-self.spatial :]))
        np.put_along_axis(y, self.indices, input.reshape(self.indices.shape), axis=-1)
        return y.reshape(*lead, *length)

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        lead, length = grad_output.shape[: -self.spatial], grad_output.shape[-self.spatial :]
        dy = grad_output.reshape(*lead, math.prod(length))
        return np.take_along_axis(dy, self.indices, axis=-1).reshape(self.shape)


class MaxUnpool1d(_MaxUnpool):
    """Unpooling to (L)."""

    spatial = 1


class MaxUnpool2d(_MaxUnpool):
    """Unpooling to (H, W)."""

    spatial = 2


class MaxUnpool3d(_MaxUnpool):
    """Unpooling to (D, H, W)."""

    spatial = 3
