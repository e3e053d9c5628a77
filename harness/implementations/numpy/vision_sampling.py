"""Images read between their pixels in NumPy: interpolation to another size, and sampling at the points of a grid."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from harness.errors import Unsupported
from harness.implementations.numpy.precision import Array, nan_is_meant, narrow, widen

__all__ = ["GridSample", "Interpolate"]

#: for each place of an output axis, which elements of the input axis it is made of, and their weights
Taps: TypeAlias = list[tuple[Array, Array]]
#: a neighbour of each point along one axis: which pixel, its weight, and the slope of the weight
Beside: TypeAlias = tuple[Array, Array, Array]

#: a of the cubic kernel: torch's own, and that of Pillow, which torch follows with antialias
_A, _A_ANTIALIAS = -0.75, -0.5


def _cubic(x: Array, a: float) -> Array:
    """Return Keys' cubic convolution kernel at x, IEEE Trans. ASSP 29 (1981): 1 at 0, 0 at other integers."""
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0))  # noqa: PLR2004


def _cubic_slope(x: Array, a: float) -> Array:
    """Return its derivative."""
    sign, x = np.sign(x), np.abs(x)
    near = (3 * (a + 2) * x - 2 * (a + 3)) * x
    far = (3 * a * x - 10 * a) * x + 8 * a
    return sign * np.where(x <= 1, near, np.where(x < 2, far, 0))  # noqa: PLR2004


class Interpolate:
    """An image in another size. torch.nn.functional.interpolate.

    Each axis by itself: y[i] = sum over k of w[i, k] x[k], and dx[k] = sum over i of w[i, k] dy[i]. Place i of the
    output lies at s of the input,

        s = (i + 1/2) step - 1/2      (step = in / out, or 1 / scale_factor unless that is recomputed)
        s = i (in - 1) / (out - 1)    (align_corners; 0 where out is 1)

        nearest         x[floor(i step)]                      nearest-exact   x[floor((i + 1/2) step)]
        linear          between floor(s) and floor(s) + 1, s at least 0; bilinear and trilinear along each axis
        bicubic         the four nearest by Keys' kernel, a = -3/4
        area            the mean from floor(i in / out) to ceil((i + 1) in / out)

    An index beyond the border means the pixel at the border. antialias: a kernel as wide as the step where that is
    above 1, its weights divided by their sum; a = -1/2. x: (N, C, ...) with one to three further axes.
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
        antialias: bool = False,
    ) -> None:
        """Take the new size or the factor, how to interpolate, and what the coordinates mean."""
        if mode not in ("nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area"):
            raise Unsupported(f"mode {mode!r}")
        self.size, self.scale_factor, self.mode = size, scale_factor, mode
        self.align_corners, self.recompute, self.antialias = align_corners, recompute_scale_factor, antialias

    def _axis(self, number: int, length: int) -> Taps:
        """Return the taps of the spatial axis of that number."""
        step = None
        if self.scale_factor is None:
            out = self.size[number] if isinstance(self.size, Sequence) else int(self.size or 0)
        else:
            factor = self.scale_factor[number] if isinstance(self.scale_factor, Sequence) else self.scale_factor
            out, step = math.floor(length * factor), None if self.recompute else 1 / factor
        if self.mode == "area":
            return _area(length, out)
        step = length / out if step is None else step
        if self.mode.startswith("nearest"):
            half = 0.5 if self.mode == "nearest-exact" else 0.0
            return [(np.array([min(int((i + half) * step), length - 1)]), np.ones(1)) for i in range(out)]
        if self.align_corners:
            step = (length - 1) / (out - 1) if out > 1 else 0.0
        if self.antialias:
            return _antialiased(length, out, step, cubic=self.mode == "bicubic")
        places = np.arange(out) * step if self.align_corners else (np.arange(out) + 0.5) * step - 0.5
        return _cubic_taps(length, places) if self.mode == "bicubic" else _linear_taps(length, places)

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the image in its new size."""
        self.shape = input.shape
        self.axes = [(axis, self._axis(axis - 2, input.shape[axis])) for axis in range(2, input.ndim)]
        y = widen(input)
        for axis, taps in self.axes:
            x = np.moveaxis(y, axis, -1)
            y = np.stack([(x[..., k] * w.astype(x.dtype)).sum(axis=-1) for k, w in taps], axis=axis)
        return narrow(y, like=input)

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        dy = widen(grad_output)
        for axis, taps in self.axes:
            d = np.moveaxis(dy, axis, 0)
            dx = np.zeros((self.shape[axis], *d.shape[1:]), dtype=d.dtype)
            for place, (indices, weights) in zip(d, taps, strict=True):
                for k, w in zip(indices, weights.astype(d.dtype), strict=True):
                    dx[k] += w * place
            dy = np.moveaxis(dx, 0, axis)
        return narrow(dy, like=grad_output)


def _linear_taps(length: int, places: Array) -> Taps:
    s = np.maximum(places, 0)
    low = np.minimum(s.astype(int), length - 1)
    t = np.minimum(s - low, 1)
    return [(np.minimum([k, k + 1], length - 1), np.array([1 - share, share])) for k, share in zip(low, t, strict=True)]


def _cubic_taps(length: int, places: Array) -> Taps:
    around = np.arange(-1, 3)
    low = np.floor(places).astype(int)
    return [
        (np.clip(k + around, 0, length - 1), _cubic(share - around, _A))
        for k, share in zip(low, places - low, strict=True)
    ]


def _area(length: int, out: int) -> Taps:
    spans = [np.arange(i * length // out, -(-(i + 1) * length // out)) for i in range(out)]
    return [(span, np.full(len(span), 1 / len(span))) for span in spans]


def _antialiased(length: int, out: int, step: float, *, cubic: bool) -> Taps:
    """Return the taps of a kernel that is stretched by the step. torch's UpSampleKernel.cpp, after Pillow."""
    stretch = max(step, 1.0)
    reach = (2 if cubic else 1) * stretch
    taps = []
    for i in range(out):
        centre = step * (i + 0.5)
        k = np.arange(max(int(centre - reach + 0.5), 0), min(int(centre + reach + 0.5), length))
        x = (k - centre + 0.5) / stretch
        w = _cubic(x, _A_ANTIALIAS) if cubic else np.maximum(1 - np.abs(x), 0)
        taps.append((k, w / w.sum()))
    return taps


class GridSample:
    """An image at given points. arXiv 1506.02025; torch.nn.functional.grid_sample.

    A point of the grid is (x, y) or (x, y, z) in the image from -1 to 1; along an axis of n pixels it lies at

        s = (g + 1) / 2 (n - 1)                with align_corners: -1 is the centre of the first pixel
        s = ((g + 1) n - 1) / 2                without: -1 is the border of the image

        bilinear   y = sum of the products of 1 - |s - k| over the neighbours k along each axis
        nearest    the pixel at s rounded, halves to even
        bicubic    Keys' kernel over four neighbours along each axis, a = -3/4 (two axes only)

    padding_mode says what lies outside: `zeros`; `border`, s is clipped to the image; `reflection`, s is mirrored at
    the centres of the outermost pixels with align_corners, else at the border, until it is inside (then clipped). For
    bicubic that is done to each neighbour, and has no part in the gradient of the grid.

    dx[k] = sum of w dy; dgrid = sum of dw/dg x dy, 0 where s was clipped, its sign turned where mirrored.

    input x: (N, C, H, W) or (N, C, D, H, W), grid: (N, *out, 2) or (N, *out, 3), y: (N, C, *out).
    """

    def __init__(self, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None) -> None:
        """Take how to interpolate, what lies outside, and what -1 and 1 stand for."""
        if mode not in ("bilinear", "nearest", "bicubic") or padding_mode not in ("zeros", "border", "reflection"):
            raise Unsupported(f"mode {mode!r} with padding_mode {padding_mode!r}")
        self.mode, self.padding_mode, self.align_corners = mode, padding_mode, bool(align_corners)

    def _inside(self, s: Array, n: int) -> tuple[Array, Array]:
        """Return positions brought inside as padding_mode says, and the slope of doing so."""
        slope = np.ones_like(s)
        if self.padding_mode == "zeros":
            return s, slope
        if self.padding_mode == "reflection":
            low, span = (0.0, n - 1) if self.align_corners else (-0.5, n)
            if span == 0:
                return np.zeros_like(s), np.zeros_like(s)
            rest, turned = np.abs(s - low) % span, np.abs(s - low) // span % 2 == 1
            slope = np.where(turned, -1, 1) * np.where(s < low, -1, 1).astype(s.dtype)
            s = np.where(turned, span - rest, rest) + low
        return np.clip(s, 0, n - 1), np.where((s > 0) & (s < n - 1), slope, 0)

    def _taps(self, g: Array, n: int) -> list[Beside]:
        """Return the neighbours of each point along an axis of n pixels."""
        scale = (n - 1) / 2 if self.align_corners else n / 2
        s = (g + 1) * scale - (0.0 if self.align_corners else 0.5)
        if self.mode == "bicubic":
            low = np.floor(s)
            t = s - low
            return [
                (self._inside(low + k, n)[0].astype(int), _cubic(t - k, _A), scale * _cubic_slope(t - k, _A))
                for k in range(-1, 3)
            ]
        s, slope = self._inside(s, n)
        if self.mode == "nearest":
            return [(np.rint(s).astype(int), np.ones_like(s), np.zeros_like(s))]
        low, slope = np.floor(s), scale * slope
        k = low.astype(int)
        return [(k, 1 - (s - low), -slope), (k + 1, s - low, slope)]

    @nan_is_meant
    def forward(self, input: Array, grid: Array) -> Array:
        """Return the values at the points of the grid."""
        self.input, self.grid = input, grid
        self.x = np.moveaxis(widen(input), 1, -1)
        sizes = input.shape[2:]
        axes = [self._taps(widen(grid)[..., -1 - axis], n) for axis, n in enumerate(sizes)]  # the last axis is x
        self.neighbours = [_neighbour(taps, sizes) for taps in itertools.product(*axes)]
        y = sum(self._values(at, inside) * weight[..., None] for at, inside, weight, _ in self.neighbours)
        return narrow(np.moveaxis(np.asarray(y), -1, 1), like=input)

    def _values(self, at: tuple[Array, ...], inside: Array) -> Array:
        """Return the pixels of the neighbours, (N, *out, C): 0 outside the image."""
        return np.where(inside[..., None], self.x[at], 0)

    @nan_is_meant
    def backward(self, grad_output: Array) -> tuple[Array, Array]:
        """Return the gradients of the input and of the grid."""
        dy = np.moveaxis(widen(grad_output), 1, -1)
        dx, dgrid = np.zeros_like(self.x), np.zeros(self.grid.shape, dtype=self.x.dtype)
        for at, inside, weight, slopes in self.neighbours:
            np.add.at(dx, at, np.where(inside[..., None], dy * weight[..., None], 0))
            along = (dy * self._values(at, inside)).sum(axis=-1)
            for axis, slope in enumerate(slopes):
                dgrid[..., -1 - axis] += along * slope
        return narrow(np.moveaxis(dx, -1, 1), like=self.input), narrow(dgrid, like=self.grid)


def _neighbour(taps: Sequence[Beside], sizes: Sequence[int]) -> tuple[Any, Array, Array, list[Array]]:
    """Return a neighbour of every point, one tap an axis: where it is, whether in the image, its weight and slopes.

    Its weight is the product of those along the axes; there is a slope of that product for each axis.
    """
    inside = np.all([(k >= 0) & (k < n) for (k, _, _), n in zip(taps, sizes, strict=True)], axis=0)
    batch = np.arange(len(inside)).reshape(-1, *(1,) * (inside.ndim - 1))
    at = (batch, *(np.clip(k, 0, n - 1) for (k, _, _), n in zip(taps, sizes, strict=True)))
    weights = [w for _, w, _ in taps]
    slopes = [math.prod([*weights[:a], slope, *weights[a + 1 :]], start=1.0) for a, (_, _, slope) in enumerate(taps)]
    return at, inside, np.asarray(math.prod(weights, start=1.0)), [np.asarray(slope) for slope in slopes]
