"""Images rearranged in NumPy: padding, pixel and channel shuffles, and the grid of an affine map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.errors import Unsupported
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["AffineGrid", "ChannelShuffle", "Pad", "PixelShuffle", "PixelUnshuffle"]

#: what NumPy calls torch's padding modes
_NUMPY_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
#: the index of an element that is no element of the input
_OUTSIDE = -1


class Pad:
    """An image with more, or with a negative pad less, around it. torch.nn.functional.pad.

        y[i] = x[index[i]] along each axis, or `value` where index[i] is outside;   dx[index[i]] += dy[i]

    pad: (before, after) of the last axis, then of the one before it, and so on. Modes: `constant`; `reflect` mirrors at
    the outermost element, which is not repeated; `replicate` repeats it; `circular` goes on at the other end. What a
    negative pad takes away is taken away before the other end is padded. x: any shape, also of integers or booleans.
    """

    def __init__(self, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> None:
        """Take how much, what by, and for `constant` the value, 0 when left out."""
        if mode not in _NUMPY_MODES:
            raise Unsupported(f"mode {mode!r}")
        self.pairs, self.mode, self.value = list(zip(pad[::2], pad[1::2], strict=True)), mode, value or 0

    def _index(self, length: int, before: int, after: int) -> Array:
        """Return which element of an axis each element of the padded axis is."""
        kept = np.arange(length)[max(-before, 0) : length - max(-after, 0)]
        more = (max(before, 0), max(after, 0))
        if self.mode == "constant":
            return np.pad(kept, more, constant_values=_OUTSIDE)
        return np.pad(kept, more, mode=_NUMPY_MODES[self.mode])  # type: ignore[call-overload,no-any-return]

    def forward(self, input: Array) -> Array:
        """Return the padded input."""
        self.shape, self.indices = input.shape, []
        y = input
        for number, (before, after) in enumerate(self.pairs):
            axis = input.ndim - 1 - number
            index = self._index(input.shape[axis], before, after)
            self.indices.append((axis, index))
            y = _pick(y, index, axis, self.value)
        return y

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input: each element gets those of all its copies."""
        dy = widen(grad_output)
        for axis, index in self.indices:
            inside = np.flatnonzero(index != _OUTSIDE)
            dx = np.zeros((self.shape[axis], *np.delete(dy.shape, axis)), dtype=dy.dtype)
            np.add.at(dx, index[inside], np.moveaxis(dy, axis, 0)[inside])
            dy = np.moveaxis(dx, 0, axis)
        return narrow(dy, like=grad_output)


def _pick(x: Array, index: Array, axis: int, value: float) -> Array:
    """Return the elements of an axis by their index, and `value` for those outside."""
    inside = np.flatnonzero(index != _OUTSIDE)
    moved = np.moveaxis(x, axis, 0)
    y = np.full((len(index), *moved.shape[1:]), value, dtype=x.dtype)
    y[inside] = moved[index[inside]]
    return np.moveaxis(y, 0, axis)


class PixelShuffle:
    """Channels into pixels. arXiv 1609.05158; torch.nn.functional.pixel_shuffle.

        y[c, h r + i, w r + j] = x[c r^2 + i r + j, h, w]

    x: (..., C r^2, H, W), y: (..., C, H r, W r), r = upscale_factor. The gradient is `PixelUnshuffle`.
    """

    def __init__(self, upscale_factor: int) -> None:
        """Take r."""
        self.r = upscale_factor

    def forward(self, input: Array) -> Array:
        """Return y."""
        return _to_pixels(input, self.r)

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return _to_channels(grad_output, self.r)


class PixelUnshuffle:
    """Pixels into channels, the inverse of `PixelShuffle`. torch.nn.functional.pixel_unshuffle.

        y[c r^2 + i r + j, h, w] = x[c, h r + i, w r + j]

    x: (..., C, H r, W r), y: (..., C r^2, H, W), r = downscale_factor. The gradient is `PixelShuffle`.
    """

    def __init__(self, downscale_factor: int) -> None:
        """Take r."""
        self.r = downscale_factor

    def forward(self, input: Array) -> Array:
        """Return y."""
        return _to_channels(input, self.r)

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return _to_pixels(grad_output, self.r)


def _to_pixels(x: Array, r: int) -> Array:
    *batch, channels, height, width = x.shape
    split = x.reshape(*batch, channels // r**2, r, r, height, width)  # c, i, j, h, w
    pixels = np.moveaxis(split, (-4, -3), (-3, -1))  # c, h, i, w, j
    return pixels.reshape(*batch, channels // r**2, height * r, width * r)


def _to_channels(x: Array, r: int) -> Array:
    *batch, channels, height, width = x.shape
    split = x.reshape(*batch, channels, height // r, r, width // r, r)  # c, h, i, w, j
    spread = np.moveaxis(split, (-3, -1), (-4, -3))  # c, i, j, h, w
    return spread.reshape(*batch, channels * r**2, height // r, width // r)


class ChannelShuffle:
    """Channels of several groups dealt out in turn. arXiv 1707.01083; torch.nn.functional.channel_shuffle.

        y[:, k g + i] = x[:, i C / g + k]

    x, y: (N, C, ...), g = groups. The gradient is the shuffle back, with C / g groups.
    """

    def __init__(self, groups: int) -> None:
        """Take the number of groups."""
        self.groups = groups

    def forward(self, input: Array) -> Array:
        """Return y."""
        return _dealt(input, self.groups)

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return _dealt(grad_output, grad_output.shape[1] // self.groups)


def _dealt(x: Array, groups: int) -> Array:
    batch, channels, *image = x.shape
    grouped = x.reshape(batch, groups, channels // groups, *image)
    return np.swapaxes(grouped, 1, 2).reshape(x.shape)


class AffineGrid:
    """Where an affine map takes each pixel of an image. arXiv 1506.02025; torch.nn.functional.affine_grid.

        grid[n, h, w] = theta[n] (x_w, y_h, 1)^T,   dtheta[n] = sum over h, w of dgrid[n, h, w] (x_w, y_h, 1)

    x, y run from -1 to 1: at the centres of the outermost pixels with align_corners, else at the image's border, so
    that the outermost centres lie half a pixel inside. An axis of one pixel is at 0. theta: (N, 2, 3) for size
    (N, C, H, W), (N, 3, 4) for (N, C, D, H, W); grid: (N, H, W, 2) or (N, D, H, W, 3).
    """

    def __init__(self, size: Sequence[int], align_corners: bool | None = None) -> None:
        """Take the size of the image and what -1 and 1 stand for."""
        self.image, self.align_corners = tuple(size[2:]), bool(align_corners)

    def _base(self, like: Array) -> Array:
        """Return (x, y, 1) of every pixel, or (x, y, z, 1): (*image, dimensions + 1)."""
        axes = [self._positions(length) for length in self.image]
        *places, one = *np.meshgrid(*axes, indexing="ij"), np.ones(self.image)
        return np.stack([*reversed(places), one], axis=-1).astype(like.dtype)

    def _positions(self, length: int) -> Array:
        if length == 1:
            return np.zeros(1)
        return np.linspace(-1, 1, length) * (1.0 if self.align_corners else (length - 1) / length)

    @nan_is_meant
    def forward(self, theta: Array) -> Array:
        """Return the grid."""
        wide = widen(theta)
        base = self._base(wide)
        return narrow(np.einsum("nij,...j->n...i", wide, base), like=theta)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of theta."""
        dgrid = widen(grad_output)
        base = self._base(dgrid)
        rows = dgrid.reshape(len(dgrid), base[..., 0].size, dgrid.shape[-1])
        return narrow(np.einsum("npi,pj->nij", rows, base.reshape(-1, base.shape[-1])), like=grad_output)
