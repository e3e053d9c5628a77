"""Maximum, average and power-average pooling in NumPy, in one, two and three dimensions alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen
from harness.implementations.numpy.windows import PerAxis, last, pad_pooled, per_axis, scatter_windows, windows

__all__ = [
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "LpPool1d",
    "LpPool2d",
    "LpPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
]


#: the index of a place in the padding
_OUTSIDE = -1


class _MaxPool:
    """The maximum of each window. torch.nn.functional.max_pool1d, max_pool2d and max_pool3d.

        y[n, c, i] = max over k of x[n, c, i * stride + k * dilation - padding]      (places outside of x left out)

    Its gradient goes to the place of the maximum, the first of equals; nan is above all. input x: (N, C, *in) or
    (C, *in), y: (N, C, *out); see `pad_pooled` for `out`. The indices, with return_indices, are places in the flattened
    (*in) of a channel.
    """

    spatial: int

    def __init__(
        self,
        kernel_size: PerAxis,
        stride: PerAxis | None = None,
        padding: PerAxis = 0,
        dilation: PerAxis = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> None:
        """Take the settings of the windows, one for all axes or one each; the stride is kernel_size when left out."""
        axes = self.spatial
        self.size, self.stride = per_axis(kernel_size, axes), per_axis(stride or kernel_size, axes)
        self.padding, self.dilation = per_axis(padding, axes), per_axis(dilation, axes)
        self.ceil_mode, self.return_indices = ceil_mode, return_indices

    def forward(self, input: Array) -> Array | tuple[Array, Array]:
        """Return the maxima and, when asked for, their indices."""
        self.shape, length = input.shape, input.shape[-self.spatial :]
        places = np.arange(math.prod(length)).reshape(length)
        settings = self.size, self.stride, self.padding, self.dilation
        padded = pad_pooled(places, *settings, self.ceil_mode, inside=_OUTSIDE)
        view = windows(padded, self.size, self.stride, self.dilation)
        y, self.indices = max_over(input, view.reshape(*view.shape[: self.spatial], math.prod(self.size)))
        return (y, self.indices) if self.return_indices else y

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return scatter_places(grad_output, self.indices, self.shape, self.spatial)


@nan_is_meant
def max_over(x: Array, places: Array) -> tuple[Array, Array]:
    """Return the maximum over each of the sets of places in a channel of `x`, and where it is: the first of equals.

    places: (*out, n), each an index into the flattened axes of a channel, or negative for none; nan is above all.
    """
    spatial = places.ndim - 1
    values = x.reshape(*x.shape[:-spatial], math.prod(x.shape[-spatial:]))[..., places]
    lowest = np.iinfo(x.dtype).min if x.dtype.kind in "iu" else -np.inf
    y = np.where(places >= 0, values, np.asarray(lowest, dtype=x.dtype)).max(axis=-1)
    found = (places >= 0) & ((values == y[..., None]) | (values != values))  # noqa: PLR0124 - nan is no equal of its own
    first = found.argmax(axis=-1)[..., None]
    return y, np.take_along_axis(np.broadcast_to(places, values.shape), first, axis=-1)[..., 0]


def scatter_places(dy: Array, indices: Array, shape: Sequence[int], spatial: int) -> Array:
    """Add each element of `dy` at its place in the flattened last axes of `shape`."""
    channels, length = math.prod(shape[:-spatial]), math.prod(shape[-spatial:])
    flat = channels, math.prod(dy.shape[-spatial:])
    dx = np.zeros((channels, length), dtype=widen(dy).dtype)
    np.add.at(dx, (np.arange(channels)[:, None], indices.reshape(flat)), widen(dy).reshape(flat))
    return narrow(dx.reshape(shape), like=dy)


class MaxPool1d(_MaxPool):
    """The maximum over windows of (L)."""

    spatial = 1


class MaxPool2d(_MaxPool):
    """The maximum over windows of (H, W)."""

    spatial = 2


class MaxPool3d(_MaxPool):
    """The maximum over windows of (D, H, W)."""

    spatial = 3


class _AvgPool:
    """The mean of each window. torch.nn.functional.avg_pool1d, avg_pool2d and avg_pool3d.

        y[n, c, i] = sum over k of x[n, c, i * stride + k - padding] / n_i

    n_i is divisor_override, or how many places of window i lie in x and its padding, or without count_include_pad how
    many lie in x; never places behind the padding, which ceil_mode may reach. input x: (N, C, *in) or (C, *in),
    y: (N, C, *out); see `pad_pooled` for `out`.
    """

    spatial: int

    def __init__(
        self,
        kernel_size: PerAxis,
        stride: PerAxis | None = None,
        padding: PerAxis = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        """Take the settings of the windows, one for all axes or one each; the stride is kernel_size when left out."""
        axes = self.spatial
        self.size, self.stride = per_axis(kernel_size, axes), per_axis(stride or kernel_size, axes)
        self.padding, self.dilation = per_axis(padding, axes), (1,) * axes
        self.ceil_mode, self.count_include_pad, self.divisor = ceil_mode, count_include_pad, divisor_override

    def _sums(self, array: Array, inside: float) -> Array:
        settings = self.size, self.stride, self.padding, self.dilation
        padded = pad_pooled(array, *settings, self.ceil_mode, inside=inside, beyond=0)
        self.padded_length = padded.shape[-self.spatial :]
        view = windows(padded, self.size, self.stride, self.dilation)
        return np.asarray(view.sum(axis=tuple(range(-self.spatial, 0))))

    def means(self, x: Array) -> Array:
        """Return the means of the windows of `x`."""
        self.shape = x.shape
        ones = np.ones(x.shape[-self.spatial :], dtype=x.dtype)
        self.count = self._sums(ones, inside=float(self.count_include_pad))
        if self.divisor is not None:
            self.count = np.full_like(self.count, self.divisor)
        return self._sums(x, inside=0) / self.count

    def slopes(self, dy: Array) -> Array:
        """Return the gradient of `means`: each place of a window gets the same share."""
        share = np.expand_dims(dy / self.count, tuple(range(-self.spatial, 0)))
        share = np.broadcast_to(share, (*dy.shape, *self.size))
        dx = scatter_windows(share, self.padded_length, self.size, self.stride, self.dilation)
        inner: Array = dx[last(slice(p, p + n) for p, n in zip(self.padding, self.shape[-self.spatial :], strict=True))]
        return inner

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the means."""
        return narrow(self.means(widen(input)), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return narrow(self.slopes(widen(grad_output)), like=grad_output)


class AvgPool1d(_AvgPool):
    """The mean over windows of (L); torch has no divisor_override here."""

    spatial = 1


class AvgPool2d(_AvgPool):
    """The mean over windows of (H, W)."""

    spatial = 2


class AvgPool3d(_AvgPool):
    """The mean over windows of (D, H, W)."""

    spatial = 3


class _LpPool(_AvgPool):
    """The p-norm of each window. torch.nn.functional.lp_pool1d, lp_pool2d and lp_pool3d; p is norm_type.

        y[n, c, i] = (mean over k of x[n, c, i * stride + k]^p * size)^(1 / p)

        dx[.., i * stride + k] += dy[.., i] y[.., i]^(1 - p) x^(p - 1) * size / n_i,   0 where y is 0

    size counts the places of a whole window, n_i those of this window: a window that ceil_mode lets hang over the edge
    is scaled up. There is no |x|: with an odd p the power of a negative x is negative, and y is nan where the sum is.
    p = inf is the maximum of |x|, p = -inf its minimum. input x: (N, C, *in) or (C, *in), y: (N, C, *out).
    """

    maximum: type[_MaxPool]

    def __init__(
        self, norm_type: float, kernel_size: PerAxis, stride: PerAxis | None = None, ceil_mode: bool = False
    ) -> None:
        """Take p and the settings of the windows, one for all axes or one each."""
        super().__init__(kernel_size, stride, ceil_mode=ceil_mode)
        self.p = norm_type
        self.limit = self.maximum(kernel_size, stride, ceil_mode=ceil_mode)

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the norms."""
        self.x = widen(input)
        if np.isinf(self.p):
            sign = np.sign(self.p)
            return narrow(sign * np.asarray(self.limit.forward(sign * np.abs(self.x))), like=input)
        self.sums = self.means(self.x**self.p) * math.prod(self.size)
        return narrow(self.sums ** (1 / self.p), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dy = widen(grad_output)
        if np.isinf(self.p):
            return narrow(np.sign(self.x) * self.limit.backward(dy), like=grad_output)
        dsums = np.where(self.sums == 0, 0, dy * self.sums ** (1 / self.p - 1) / self.p)
        dpowers = self.slopes(dsums * math.prod(self.size))
        return narrow(dpowers * self.p * self.x ** (self.p - 1), like=grad_output)


class LpPool1d(_LpPool):
    """The p-norm over windows of (L)."""

    spatial = 1
    maximum = MaxPool1d


class LpPool2d(_LpPool):
    """The p-norm over windows of (H, W)."""

    spatial = 2
    maximum = MaxPool2d


class LpPool3d(_LpPool):
    """The p-norm over windows of (D, H, W)."""

    spatial = 3
    maximum = MaxPool3d
