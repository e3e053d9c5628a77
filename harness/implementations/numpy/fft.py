"""Fourier transforms in NumPy. A gradient is the adjoint of the transform, applied to the upstream gradient.

A transform along axes of lengths n, N their product, is y[k] = c * sum over j of x[j] exp(-+ 2 pi i k j / n), minus for
the forward one. `norm` sets c: "backward" (the default) 1 forward and 1 / N inverse, "ortho" 1 / sqrt(N) both,
"forward" 1 / N and 1. The adjoint of a forward transform is the inverse one with the other norm, and the other way
round. The gradient of a complex number z is dL/dRe z + i dL/dIm z.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.fft

from harness.implementations.numpy.precision import Array, nan_is_meant

__all__ = [
    "Fft",
    "Fft2",
    "Fftn",
    "Fftshift",
    "Hfft",
    "Ifft",
    "Ifft2",
    "Ifftn",
    "Ifftshift",
    "Ihfft",
    "Irfft",
    "Irfft2",
    "Irfftn",
    "Rfft",
    "Rfft2",
    "Rfftn",
]

_OTHER = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


def resized(x: Array, sizes: Sequence[int], axes: Sequence[int]) -> Array:
    """Return x cut, or filled up with zeros, at the end of each axis."""
    for size, axis in zip(sizes, axes, strict=True):
        kept = np.moveaxis(x, axis, 0)[:size]
        missing = np.zeros((size - len(kept), *kept.shape[1:]), dtype=x.dtype)
        x = np.moveaxis(np.concatenate([kept, missing]), 0, axis)
    return x


class Fftn:
    """The forward transform along several axes, all of them by default. torch.fft.fftn. x, y: complex.

    s: the sizes along them, to which x is cut or filled up with zeros first (-1: as it is).
    """

    def __init__(
        self, s: Sequence[int] | None = None, dim: int | Sequence[int] | None = None, norm: str | None = None
    ) -> None:
        """Take sizes, axes and norm."""
        self.s, self.dim, self.norm = s, dim, norm or "backward"

    def prepare(self, input: Array, *, half: bool = False) -> None:
        """Settle axes and sizes; with `half` the last size is that of the whole of which x is the half."""
        self.shape = input.shape
        if self.dim is None:
            count = input.ndim if self.s is None else len(self.s)
            self.axes = tuple(range(input.ndim - count, input.ndim))
        else:
            self.axes = (self.dim,) if isinstance(self.dim, int) else tuple(self.dim)
        wanted = self.s or [-1] * len(self.axes)
        self.sizes = [input.shape[axis] if size == -1 else size for size, axis in zip(wanted, self.axes, strict=True)]
        if half and wanted[-1] == -1:
            self.sizes[-1] = 2 * (input.shape[self.axes[-1]] - 1)

    def back(self, gradient: Array) -> Array:
        """Return a gradient of the sizes that were transformed as one of the input's."""
        return resized(gradient, [self.shape[axis] for axis in self.axes], self.axes)

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the transform."""
        self.prepare(input)
        return np.asarray(scipy.fft.fftn(input, self.sizes, self.axes, self.norm))

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return self.back(np.asarray(scipy.fft.ifftn(grad_output, None, self.axes, _OTHER[self.norm])))


class Ifftn(Fftn):
    """The inverse transform along several axes, all of them by default. torch.fft.ifftn. x, y: complex."""

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the transform."""
        self.prepare(input)
        return np.asarray(scipy.fft.ifftn(input, self.sizes, self.axes, self.norm))

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return self.back(np.asarray(scipy.fft.fftn(grad_output, None, self.axes, _OTHER[self.norm])))


class Rfftn(Fftn):
    """The forward transform of real numbers: of the last axis only the n // 2 + 1 first are kept. torch.fft.rfftn.

    The others are their complex conjugates. The gradient is the real part of the adjoint, what is not kept being 0.
    """

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the half of the transform."""
        self.prepare(input)
        return np.asarray(scipy.fft.rfftn(input, self.sizes, self.axes, self.norm))

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        whole = resized(grad_output, self.sizes[-1:], self.axes[-1:])
        return self.back(np.asarray(scipy.fft.ifftn(whole, None, self.axes, _OTHER[self.norm])).real)


class Irfftn(Fftn):
    """The inverse of `Rfftn`: from the half of a transform to n real numbers along the last axis. torch.fft.irfftn.

    n is 2 (m - 1) for m numbers unless it is given. Each number stands for its conjugate, too, so that its gradient is
    twice that of a transform; not so the first and, for even n, the last, whose imaginary part is not looked at.
    """

    @nan_is_meant
    def forward(self, input: Array) -> Array:
        """Return the real numbers."""
        self.prepare(input, half=True)
        return np.asarray(scipy.fft.irfftn(input, self.sizes, self.axes, self.norm))

    @nan_is_meant
    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        half = np.moveaxis(
            np.asarray(scipy.fft.rfftn(grad_output, None, self.axes, _OTHER[self.norm])), self.axes[-1], -1
        )
        twice = np.full(half.shape[-1], 2.0, dtype=grad_output.dtype)
        twice[0] = 1.0
        if self.sizes[-1] % 2 == 0:
            twice[-1] = 1.0
        return self.back(np.moveaxis(half * twice, -1, self.axes[-1]))


class Fft(Fftn):
    """The forward transform along one axis. torch.fft.fft. x, y: complex."""

    def __init__(self, n: int | None = None, dim: int = -1, norm: str | None = None) -> None:
        """Take size, axis and norm."""
        super().__init__(None if n is None else [n], dim, norm)


class Ifft(Fft, Ifftn):
    """The inverse transform along one axis. torch.fft.ifft. x, y: complex."""


class Rfft(Fft, Rfftn):
    """`Rfftn` along one axis. torch.fft.rfft."""


class Irfft(Fft, Irfftn):
    """`Irfftn` along one axis. torch.fft.irfft."""


class Hfft(Irfft):
    """The forward transform of a signal of which one half is given, x[-j] = conj x[j]: n real numbers. torch.fft.hfft.

    It is that of `Irfft` for conj x, with the other norm.
    """

    def __init__(self, n: int | None = None, dim: int = -1, norm: str | None = None) -> None:
        """Take size, axis and norm."""
        super().__init__(n, dim, _OTHER[norm or "backward"])

    def forward(self, input: Array) -> Array:
        """Return the real numbers."""
        return super().forward(np.conj(input))

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return np.asarray(np.conj(super().backward(grad_output)))


class Ihfft(Rfft):
    """The inverse of `Hfft`: conj `Rfft`, with the other norm. torch.fft.ihfft."""

    def __init__(self, n: int | None = None, dim: int = -1, norm: str | None = None) -> None:
        """Take size, axis and norm."""
        super().__init__(n, dim, _OTHER[norm or "backward"])

    def forward(self, input: Array) -> Array:
        """Return the half of the signal."""
        return np.asarray(np.conj(super().forward(input)))

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return super().backward(np.conj(grad_output))


class Fft2(Fftn):
    """`Fftn` along the last two axes. torch.fft.fft2."""

    def __init__(self, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None) -> None:
        """Take sizes, axes and norm."""
        super().__init__(s, dim, norm)


class Ifft2(Fft2, Ifftn):
    """`Ifftn` along the last two axes. torch.fft.ifft2."""


class Rfft2(Fft2, Rfftn):
    """`Rfftn` along the last two axes. torch.fft.rfft2."""


class Irfft2(Fft2, Irfftn):
    """`Irfftn` along the last two axes. torch.fft.irfft2."""


class Fftshift:
    """Roll by size // 2 along the axes, all by default: frequency 0 goes to the middle. torch.fft.fftshift."""

    sign = 1

    def __init__(self, dim: int | Sequence[int] | None = None) -> None:
        """Take the axes."""
        self.dim = dim

    def roll(self, x: Array, sign: int) -> Array:
        """Return x rolled, with sign -1 back."""
        every = range(x.ndim) if self.dim is None else (self.dim,) if isinstance(self.dim, int) else self.dim
        axes = tuple(every)
        return np.roll(x, [sign * (x.shape[axis] // 2) for axis in axes], axes)

    def forward(self, input: Array) -> Array:
        """Return the rolled input."""
        return self.roll(input, self.sign)

    def backward(self, grad_output: Array) -> Array:
        """Return the gradient of the input."""
        return self.roll(grad_output, -self.sign)


class Ifftshift(Fftshift):
    """`Fftshift` undone: roll back by size // 2, which for odd sizes is another roll. torch.fft.ifftshift."""

    sign = -1
