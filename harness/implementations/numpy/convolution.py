"""Convolution, its transpose, unfold and fold in NumPy, in one, two and three dimensions alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen
from harness.implementations.numpy.windows import PerAxis, last, pad, per_axis, scatter_windows, windows

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "Fold",
    "Unfold",
]


class _Conv:
    """Cross-correlation. torch.nn.functional.conv1d, conv2d and conv3d; arXiv 1603.07285 has it in pictures.

        y[n, o, i] = b[o] + sum over c, k of w[o, c, k] * x[n, c, i * stride + k * dilation - padding]

    i and k have one index for each spatial axis, x is 0 outside of its edges. input x: (N, C, *in) or (C, *in),
    weight w: (O, C / groups, *size), bias b: (O) or None; y: (N, O, *out), where along each axis

        out = (in + 2 padding - dilation (size - 1) - 1) // stride + 1

    Each of the `groups` joins C / groups of the channels to O / groups of the outputs. padding "valid" is 0; "same" is
    dilation (size - 1) in all, half of it on each side and the odd one behind, so that out = in with stride 1.

    A window is a row and a filter a column ("im2col"), so that all is one matrix product.
    """

    spatial: int

    def __init__(self, stride: PerAxis = 1, padding: PerAxis | str = 0, dilation: PerAxis = 1, groups: int = 1) -> None:
        """Take stride, padding ("valid" and "same" too) and dilation, one for all axes or one each, and groups."""
        self.stride, self.dilation = per_axis(stride, self.spatial), per_axis(dilation, self.spatial)
        self.padding, self.groups = padding, groups

    def _padding(self, size: Sequence[int]) -> tuple[list[int], list[int]]:
        if self.padding == "same":
            total = [d * (k - 1) for d, k in zip(self.dilation, size, strict=True)]
            return [p // 2 for p in total], [p - p // 2 for p in total]
        both = list(per_axis(0 if self.padding == "valid" else self.padding, self.spatial))
        return both, both

    @nan_is_meant
    def forward(self, input: Array, weight: Array, bias: Array | None = None) -> Array:
        """Return the convolution."""
        self.input, self.weight, self.bias = input, weight, bias
        size = weight.shape[2:]
        self.before, self.after = self._padding(size)
        self.x = pad(_batched(widen(input), self.spatial), self.before, self.after)
        view = windows(self.x, size, self.stride, self.dilation)
        self.rows = _to_rows(view, self.groups, self.spatial)
        y = self.rows @ _split(widen(weight), self.groups).swapaxes(1, 2)  # (N, groups, places, O / groups)
        y = _to_channels(y, view.shape[2 : 2 + self.spatial])
        if bias is not None:
            y = y + _per_channel(widen(bias), self.spatial)
        return narrow(y.reshape(_like_input(y, input, self.spatial)), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of input, weight and, where there is one, bias."""
        dy = _batched(widen(grad_output), self.spatial)
        size, places = self.weight.shape[2:], dy.shape[2:]
        columns = _by_group(dy, self.groups)  # (N, groups, O / groups, places)
        dw = (columns @ self.rows).sum(axis=0)
        drows = columns.swapaxes(2, 3) @ _split(widen(self.weight), self.groups)
        dview = _from_rows(drows, places, size)
        dx = scatter_windows(dview, self.x.shape[2:], size, self.stride, self.dilation)
        dx = _crop(dx, self.before, self.after)
        gradients = [
            narrow(dx.reshape(self.input.shape), like=self.input),
            narrow(dw.reshape(self.weight.shape), like=self.weight),
        ]
        if self.bias is not None:
            gradients.append(narrow(dy.sum(axis=_all_but_channel(dy)), like=self.bias))
        return tuple(gradients)


class Conv1d(_Conv):
    """Cross-correlation over one axis: input (N, C, L) or (C, L), weight (O, C / groups, K)."""

    spatial = 1


class Conv2d(_Conv):
    """Cross-correlation over two axes: input (N, C, H, W) or (C, H, W), weight (O, C / groups, KH, KW)."""

    spatial = 2


class Conv3d(_Conv):
    """Cross-correlation over three axes: input (N, C, D, H, W) or (C, D, H, W), weight (O, C / groups, KD, KH, KW)."""

    spatial = 3


class _ConvTranspose:
    """The gradient of a convolution with respect to its input, as an operator of its own.

        y[n, o, i * stride + k * dilation - padding] += w[c, o, k] * x[n, c, i]      (and b[o] everywhere)

    torch.nn.functional.conv_transpose1d, 2d and 3d; arXiv 1603.07285. input x: (N, C, *in) or (C, *in), weight w:
    (C, O / groups, *size), bias b: (O) or None; y: (N, O, *out), where along each axis

        out = (in - 1) stride - 2 padding + dilation (size - 1) + output_padding + 1

    padding is cut off on both sides; output_padding adds behind, because a stride above 1 leaves `out` open.
    """

    spatial: int

    def __init__(
        self,
        stride: PerAxis = 1,
        padding: PerAxis = 0,
        output_padding: PerAxis = 0,
        groups: int = 1,
        dilation: PerAxis = 1,
    ) -> None:
        """Take the settings of the convolution that is transposed, and how much longer the output is."""
        self.stride, self.dilation = per_axis(stride, self.spatial), per_axis(dilation, self.spatial)
        self.padding = per_axis(padding, self.spatial)
        self.output_padding, self.groups = per_axis(output_padding, self.spatial), groups

    @nan_is_meant
    def forward(self, input: Array, weight: Array, bias: Array | None = None) -> Array:
        """Return the transposed convolution."""
        self.input, self.weight, self.bias = input, weight, bias
        x = _batched(widen(input), self.spatial)
        size, places = weight.shape[2:], x.shape[2:]
        self.columns = _by_group(x, self.groups)  # (N, groups, C / groups, places)
        rows = self.columns.swapaxes(2, 3) @ _split(widen(weight), self.groups)
        self.length = [
            (n - 1) * s + d * (k - 1) + 1 + extra
            for n, s, d, k, extra in zip(places, self.stride, self.dilation, size, self.output_padding, strict=True)
        ]
        y = scatter_windows(_from_rows(rows, places, size), self.length, size, self.stride, self.dilation)
        y = _crop(y, self.padding, self.padding)
        if bias is not None:
            y = y + _per_channel(widen(bias), self.spatial)
        return narrow(y.reshape(_like_input(y, input, self.spatial)), like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, ...]:
        """Return the gradients of input (a convolution of grad_output), weight and, where there is one, bias."""
        dy = _batched(widen(grad_output), self.spatial)
        size, places = self.weight.shape[2:], self.input.shape[-self.spatial :]
        view = windows(pad(dy, self.padding, self.padding), size, self.stride, self.dilation)
        view = view[(slice(None), slice(None), *(slice(n) for n in places))]  # output_padding may leave room for more
        rows = _to_rows(view, self.groups, self.spatial)
        dx = rows @ _split(widen(self.weight), self.groups).swapaxes(1, 2)
        dw = (self.columns @ rows).sum(axis=0)
        gradients = [
            narrow(_to_channels(dx, places).reshape(self.input.shape), like=self.input),
            narrow(dw.reshape(self.weight.shape), like=self.weight),
        ]
        if self.bias is not None:
            gradients.append(narrow(dy.sum(axis=_all_but_channel(dy)), like=self.bias))
        return tuple(gradients)


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution over one axis: input (N, C, L) or (C, L), weight (C, O / groups, K)."""

    spatial = 1


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution over two axes: input (N, C, H, W) or (C, H, W), weight (C, O / groups, KH, KW)."""

    spatial = 2


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution over three axes: input (N, C, D, H, W) or (C, D, H, W), weight (C, O / groups, *size)."""

    spatial = 3


class _Columns:
    """Images as columns and back, the two halves of unfold and fold."""

    def __init__(self, kernel_size: PerAxis, dilation: PerAxis, padding: PerAxis, stride: PerAxis) -> None:
        self.size, self.dilation = per_axis(kernel_size, 2), per_axis(dilation, 2)
        self.padding, self.stride = per_axis(padding, 2), per_axis(stride, 2)

    def columns(self, image: Array) -> Array:
        """Return (N, C * KH * KW, L) of an image (N, C, H, W)."""
        view = windows(pad(image, self.padding, self.padding), self.size, self.stride, self.dilation)
        return _to_rows(view, 1, 2)[:, 0].swapaxes(1, 2)

    def image(self, columns: Array, length: Sequence[int]) -> Array:
        """Return the image of H, W = `length`, where columns that overlap are added."""
        padded = [n + 2 * p for n, p in zip(length, self.padding, strict=True)]
        places = [
            (n - d * (k - 1) - 1) // s + 1
            for n, d, k, s in zip(padded, self.dilation, self.size, self.stride, strict=True)
        ]
        view = _from_rows(columns.swapaxes(1, 2)[:, None], places, self.size)
        return _crop(scatter_windows(view, padded, self.size, self.stride, self.dilation), self.padding, self.padding)


class Unfold(_Columns):
    """Every window as a column ("im2col"). torch.nn.functional.unfold.

        y[n, (c, k), l] = x[n, c, i * stride + k * dilation - padding],   l counts the places i, row by row

    input x: (N, C, H, W) or (C, H, W), y: (N, C * KH * KW, L). The gradient adds what came from one pixel.
    """

    def __init__(self, kernel_size: PerAxis, dilation: PerAxis = 1, padding: PerAxis = 0, stride: PerAxis = 1) -> None:
        """Take the settings of the windows, one for both axes or one each."""
        super().__init__(kernel_size, dilation, padding, stride)

    def forward(self, input: Array) -> Array:
        """Return the columns."""
        self.input = input
        y = self.columns(_batched(input, 2))
        return y.reshape(y.shape[1:] if input.ndim == 2 + 1 else y.shape)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dx = self.image(_batched(widen(grad_output), 1), self.input.shape[-2:])
        return narrow(dx.reshape(self.input.shape), like=grad_output)


class Fold(_Columns):
    """Columns added up to an image ("col2im"), the transpose of unfold. torch.nn.functional.fold.

    input: (N, C * KH * KW, L) or (C * KH * KW, L), y: (N, C, *output_size). fold(unfold(x)) is x times the number of
    windows over each pixel.
    """

    def __init__(
        self,
        output_size: PerAxis,
        kernel_size: PerAxis,
        dilation: PerAxis = 1,
        padding: PerAxis = 0,
        stride: PerAxis = 1,
    ) -> None:
        """Take the size of the image and the settings of the windows, one for both axes or one each."""
        super().__init__(kernel_size, dilation, padding, stride)
        self.output_size = per_axis(output_size, 2)

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the image."""
        self.input = input
        y = self.image(_batched(widen(input), 1), self.output_size)
        return narrow(y.reshape(y.shape[1:] if input.ndim == 2 else y.shape), like=input)  # noqa: PLR2004

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input: the columns of grad_output."""
        return self.columns(_batched(grad_output, 2)).reshape(self.input.shape)


def _batched(x: Array, spatial: int) -> Array:
    """Return (N, C, *spatial), N = 1 where x comes without."""
    return x[None] if x.ndim == spatial + 1 else x


def _like_input(y: Array, input: Array, spatial: int) -> tuple[int, ...]:
    """Return the shape of y, without N where the input comes without."""
    return y.shape[1:] if input.ndim == spatial + 1 else y.shape


def _to_rows(view: Array, groups: int, spatial: int) -> Array:
    """Return windows (N, C, *places, *size) as rows: (N, groups, places, C / groups * size)."""
    batch, channels = view.shape[:2]
    places, size = view.shape[2 : 2 + spatial], view.shape[2 + spatial :]
    count, width = math.prod(places), math.prod(size)
    grouped = view.reshape(batch, groups, channels // groups, count, width)
    return grouped.swapaxes(2, 3).reshape(batch, groups, count, channels // groups * width)


def _from_rows(rows: Array, places: Sequence[int], size: Sequence[int]) -> Array:
    """Return rows as windows, the other way round."""
    batch, groups, count, width = rows.shape
    channels = width // math.prod(size)
    grouped = rows.reshape(batch, groups, count, channels, math.prod(size)).swapaxes(2, 3)
    return grouped.reshape(batch, groups * channels, *places, *size)


def _to_channels(y: Array, places: Sequence[int]) -> Array:
    """Return (N, groups, places, O / groups) as (N, O, *places)."""
    batch, groups, _, width = y.shape
    return y.swapaxes(2, 3).reshape(batch, groups * width, *places)


def _by_group(x: Array, groups: int) -> Array:
    """Return (N, C, *places) as (N, groups, C / groups, places)."""
    batch, channels, *places = x.shape
    return x.reshape(batch, groups, channels // groups, math.prod(places))


def _split(weight: Array, groups: int) -> Array:
    """Return a weight as one matrix for each group: (groups, its first axis / groups, the rest)."""
    return weight.reshape(groups, weight.shape[0] // groups, -1)


def _per_channel(bias: Array, spatial: int) -> Array:
    return bias.reshape(-1, *(1,) * spatial)


def _all_but_channel(dy: Array) -> tuple[int, ...]:
    return (0, *range(2, dy.ndim))


def _crop(x: Array, before: Sequence[int], after: Sequence[int]) -> Array:
    """Undo `pad`."""
    lengths = x.shape[x.ndim - len(before) :]
    inner: Array = x[last(slice(b, n - a) for b, n, a in zip(before, lengths, after, strict=True))]
    return inner
